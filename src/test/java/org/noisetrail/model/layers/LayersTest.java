package org.noisetrail.model.layers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.noisetrail.checkpoint.Weights;
import org.noisetrail.kernels.Device;
import org.noisetrail.kernels.Kernels;
import org.noisetrail.model.Precision;
import org.noisetrail.testing.Nets;
import org.noisetrail.testing.Precisions;
import org.noisetrail.torch.ScriptFunction;
import org.noisetrail.torch.Tensors;
import org.noisetrail.torch.Torch;

class LayersTest {
    private static final int CHANNELS = 16;

    /** Weights that are normals, named by their names. */
    private static final Weights NORMALS = new Weights() {
        @Override
        public Tensor get(String name, long... shape) {
            long count = Arrays.stream(shape).reduce(1, (a, b) -> a * b);
            float[] values = Nets.normals(name.hashCode(), (int) count);
            return Tensors.of(Device.CPU, values, shape)
                    .mul(new Scalar(1 / Math.sqrt(shape.length > 1 ? (double) count / shape[0] : 1)));
        }

        @Override
        public void requireAllUsed() {}
    };

    /** Layers of maps [2, 16, 6, 6], and of sequences [2, 36, 16]. */
    private static Map<String, BiFunction<Layers, Script, String>> layers() {
        Map<String, BiFunction<Layers, Script, String>> all = new LinkedHashMap<>();
        all.put("convolution", (layers, script) -> layers.convolution(map(layers), "c", CHANNELS, CHANNELS, 3));
        all.put(
                "convolution to many channels",
                (layers, script) -> layers.convolution(map(layers), "c", CHANNELS, 32, 3));
        all.put(
                "convolution without a bias",
                (layers, script) ->
                        layers.convolve(map(layers), layers.scaled(1, "c", 32, CHANNELS, 3, 3), null, 1, 1, 1));
        all.put("down", (layers, script) -> layers.down(map(layers), "c", CHANNELS, 1));
        all.put("pointwise", (layers, script) -> layers.pointwise(map(layers), "p", CHANNELS, CHANNELS, 2, 3));
        all.put(
                "a convolution of each channel",
                (layers, script) ->
                        layers.convolve(map(layers), layers.scaled(1, "g", CHANNELS, 1, 3, 3), null, 1, 2, CHANNELS));
        all.put("norm of groups", (layers, script) -> layers.groupNorm(map(layers), "n", CHANNELS, 4, 1e-5));
        all.put("norm and activation", (layers, script) -> layers.activatedNorm(map(layers), "n", CHANNELS, 4, 1e-5));
        all.put("norm and activation in place", (layers, script) -> {
            String h = script.assign(map(layers) + " + 0");
            layers.activateNorm(h, "n", CHANNELS, 4, 1e-5);
            return h;
        });
        all.put("a sequence as a map", (layers, script) -> layers.map(sequence(layers), map(layers)));
        all.put("activation", (layers, script) -> {
            String h = script.assign(map(layers) + " * " + layers.sign());
            layers.activate(h);
            return script.assign(h + " * " + layers.sign());
        });
        all.put("linear", (layers, script) -> layers.linear(sequence(layers), "l", CHANNELS, 24, true));
        all.put("norm of a layer", (layers, script) -> layers.layerNorm(sequence(layers), "n", CHANNELS, 1e-5));
        all.put("attention", (layers, script) -> attention(layers, script, false, false));
        all.put("causal attention", (layers, script) -> attention(layers, script, true, false));
        all.put("upcast attention", (layers, script) -> attention(layers, script, false, true));
        all.put("gelu", (layers, script) -> layers.gelu(sequence(layers)));
        all.put("quick gelu", (layers, script) -> layers.quickGelu(sequence(layers)));
        return all;
    }

    private static String map(Layers layers) {
        return layers.enterMap("x");
    }

    private static String sequence(Layers layers) {
        return layers.sequence(map(layers));
    }

