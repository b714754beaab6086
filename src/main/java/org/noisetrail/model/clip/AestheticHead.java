package org.noisetrail.model.clip;

import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.noisetrail.NoisetrailException;
import org.noisetrail.checkpoint.Digest;
import org.noisetrail.checkpoint.FileWeights;
import org.noisetrail.checkpoint.ModelFiles;
import org.noisetrail.checkpoint.Safetensors;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.layers.Layers;
import org.noisetrail.model.layers.Script;
import org.noisetrail.torch.ScriptFunction;
import org.noisetrail.torch.Torch;

/**
 * An aesthetic score of CLIP's image embeddings: linear layers and nothing between, {@code layers.N.weight} and {@code layers.N.bias}, the
 * last one to a single number. christophschuhmann/improved-aesthetic-predictor's for ViT-L/14 (768-1024-128-64-16-1; {@code
 * sac+logos+ava1-l14-linearMSE}) is such a file once its pickle is converted to safetensors. Thread-safe.
 */
public final class AestheticHead implements AutoCloseable {
    private static final Pattern WEIGHT = Pattern.compile("layers\\.(\\d{1,4})\\.weight");

    private static final String FILE = "aesthetic_head.safetensors";

    private final Digest id;
    private final ScriptFunction function;

    /**
     * Reads {@code aesthetic_head.safetensors}.
     *
     * @param width of the embeddings
     * @throws NoisetrailException that names the file, if it is no such head for embeddings of this width
     */
    public static AestheticHead load(ModelFiles files, int width, Device device) {
        return files.with(
                FILE,
                path -> new AestheticHead(Safetensors.open(path), new Digest("aesthetic", files, FILE), width, device));
    }

    private AestheticHead(Safetensors file, Digest id, int width, Device device) {
        this.id = id;
        SortedMap<Integer, List<Long>> shapes = new TreeMap<>();
        file.entries().forEach((name, entry) -> {
            Matcher matcher = WEIGHT.matcher(name);
            if (matcher.matches() && entry.shape().size() == 2) {
                shapes.put(Integer.valueOf(matcher.group(1)), entry.shape());
            }
        });
        if (shapes.isEmpty()) {
            throw new NoisetrailException(file.file() + ": missing tensors \"layers.N.weight\", two-dimensional");
        }
        FileWeights weights = new FileWeights(file);
        this.function = Torch.call(() -> build(shapes, weights, width, device));
        try {
            weights.requireAllUsed();
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    /** The SHA-256 of its file, in hexadecimal. */
    public String id() {
        return id.value();
    }

    /**
     * @param imageEmbeds float32 [rows, width] of length 1, on the head's device
     * @return float32 [rows], the caller's to close
     */
    public Tensor score(Tensor imageEmbeds) {
        return Torch.call(() -> function.call(imageEmbeds));
    }

    @Override
    public void close() {
        function.close();
    }

    @SuppressWarnings("try")
    private static ScriptFunction build(
            SortedMap<Integer, List<Long>> shapes, FileWeights weights, int width, Device device) {
        try (PointerScope leftovers = new PointerScope();
                Script script = new Script(device)) {
            Layers layers = new Layers(script, weights);
            String x = "embeds.unsqueeze(1)";
            int in = width;
            for (var layer : shapes.entrySet()) {
                int out = layer.getKey().equals(shapes.lastKey())
                        ? 1
                        : Math.toIntExact(layer.getValue().get(0));
                x = layers.linear(x, "layers." + layer.getKey(), in, out, true);
                in = out;
            }
            return script.compile("embeds: Tensor", x + ".flatten()");
        }
    }
}
