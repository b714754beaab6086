package org.noisetrail.model.diffusers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.noisetrail.NoisetrailException;
import org.noisetrail.checkpoint.Safetensors;
import org.noisetrail.checkpoint.Weights;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Precision;
import org.noisetrail.model.layers.Form;
import org.noisetrail.testing.NativeObjects;
import org.noisetrail.testing.Nets;
import org.noisetrail.testing.Precisions;
import org.noisetrail.torch.Tensors;

class UNetTest {
    /** Batches of 1 to 4, a timestep a row, a fraction, odd latents, texts of 77 and 154 tokens. */
    @ParameterizedTest
    @ValueSource(strings = {"sd15", "sd21", "sdxl"})
    void theNetworkEqualsDiffusersWithin1e5(String name) {
        goldens(name, Form.on(Device.CPU, Precision.FLOAT32), 0, 1e-5);
    }

    /** A weight has 8 bits of mantissa: 2^-9 relative, which layers average over. */
    @ParameterizedTest
    @ValueSource(strings = {"sd15", "sd21", "sdxl"})
    void inBfloat16ItIsWithinAPercentOrTwo(String name) {
        Precisions.assume(Precision.BFLOAT16);
        goldens(name, Form.on(Device.CPU, Precision.BFLOAT16), 1e-4, 2e-2);
    }

    /** The operations for a card, run on the CPU. */
    @ParameterizedTest
    @CsvSource({"FLOAT32, 0, 1e-5", "TF32, 0, 1e-5", "BFLOAT16, 1e-4, 2e-2", "FLOAT16, 1e-5, 2e-3"})
    void writtenForACardItIsTheSameNetwork(Precision precision, double least, double most) {
        for (String name : List.of("sd15", "sd21", "sdxl")) {
            goldens(name, new Form(Device.CPU, precision, true), least, most);
        }
    }

    @Test
    void aCardsAttentionIsInFloat32WhereTheConfigurationAsksForIt() {
        String json = Folders.config("sd21/unet");
        assertThat(Folders.unetConfig(json).upcastAttention()).isTrue();
        String plain = json.replace("\"upcast_attention\": true", "\"upcast_attention\": false");
        for (Precision precision : List.of(Precision.FLOAT32, Precision.FLOAT16)) {
            Form form = new Form(Device.CPU, precision, true);
            try (UNet upcast = Folders.unet("sd21", form);
                    UNet other = new UNet(Folders.unetConfig(plain), Folders.weights("sd21/unet"), form)) {
                boolean equal = Arrays.equals(draw(upcast, 2, 0, 2, 8, 8, 7), draw(other, 2, 0, 2, 8, 8, 7));
                assertThat(equal).as("%s", precision).isEqualTo(precision == Precision.FLOAT32);
            }
        }
    }

    @SuppressWarnings("try")
    private static void goldens(String name, Form form, double least, double most) {
        Safetensors golden = Folders.golden(name + "/unet");
        try (UNet unet = Folders.unet(name, form);
                PointerScope scope = new PointerScope()) {
            for (int i = 0; i < 5; i++) {
                String prefix = "case" + i + ".";
                Tensor sample = Folders.tensor(golden, prefix + "sample");
                Tensor timestep =
                        Tensors.of(Device.CPU, timesteps(golden, prefix, (int) sample.size(0)), sample.size(0));
                Tensor text = Folders.tensor(golden, prefix + "encoder_hidden_states");
                Tensor out = unet.config().takesSizes()
                        ? unet.forward(
                                sample,
                                timestep,
                                text,
                                Folders.tensor(golden, prefix + "text_embeds"),
                                Folders.tensor(golden, prefix + "time_ids"))
                        : unet.forward(sample, timestep, text);
                assertThat(out.is_contiguous()).isTrue();
                assertThat(Nets.relativeError(Tensors.toFloats(out), golden.floats(prefix + "out")))
                        .as("%s case %d", name, i)
                        .isBetween(least, most);
            }
        }
    }