    private static String attention(Layers layers, Script script, boolean causal, boolean upcast) {
        String h = sequence(layers);
        return layers.attention(h, script.assign(h + " * 2"), script.assign(h + " + 1"), 4, CHANNELS, causal, upcast);
    }

    private static float[] run(Form form, BiFunction<Layers, Script, String> layer) {
        return run(form, layer, result -> Tensors.toFloats(result.contiguous()));
    }

    @SuppressWarnings("try")
    private static <R> R run(Form form, BiFunction<Layers, Script, String> layer, Function<Tensor, R> read) {
        try (PointerScope scope = new PointerScope();
                Script script = new Script(Device.CPU)) {
            Layers layers = new Layers(script, NORMALS, form);
            // A script has at least two arguments, or it takes the list of them for the one.
            script.argument(NORMALS.get("a", 1));
            script.argument(NORMALS.get("b", 1));
            String result = layer.apply(layers, script);
            try (ScriptFunction function = script.compile("x: Tensor", layers.leave(result))) {
                Tensor x = Tensors.of(Device.CPU, Nets.normals(5, 2 * CHANNELS * 36), 2, CHANNELS, 6, 6);
                return read.apply(Torch.call(() -> function.call(x)));
            }
        }
    }

    @Test
    void theOperationsForCardsComputeWhatTheCpusDo() {
        layers().forEach((name, layer) -> {
            float[] cpu = run(Form.on(Device.CPU, Precision.FLOAT32), layer);
            for (Precision precision : new Precision[] {Precision.FLOAT32, Precision.TF32}) {
                float[] card = run(new Form(Device.CPU, precision, true), layer);
                assertThat(Nets.relativeError(card, cpu)).as(name).isLessThan(1e-6);
            }
            // Rounding x and the weights alone gives 2^-9 and 2^-12 of relative error, at most.
            for (var halves :
                    Map.of(Precision.BFLOAT16, 6e-3, Precision.FLOAT16, 8e-4).entrySet()) {
                float[] card = run(new Form(Device.CPU, halves.getKey(), true), layer);
                assertThat(Nets.relativeError(card, cpu))
                        .as("%s in %s", name, halves.getKey())
                        .isBetween(1e-5, halves.getValue());
            }
        });
    }

    @Test
    void onTheCpuAndInHalfPrecisionOnACardMapsKeepTheirChannelsLast() {
        List<String> maps = List.of(
                "convolution",
                "convolution to many channels",
                "down",
                "pointwise",
                "a convolution of each channel",
                "norm of groups",
                "norm and activation",
                "norm and activation in place",
                "a sequence as a map",
                "activation");
        for (String name : maps) {
            BiFunction<Layers, Script, String> layer = layers().get(name);
            for (Form form : List.of(
                    Form.on(Device.CPU, Precision.FLOAT32),
                    Form.on(Device.CPU, Precision.BFLOAT16),
                    new Form(Device.CPU, Precision.BFLOAT16, true))) {
                if (!form.card() && !Precisions.has(form.precision())) {
                    continue;
                }
                assertThat((long) run(form, layer, map -> map.stride(1)))
                        .as("%s, %s", name, form)
                        .isEqualTo(1);
            }
            assertThat((long) run(new Form(Device.CPU, Precision.FLOAT32, true), layer, map -> map.stride(3)))
                    .as(name)
                    .isEqualTo(1);
        }
    }

    /** A card's norms refuse values of another type than their weights, which the CPU's take: only the text can tell. */
    @Test
    @SuppressWarnings("try")
    void onACardWhatGoesIntoANormOfLibTorchsIsFloat32() {
        try (PointerScope scope = new PointerScope();
                Script script = new Script(Device.CPU)) {
            Layers layers = new Layers(script, NORMALS, new Form(Device.CPU, Precision.FLOAT16, true));
            String result = layers().get("norm of a layer").apply(layers, script);
            Matcher lines = Pattern.compile(
                            "(x\\d+) = x\\d+\\.to\\(6\\)\\s+(x\\d+) = torch\\.layer_norm\\((x\\d+),.*\\s+(x\\d+) = (x\\d+)\\.to\\(5\\)\\s*$")
                    .matcher(script.toString());
            assertThat(lines.find()).as("%s", script).isTrue();
            assertThat(lines.group(3)).isEqualTo(lines.group(1));
            assertThat(lines.group(5)).isEqualTo(lines.group(2));
            assertThat(result).isEqualTo(lines.group(4));
        }
    }

