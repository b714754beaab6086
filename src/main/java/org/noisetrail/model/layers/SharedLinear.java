package org.noisetrail.model.layers;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.noisetrail.torch.Tensors;
import org.noisetrail.torch.Torch;

/** Linear layers of the same value, which are one matrix in the end: its rows are taken here as they are asked for. Not thread-safe. */
public final class SharedLinear implements AutoCloseable {
    private final Script script;
    private final Layers layers;
    private final List<Tensor> matrices = new ArrayList<>();
    private final List<Tensor> biases = new ArrayList<>();
    private final List<Integer> sizes = new ArrayList<>();

    public SharedLinear(Script script, Layers layers) {
        this.script = script;
        this.layers = layers;
    }

    /**
     * Takes a layer in.
     *
     * @param matrix [out, in], handed over
     * @param bias [out], handed over
     * @return the expression of its result, [rows, out, 1, 1]
     */
    public String layer(Tensor matrix, Tensor bias) {
        matrices.add(Torch.keep(matrix));
        biases.add(Torch.keep(bias));
        sizes.add((int) bias.size(0));
        return "e[" + (sizes.size() - 1) + "]";
    }

    /**
     * Writes the layers that were taken in; their results are there afterwards.
     *
     * @param x [rows, in, 1, 1]
     */
    public void write(String x) {
        String all = layers.convolve(x, Layers.pixels(Tensors.cat(matrices, 0)), Tensors.cat(biases, 0), 0, 1, 1);
        script.line("e = torch.split_with_sizes(" + all + ", " + sizes + ", 1)");
    }

    @Override
    public void close() {
        matrices.forEach(Tensor::deallocate);
        biases.forEach(Tensor::deallocate);
    }
}