    /** One for all rows, or one a row. */
    private static float[] timesteps(Safetensors golden, String prefix, int rows) {
        String name = prefix + "timestep";
        float[] values;
        if (golden.entry(name).dtype() == Safetensors.Dtype.F32) {
            values = golden.floats(name);
        } else {
            long[] integers = golden.longs(name);
            values = new float[integers.length];
            for (int i = 0; i < values.length; i++) {
                values[i] = integers[i];
            }
        }
        float[] all = new float[rows];
        for (int r = 0; r < rows; r++) {
            all[r] = values[values.length == 1 ? 0 : r];
        }
        return all;
    }

    @ParameterizedTest
    @CsvSource({
        "sd15, 16, 16, 77, FLOAT32",
        "sd15, 17, 13, 5, FLOAT32",
        "sdxl, 11, 31, 77, FLOAT32",
        "sd15, 17, 13, 5, BFLOAT16",
        "sdxl, 11, 31, 77, BFLOAT16"
    })
    void aRowsResultHasTheSameBitsInEveryBatch(String name, int height, int width, int length, Precision precision) {
        Precisions.assume(precision);
        int rows = 7;
        try (UNet unet = Folders.unet(name, precision)) {
            String differing = Folders.differingBatches(
                    rows, (from, count) -> draw(unet, rows, from, count, height, width, length));
            assertThat(differing).isEmpty();
        }
    }

    private static float[] draw(UNet unet, int rows, int from, int count, int height, int width, int length) {
        UNetConfig config = unet.config();
        try (Tensor sample = normals(1, rows, from, count, config.inChannels(), height, width);
                Tensor timestep = normals(2, rows, from, count);
                Tensor text = normals(3, rows, from, count, length, config.context());
                Tensor pooled = normals(4, rows, from, count, config.takesSizes() ? config.pooled() : 1);
                Tensor sizes = normals(5, rows, from, count, 6)) {
            return Folders.values(
                    config.takesSizes()
                            ? unet.forward(sample, timestep, text, pooled, sizes)
                            : unet.forward(sample, timestep, text));
        }
    }

    @ParameterizedTest
    @CsvSource({"sd15, 77, FLOAT32", "sd15, 5, FLOAT32", "sdxl, 77, FLOAT32", "sdxl, 5, BFLOAT16"})
    void rowsOfOneTextHaveTheBitsOfRowsWithTextsOfTheirOwn(String name, int length, Precision precision) {
        Precisions.assume(precision);
        int rows = 6;
        try (UNet unet = Folders.unet(name, precision);
                Tensor entries = Tensors.of(Device.CPU, new long[] {1, 0, 1, 1, 2, 0}, rows);
                Tensor sample = normals(1, rows, 0, rows, unet.config().inChannels(), 9, 12);
                Tensor timestep = normals(2, rows, 0, rows);
                Tensor few = normals(3, 3, 0, 3, length, unet.config().context());
                Tensor each = few.index_select(0, entries);
                Tensor pooled =
                        normals(4, rows, 0, rows, Math.max(1, unet.config().pooled()));
                Tensor sizes = normals(5, rows, 0, rows, 6)) {
            boolean more = unet.config().takesSizes();
            assertThat(Folders.values(
                            more
                                    ? unet.forward(sample, timestep, few, entries, pooled, sizes)
                                    : unet.forward(sample, timestep, few, entries)))
                    .isEqualTo(Folders.values(
                            more
                                    ? unet.forward(sample, timestep, each, pooled, sizes)
                                    : unet.forward(sample, timestep, each)));
        }
    }

    /** Some rows of as many, each of this shape. */
    private static Tensor normals(int seed, int rows, int from, int count, int... shape) {
        int size = Arrays.stream(shape).reduce(1, (a, b) -> a * b);
        long[] whole = new long[shape.length + 1];
        whole[0] = count;
        for (int i = 0; i < shape.length; i++) {
            whole[i + 1] = shape[i];
        }
        float[] all = Nets.normals(seed, rows * size);
        return Tensors.of(Device.CPU, Arrays.copyOfRange(all, from * size, (from + count) * size), whole);
    }

