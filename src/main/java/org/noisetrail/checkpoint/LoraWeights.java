package org.noisetrail.checkpoint;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.noisetrail.NoisetrailException;
import org.noisetrail.files.Excerpt;
import org.noisetrail.torch.Torch;

/** Weights with a LoRA's changes added to some of them, in float32: W + scale * alpha / rank * up * down (Hu et al. 2021), or over the rank's root. */
public final class LoraWeights implements Weights {
    private final Weights weights;
    private final Safetensors file;
    private final Map<String, Lora.Change> changes;
    private final double scale;

    /** @param changes by the weight's name */
    LoraWeights(Weights weights, Safetensors file, Map<String, Lora.Change> changes, double scale) {
        this.weights = weights;
        this.file = file;
        this.changes = changes;
        this.scale = scale;
    }

    /**
     * A network's weights with the changes that LoRA files make to it, in kohya's or PEFT's form.
     *
     * @param base under diffusers' or transformers' names
     * @param component which network: {@code unet}, {@code text_encoder} or {@code text_encoder_2}; no file changes another
     * @param fileAndScale {@code FILE[:SCALE]} each; a scale is finite, 1 if it is not given
     * @return the base itself where nothing changes
     * @throws NoisetrailException of one line, if a file is broken, is no plain LoRA, or changes a layer that the network does not have
     */
    public static Weights over(Weights base, String component, List<String> fileAndScale) {
        Weights weights = base;
        for (Lora.Target target : Lora.Target.values()) {
            if (target.folder().equals(component)) {
                for (String each : fileAndScale) {
                    weights = Lora.parse(each).on(target, weights);
                }
            }
        }
        return weights;
    }

    /**
     * Checks that a pipeline has every network that LoRA files change.
     *
     * @param components the pipeline's
     * @throws NoisetrailException of one line, if not
     */
    public static void requireNetworks(Set<String> components, List<String> fileAndScale) {
        fileAndScale.forEach(each -> Lora.parse(each).requireNetworks(components));
    }

    /** A digest that is another where the content of a LoRA file, or of the settings beside it, is another. */
    public static Digest digest(Digest base, List<String> fileAndScale) {
        Digest digest = base;
        for (String each : fileAndScale) {
            for (Path file : Lora.parse(each).files()) {
                Path whole = file.toAbsolutePath();
                digest = digest.and(ModelFiles.folder(whole.resolveSibling("")), String.valueOf(whole.getFileName()));
            }
        }
        return digest;
    }

    @Override
    public boolean has(String name) {
        return weights.has(name);
    }

    @Override
    public Set<String> names() {
        return weights.names();
    }

    @Override
    public Tensor get(String name, long... shape) {
        Tensor plain = weights.get(name, shape);
        Lora.Change change = changes.get(name);
        if (change == null) {
            return plain;
        }
        try (plain) {
            return Torch.call(() -> changed(plain, change, shape));
        }
    }

    @Override
    public void take(String name, long... shape) {
        weights.take(name, shape);
    }

    private Tensor changed(Tensor plain, Lora.Change change, long[] shape) {
        long rank = rank(change, shape);
        double factor = scale * change.factor(rank);
        try (Tensor up = matrix(change.up(), shape[0], rank);
                Tensor down = matrix(change.down(), rank, -1);
                Scalar by = new Scalar(factor);
                Tensor product = up.matmul(down);
                Tensor scaled = product.mul(by);
                Tensor difference = scaled.view(shape);
                Tensor wide = plain.to(ScalarType.Float);
                Tensor sum = wide.add(difference)) {
            return sum.to(plain.scalar_type());
        }
    }

    private Tensor matrix(String name, long rows, long columns) {
        try (Tensor stored = file.tensor(name);
                Tensor wide = stored.to(ScalarType.Float)) {
            return wide.view(rows, columns);
        }
    }

    /** What is between up and down, once it is sure that together they have the weight's shape. */
    private long rank(Lora.Change change, long[] shape) {
        Safetensors.Entry up = file.entry(change.up());
        Safetensors.Entry down = file.entry(change.down());
        boolean floats = up.dtype().isFloating() && down.dtype().isFloating();
        boolean shapes = shape.length >= 2
                && up.shape().size() >= 2
                && down.shape().size() >= 2
                && up.shape().get(0) == shape[0]
                && up.shape().get(1).equals(down.shape().get(0))
                && up.shape().get(1) >= 1
                && pixels(up.shape()).isEmpty()
                && down.shape().get(1) == shape[1]
                && pixels(down.shape())
                        .equals(pixels(Arrays.stream(shape).boxed().toList()));
        if (!floats || !shapes) {
            throw new NoisetrailException(file.file() + ": LoRA of \"" + Excerpt.of(change.key()) + "\": up "
                    + up.dtype() + up.shape() + " times down " + down.dtype() + down.shape()
                    + " must have the weight's shape " + Arrays.toString(shape));
        }
        return up.shape().get(1);
    }

    /** A kernel's height and width; none for a matrix or single pixels, which are the same. */
    private static List<Long> pixels(List<Long> shape) {
        List<Long> pixels = shape.subList(2, shape.size());
        return pixels.stream().allMatch(size -> size == 1) ? List.of() : pixels;
    }

    @Override
    public void ignore(String name) {
        weights.ignore(name);
    }

    @Override
    public void requireAllUsed() {
        weights.requireAllUsed();
    }
}
