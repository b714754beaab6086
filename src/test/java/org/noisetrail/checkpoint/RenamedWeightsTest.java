package org.noisetrail.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.noisetrail.NoisetrailException;
import org.noisetrail.torch.Tensors;

/** Names that tensors had before, and have elsewhere. */
class RenamedWeightsTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({
        "2, input_blocks.0.0.bias, conv_in.bias",
        "2, time_embed.0.weight, time_embedding.linear_1.weight",
        "2, time_embed.2.bias, time_embedding.linear_2.bias",
        "2, out.0.weight, conv_norm_out.weight",
        "2, out.2.bias, conv_out.bias",
        "2, input_blocks.1.0.in_layers.0.weight, down_blocks.0.resnets.0.norm1.weight",
        "2, input_blocks.2.0.in_layers.2.bias, down_blocks.0.resnets.1.conv1.bias",
        "2, input_blocks.2.0.emb_layers.1.bias, down_blocks.0.resnets.1.time_emb_proj.bias",
        "2, input_blocks.2.1.proj_in.weight, down_blocks.0.attentions.1.proj_in.weight",
        "2, input_blocks.3.0.op.weight, down_blocks.0.downsamplers.0.conv.weight",
        "2, input_blocks.4.0.skip_connection.bias, down_blocks.1.resnets.0.conv_shortcut.bias",
        "2, input_blocks.11.0.out_layers.3.weight, down_blocks.3.resnets.1.conv2.weight",
        "2, middle_block.0.out_layers.0.weight, mid_block.resnets.0.norm2.weight",
        "2, middle_block.1.transformer_blocks.0.ff.net.0.proj.bias, mid_block.attentions.0.transformer_blocks.0.ff.net.0.proj.bias",
        "2, middle_block.2.in_layers.0.weight, mid_block.resnets.1.norm1.weight",
        "2, output_blocks.2.1.conv.weight, up_blocks.0.upsamplers.0.conv.weight",
        "2, output_blocks.3.1.norm.weight, up_blocks.1.attentions.0.norm.weight",
        "2, output_blocks.5.2.conv.bias, up_blocks.1.upsamplers.0.conv.bias",
        "2, output_blocks.11.0.in_layers.2.weight, up_blocks.3.resnets.2.conv1.weight",
        "1, input_blocks.3.0.in_layers.0.weight, down_blocks.1.resnets.0.norm1.weight",
        "1, input_blocks.4.0.op.bias, down_blocks.1.downsamplers.0.conv.bias",
        "1, output_blocks.3.0.in_layers.0.bias, up_blocks.1.resnets.1.norm1.bias",
        "3, input_blocks.8.0.op.bias, down_blocks.1.downsamplers.0.conv.bias"
    })
    void theNetworksNamesOfLatentDiffusionHaveARule(int layers, String name, String renamed) {
        assertThat(LdmNames.unet(name, layers)).isEqualTo(renamed);
    }

    @ParameterizedTest
    @CsvSource({
        "4, encoder.down.0.block.1.conv2.weight, encoder.down_blocks.0.resnets.1.conv2.weight",
        "4, encoder.down.1.block.0.nin_shortcut.bias, encoder.down_blocks.1.resnets.0.conv_shortcut.bias",
        "4, encoder.down.2.downsample.conv.weight, encoder.down_blocks.2.downsamplers.0.conv.weight",
        "4, encoder.mid.block_2.norm1.weight, encoder.mid_block.resnets.1.norm1.weight",
        "4, encoder.mid.attn_1.norm.weight, encoder.mid_block.attentions.0.group_norm.weight",
        "4, decoder.mid.attn_1.q.weight, decoder.mid_block.attentions.0.to_q.weight",
        "4, decoder.mid.attn_1.proj_out.bias, decoder.mid_block.attentions.0.to_out.0.bias",
        "4, decoder.up.0.block.2.conv1.weight, decoder.up_blocks.3.resnets.2.conv1.weight",
        "4, decoder.up.3.upsample.conv.bias, decoder.up_blocks.0.upsamplers.0.conv.bias",
        "2, decoder.up.1.block.0.conv1.weight, decoder.up_blocks.0.resnets.0.conv1.weight",
        "4, decoder.norm_out.weight, decoder.conv_norm_out.weight",
        "4, decoder.conv_in.weight, decoder.conv_in.weight",
        "4, quant_conv.bias, quant_conv.bias"
    })
    void theAutoencodersNamesOfLatentDiffusionHaveARule(int levels, String name, String renamed) {
        assertThat(LdmNames.vae(name, levels)).isEqualTo(renamed);
    }

    @Test
    void theNamesTellHowManyBlocksAndLevelsThereAre() {
        assertThat(LdmNames.layers(Set.of("input_blocks.3.0.op.weight", "input_blocks.6.0.op.weight", "x")))
                .isEqualTo(2);
        assertThat(LdmNames.layers(Set.of("input_blocks.2.0.op.weight", "input_blocks.1.0.in_layers.0.weight")))
                .isEqualTo(1);
        assertThat(LdmNames.layers(Set.of("input_blocks.1.0.in_layers.0.weight", "input_blocks.3.1.norm.weight")))
                .isEqualTo(3);
        assertThat(LdmNames.layers(Set.of())).isEqualTo(1);
        assertThat(LdmNames.levels(Set.of("decoder.up.3.block.0.conv1.bias", "encoder.down.0.downsample.conv.bias")))
                .isEqualTo(4);
    }

    @Test
    void aFileOfNineChannelsIsNamed() {
        single(whole().put("model.diffusion_model.input_blocks.0.0.weight", new float[9], 1, 9, 1, 1));
        assertThatThrownBy(() -> ComponentWeights.open(ModelFiles.folder(folder), "unet"))
                .isInstanceOf(NoisetrailException.class)
                .hasMessageContaining("its U-Net takes 9 channels (inpainting)");
    }

    private Weights part(String component, SafetensorsWriter weights) throws IOException {
        Files.createDirectories(folder.resolve(component));
        weights.write(folder.resolve(component).resolve("model.safetensors"));
        return ComponentWeights.open(ModelFiles.folder(folder), component);
    }

    @Test
    void oldNamesOfAnAutoencodersAttentionAreThoseOfToday() throws IOException {
        Weights vae = part(
                "vae",
                Safetensors.writer()
                        .put("encoder.mid_block.attentions.0.query.weight", new float[] {1, 2, 3, 4}, 2, 2)
                        .put("encoder.mid_block.attentions.0.proj_attn.weight", new float[] {5, 6, 7, 8}, 2, 2, 1, 1)
                        .put("encoder.mid_block.attentions.0.key.bias", new float[] {9, 9}, 2));
        try (Tensor query = vae.get("encoder.mid_block.attentions.0.to_q.weight", 2, 2);
                Tensor out = vae.get("encoder.mid_block.attentions.0.to_out.0.weight", 2, 2);
                Tensor bias = vae.get("encoder.mid_block.attentions.0.to_k.bias", 2)) {
            assertThat(Tensors.toFloats(query)).containsExactly(1, 2, 3, 4);
            assertThat(Tensors.toFloats(out)).containsExactly(5, 6, 7, 8);
            assertThat(Tensors.toFloats(bias)).containsExactly(9, 9);
        }
        vae.requireAllUsed();
    }

    @Test
    void twoNamesOfOneTensorAreRefused() {
        assertThatThrownBy(() -> part(
                        "vae",
                        Safetensors.writer()
                                .put("encoder.mid_block.attentions.0.query.bias", new float[] {1}, 1)
                                .put("encoder.mid_block.attentions.0.to_q.bias", new float[] {1}, 1)))
                .isInstanceOf(NoisetrailException.class)
                .hasMessageContaining("are two names of one");
    }

    @ParameterizedTest
    @CsvSource({"''", "text_model."})
    void aTextEncodersPrefixMayBeLeftOut(String prefix) throws IOException {
        Weights text = part(
                "text_encoder",
                Safetensors.writer()
                        .put(prefix + "final_layer_norm.bias", new float[] {1}, 1)
                        .put(prefix + "embeddings.position_ids", new long[] {0, 1}, 1, 2)
                        .put("text_projection.weight", new float[] {2}, 1, 1));
        text.get("text_model.final_layer_norm.bias", 1).close();
        text.get("text_projection.weight", 1, 1).close();
        text.requireAllUsed();
    }

    private void single(SafetensorsWriter weights) {
        weights.write(folder.resolve("v1-5.safetensors"));
    }

    private static SafetensorsWriter whole() {
        return Safetensors.writer()
                .put("model.diffusion_model.input_blocks.0.0.bias", new float[] {1}, 1)
                .put("model.diffusion_model.input_blocks.2.0.op.weight", new float[] {2}, 1)
                .put("first_stage_model.decoder.up.0.upsample.conv.bias", new float[] {3}, 1)
                .put("first_stage_model.decoder.mid.attn_1.q.weight", new float[] {4}, 1, 1, 1, 1)
                .put("cond_stage_model.transformer.text_model.final_layer_norm.bias", new float[] {5}, 1)
                .put("alphas_cumprod", new float[] {0.5f}, 1)
                .put("model_ema.decay", new float[] {0.5f}, 1);
    }

    @Test
    void oneFileServesThePartsThatHaveNoWeightsOfTheirOwn() throws IOException {
        single(whole());
        ModelFiles files = ModelFiles.folder(folder);
        Weights unet = ComponentWeights.open(files, "unet");
        Weights vae = ComponentWeights.open(files, "vae");
        Weights text = ComponentWeights.open(files, "text_encoder");
        try (Tensor first = unet.get("conv_in.bias", 1);
                Tensor down = unet.get("down_blocks.0.downsamplers.0.conv.weight", 1);
                Tensor up = vae.get("decoder.up_blocks.0.upsamplers.0.conv.bias", 1);
                Tensor query = vae.get("decoder.mid_block.attentions.0.to_q.weight", 1, 1);
                Tensor norm = text.get("text_model.final_layer_norm.bias", 1)) {
            assertThat(Tensors.toFloats(first)).containsExactly(1);
            assertThat(Tensors.toFloats(down)).containsExactly(2);
            assertThat(Tensors.toFloats(up)).containsExactly(3);
            assertThat(Tensors.toFloats(query)).containsExactly(4);
            assertThat(Tensors.toFloats(norm)).containsExactly(5);
        }
        unet.requireAllUsed();
        vae.requireAllUsed();
        text.requireAllUsed();
        assertThat(ComponentWeights.files(files, "vae")).containsExactly("v1-5.safetensors");
        Weights own = part("vae", Safetensors.writer().put("a", new float[] {1}, 1));
        assertThat(own.has("a")).isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "conditioner.embedders.0.weight, its tensors are Stable Diffusion XL's",
        "cond_stage_model.model.ln_final.bias, its tensors are Stable Diffusion 2's",
        "model.diffusion_model.joint_blocks.0.weight, its tensors are SD3's",
        "double_blocks.0.weight, its tensors are FLUX's",
        "lora_unet_x.alpha, its tensors are a LoRA's"
    })
    void aFileOfAnotherModelIsNamed(String tensor, String message) {
        single(whole().put(tensor, new float[] {1}, 1));
        assertThatThrownBy(() -> ComponentWeights.open(ModelFiles.folder(folder), "unet"))
                .isInstanceOf(NoisetrailException.class)
                .hasMessageContaining(message)
                .hasMessageContaining("a single file must hold Stable Diffusion 1.x");
    }

    @Test
    void aFileWithoutAllPartsIsRefused() {
        single(Safetensors.writer().put("model.diffusion_model.input_blocks.0.0.bias", new float[] {1}, 1));
        assertThatThrownBy(() -> ComponentWeights.open(ModelFiles.folder(folder), "unet"))
                .hasMessageContaining("no tensor \"first_stage_model....\"");
    }
}