    /** The first layer's columns change places with them. */
    @Test
    void sinesMayComeBeforeCosines() {
        String json = Folders.config("sd15/unet");
        UNetConfig swapped =
                Folders.unetConfig(json.replace("\"flip_sin_to_cos\": true", "\"flip_sin_to_cos\": false"));
        try (UNet plain = Folders.unet("sd15");
                UNet other = new UNet(
                        swapped,
                        Folders.changed(
                                Folders.weights("sd15/unet"),
                                "time_embedding.linear_1.weight",
                                matrix -> joined(matrix.narrow(1, 8, 8), matrix.narrow(1, 0, 8))),
                        Device.CPU)) {
            float[] expected = draw(plain, 2, 0, 2, 8, 8, 7);
            assertThat(Nets.relativeError(draw(other, 2, 0, 2, 8, 8, 7), expected))
                    .isLessThan(1e-6);
        }
    }

    /** The same as one whose layers add nothing. */
    @Test
    void aNetworkMayHaveNoMiddle() {
        String json = Folders.config("sd15/unet");
        UNetConfig without = Folders.unetConfig(
                json.replace("\"mid_block_type\": \"UNetMidBlock2DCrossAttn\"", "\"mid_block_type\": null"));
        Weights nothing = Folders.weights("sd15/unet");
        for (String layer : List.of("resnets.0.conv2", "attentions.0.proj_out", "resnets.1.conv2")) {
            for (String tensor : List.of(".weight", ".bias")) {
                nothing = Folders.changed(nothing, "mid_block." + layer + tensor, values -> values.mul(new Scalar(0)));
            }
        }
        try (UNet plain = new UNet(Folders.unetConfig(json), nothing, Device.CPU);
                UNet other = new UNet(without, new Unchecked(Folders.weights("sd15/unet")), Device.CPU)) {
            assertThat(Nets.relativeError(draw(other, 2, 0, 2, 8, 8, 7), draw(plain, 2, 0, 2, 8, 8, 7)))
                    .isLessThan(1e-6);
        }
        assertThatThrownBy(() -> new UNet(without, Folders.weights("sd15/unet"), Device.CPU))
                .hasMessageContaining("unknown tensors mid_block.");
    }

    /** With tensors that are not asked for. */
    private record Unchecked(Weights weights) implements Weights {
        @Override
        public Tensor get(String name, long... shape) {
            return weights.get(name, shape);
        }

        @Override
        public void requireAllUsed() {}
    }

    private static Tensor joined(Tensor first, Tensor second) {
        TensorVector both = new TensorVector(first, second);
        return torch.cat(both, 1);
    }

    @Test
    void aCallLeavesNothingBehindAndNeitherDoesTheNetwork() {
        forwards(1, 1);
        long before = NativeObjects.settled();
        forwards(2, 3);
        assertThat(Pointer.totalCount()).isLessThanOrEqualTo(before);
    }

    private static void forwards(int networks, int calls) {
        for (int n = 0; n < networks; n++) {
            try (UNet unet = Folders.unet("sd21")) {
                for (int i = 0; i < calls; i++) {
                    draw(unet, 1, 0, 1, 8, 8, 7);
                }
            }
        }
    }

    /** EMAModel's state_dict, as its save_pretrained registers it beside the network's own options. */
    @Test
    void whatAnAverageOfWeightsSaysOfItselfIsIgnored() {
        String json = Folders.config("sd15/unet");
        String averaged = json.replaceFirst(
                "\\{",
                "{\"decay\": 0.9999, \"inv_gamma\": 1.0, \"min_decay\": 0.0, \"optimization_step\": 15000, \"power\": 0.6667,"
                        + " \"update_after_step\": 0, \"use_ema_warmup\": true, ");
        assertThat(Folders.unetConfig(averaged)).isEqualTo(Folders.unetConfig(json));
    }

