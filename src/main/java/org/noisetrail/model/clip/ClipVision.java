package org.noisetrail.model.clip;

import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.noisetrail.checkpoint.Weights;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.layers.Layers;
import org.noisetrail.model.layers.Script;
import org.noisetrail.torch.ScriptFunction;
import org.noisetrail.torch.Torch;

/** CLIP's vision transformer with its projection (Radford et al. 2021, section 2.4), in float32. Thread-safe. */
final class ClipVision implements AutoCloseable {
    private final ScriptFunction function;

    ClipVision(VisionConfig config, Weights weights, Device device) {
        this.function = Torch.call(() -> build(config, weights, device));
    }

    /**
     * @param pixelValues float32 [rows, channels, size, size], normalised
     * @return float32 [rows, projection], of length 1
     */
    Tensor embed(Tensor pixelValues) {
        return Torch.call(() -> function.call(pixelValues));
    }

    @Override
    public void close() {
        function.close();
    }

    @SuppressWarnings("try")
    private static ScriptFunction build(VisionConfig config, Weights weights, Device device) {
        String prefix = "vision_model.";
        weights.ignore(prefix + "embeddings.position_ids");
        try (PointerScope leftovers = new PointerScope();
                Script script = new Script(device)) {
            Layers layers = new Layers(script, weights);
            TransformerConfig sizes = config.transformer();
            int width = sizes.width();
            int places = 1 + config.grid() * config.grid();
            Tensor patches = layers.scaled(
                    1,
                    prefix + "embeddings.patch_embedding.weight",
                    width,
                    config.channels(),
                    config.patch(),
                    config.patch());
            String x = layers.convolve("pixels", patches, null, 0, config.patch(), 1);
            String summary = script.argument(layers.scaled(1, prefix + "embeddings.class_embedding", width)
                    .reshape(1, 1, width));
            String positions =
                    script.argument(layers.scaled(1, prefix + "embeddings.position_embedding.weight", places, width));
            x = script.assign("torch.cat([" + summary + ".expand([pixels.size(0), 1, " + width + "]), " + x
                    + ".flatten(2).transpose(1, 2)], 1) + " + positions);
            // The checkpoints' own spelling.
            x = layers.layerNorm(x, prefix + "pre_layrnorm", width, sizes.epsilon());
            List<String> states = new Transformer(sizes, script, layers, false).write(x, prefix + "encoder.layers");
            x = script.assign("torch.narrow(" + states.get(sizes.layers()) + ", 1, 0, 1)");
            x = layers.layerNorm(x, prefix + "post_layernorm", width, sizes.epsilon());
            x = layers.linear(x, "visual_projection", width, config.projection(), false);
            return script.compile("pixels: Tensor", unit(script, x));
        }
    }

    /** Embeddings [rows, 1, width] as [rows, width], each divided by its length. */
    static String unit(Script script, String x) {
        String flat = script.assign(x + ".squeeze(1)");
        return script.assign(flat + " / torch.sqrt(torch.sum(" + flat + " * " + flat + ", [1], True))");
    }
}