    @Test
    @SuppressWarnings("try")
    void whatIsMadeOfASingleChannelHasItsChannelsLastToo() {
        try (PointerScope scope = new PointerScope();
                Script script = new Script(Device.CPU)) {
            Layers layers = new Layers(script, NORMALS);
            String h = layers.convolution(layers.enterMap("x"), "c", 1, CHANNELS, 3);
            try (ScriptFunction function = script.compile("x: Tensor", h)) {
                for (int rows : new int[] {1, 2}) {
                    Tensor x = Tensors.of(Device.CPU, Nets.normals(5, rows * 36), rows, 1, 6, 6);
                    assertThat(Torch.call(() -> function.call(x)).stride(1)).isEqualTo(1);
                }
            }
        }
    }

    /** The form for cards runs here, too, so only the text can tell. */
    @Test
    @SuppressWarnings("try")
    void ourOwnConvolutionIsUsedOnTheCpuInFloat32WhereItCanBe() {
        assumeThat(Kernels.cpuLevel()).isNotEqualTo("x86-64");
        assertThat(written(Form.on(Device.CPU, Precision.FLOAT32), 16, 32, 3, 1, 1, 1))
                .contains("noisetrail_convolution");
        assertThat(written(Form.on(Device.CPU, Precision.FLOAT32), 640, 640, 3, 1, 1, 1))
                .contains("noisetrail_convolution");
        assertThat(written(Form.on(Device.CPU, Precision.BFLOAT16), 16, 32, 3, 1, 1, 1))
                .contains("mkldnn");
        assertThat(written(new Form(Device.CPU, Precision.FLOAT32, true), 16, 32, 3, 1, 1, 1))
                .contains("conv2d");
        int[][] others = {
            {16, 32, 1, 1, 1, 1},
            {16, 32, 3, 0, 1, 1},
            {16, 32, 3, 1, 2, 1},
            {32, 32, 3, 1, 1, 32},
            {16, 16, 3, 1, 1, 1},
            {8, 32, 3, 1, 1, 1},
            {656, 640, 3, 1, 1, 1}
        };
        for (int[] o : others) {
            assertThat(written(Form.on(Device.CPU, Precision.FLOAT32), o[0], o[1], o[2], o[3], o[4], o[5]))
                    .as("%s", Arrays.toString(o))
                    .contains("mkldnn");
        }
    }

    @SuppressWarnings("try")
    private static String written(Form form, int in, int out, int kernel, int padding, int stride, int groups) {
        try (PointerScope scope = new PointerScope();
                Script script = new Script(Device.CPU)) {
            Layers layers = new Layers(script, NORMALS, form);
            Tensor weight = NORMALS.get("c", out, in / groups, kernel, kernel);
            layers.convolve("x", weight, null, padding, stride, groups);
            return script.toString();
        }
    }

    @Test
    void attentionIsInFloat32WhereItIsAskedForAndOnTheCpu() {
        for (Precision precision : new Precision[] {Precision.BFLOAT16, Precision.FLOAT16}) {
            float[] card = run(new Form(Device.CPU, precision, true), layers().get("attention"));
            float[] upcast = run(new Form(Device.CPU, precision, true), layers().get("upcast attention"));
            assertThat(card).isNotEqualTo(upcast);
            assertThat(run(Form.on(Device.CPU, precision), layers().get("attention")))
                    .isEqualTo(upcast);
        }
    }
}