    @Test
    void aNetworkThatIsNotSupportedIsNamed() {
        String json = Folders.config("sdxl/unet");
        Map<String, String> cases = new LinkedHashMap<>();
        cases.put(
                json.replace("UNet2DConditionModel", "UNetMotionModel"),
                "_class_name must be UNet2DConditionModel: \"UNetMotionModel\"");
        cases.put(
                json.replaceFirst("\"DownBlock2D\"", "\"KDownBlock2D\""),
                "down_block_types must be a list of CrossAttnDownBlock2D or DownBlock2D: [\"KDownBlock2D\",");
        cases.put(
                json.replace("UNetMidBlock2DCrossAttn", "UNetMidBlock2D"),
                "mid_block_type must be UNetMidBlock2DCrossAttn: \"UNetMidBlock2D\"");
        cases.put(
                json.replace("\"addition_embed_type\": \"text_time\"", "\"addition_embed_type\": \"image\""),
                "addition_embed_type must be text_time: \"image\"");
        cases.put(
                json.replace("\"class_embed_type\": null", "\"class_embed_type\": \"timestep\""),
                "class_embed_type is not supported: \"timestep\"");
        cases.put(
                json.replace("\"act_fn\": \"silu\"", "\"act_fn\": \"mish\""), "act_fn must be silu or swish: \"mish\"");
        cases.put(
                json.replace("\"dual_cross_attention\": false", "\"dual_cross_attention\": true"),
                "dual_cross_attention must be false: true");
        cases.put(
                json.replace("\"norm_num_groups\": 8", "\"norm_num_groups\": 7"),
                "multiples of norm_num_groups (7): [16,24,32]");
        cases.put(json.replace("\"dropout\": 0.0", "\"twist\": 3"), "unknown option twist: 3");
        cases.put(
                json.replaceFirst("(?s)\"attention_head_dim\": \\[.*?\\]", "\"attention_head_dim\": [1, 2]"),
                "attention_head_dim must be an integer or a list of 3: [1,2]");
        cases.put(
                json.replaceFirst("(?s)\"attention_head_dim\": \\[.*?\\]", "\"attention_head_dim\": 5"),
                "attention_head_dim must be numbers of heads that divide the channels of block_out_channels [16, 24, 32]: 5");
        cases.forEach((text, message) -> assertThatThrownBy(() -> Folders.unetConfig(text))
                .isInstanceOf(NoisetrailException.class)
                .hasMessageStartingWith("config.json: ")
                .hasMessageContaining(message)
                .hasMessageNotContaining("\n"));
    }

    @Test
    void tensorsThatDoNotFitAreNamed() {
        refused(
                "sdxl",
                "(?s)\"transformer_layers_per_block\": \\[.*?\\]",
                "\"transformer_layers_per_block\": [1, 2, 2]",
                "unknown tensors down_blocks.2.attentions.0.transformer_blocks.2.attn1.to_k.weight, ");
        refused(
                "sd15",
                "\"layers_per_block\": 2",
                "\"layers_per_block\": 3",
                "missing tensor \"down_blocks.0.resnets.2.norm1.weight\" of shape [16]");
        refused(
                "sd15",
                "\"cross_attention_dim\": 32",
                "\"cross_attention_dim\": 48",
                "tensor \"down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.weight\" must have shape [16, 48]: [16, 32]");
    }

    private static void refused(String name, String option, String other, String message) {
        String part = name + "/unet";
        UNetConfig config = Folders.unetConfig(Folders.config(part).replaceFirst(option, other));
        assertThatThrownBy(() -> new UNet(config, Folders.weights(part), Device.CPU))
                .isInstanceOf(NoisetrailException.class)
                .hasMessageContaining(message)
                .hasMessageNotContaining("\n");
    }

    @Test
    void inputsThatDoNotFitAreRefused() {
        try (UNet sd15 = Folders.unet("sd15");
                UNet sdxl = Folders.unet("sdxl");
                Tensor sample = Tensors.of(Device.CPU, new float[2 * 4 * 64], 2, 4, 8, 8);
                Tensor one = Tensors.of(Device.CPU, new float[1], 1);
                Tensor two = Tensors.of(Device.CPU, new float[2], 2);
                Tensor text = Tensors.of(Device.CPU, new float[2 * 7 * 32], 2, 7, 32)) {
            assertThatThrownBy(() -> sd15.forward(sample, one, text))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("timestep must be float32 [2]: Float [1]");
            assertThatThrownBy(() -> sd15.forward(sample, two, sample))
                    .hasMessage("encoder_hidden_states must be float32 [2, >= 1, 32]: Float [2, 4, 8, 8]");
            assertThatThrownBy(() -> sdxl.forward(sample, two, text))
                    .hasMessage("the network takes text_embeds and time_ids");
            assertThatThrownBy(() -> sd15.forward(sample, two, text, two, two))
                    .hasMessage("the network takes no text_embeds and time_ids");
        }
    }
}
