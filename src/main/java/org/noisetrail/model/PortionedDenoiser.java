package org.noisetrail.model;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.noisetrail.kernels.Device;
import org.noisetrail.torch.Tensors;

/** {@link Denoiser#withinMemory}. */
record PortionedDenoiser(Denoiser whole, Portions portions) implements Denoiser {
    @Override
    public String id() {
        return whole.id();
    }

    @Override
    public ImageShape shape() {
        return whole.shape();
    }

    @Override
    public Device device() {
        return whole.device();
    }

    @Override
    public Parameterisation parameterisation() {
        return whole.parameterisation();
    }

    @Override
    public void check(Condition condition) {
        whole.check(condition);
    }

    @Override
    public Conditioning encode(List<Condition> conditions) {
        return whole.encode(conditions);
    }

    @Override
    public Tensor network(Tensor input, Tensor level, Conditioning conditions, Tensor entries) {
        int rows = Math.toIntExact(input.size(0));
        return portions.call(rows, (from, count) -> {
            if (count == rows) {
                return whole.network(input, level, conditions, entries);
            }
            try (Tensor inputs = Tensors.rows(input, from, count);
                    Tensor levels = Tensors.rows(level, from, count);
                    Tensor some = Tensors.rows(entries, from, count)) {
                Tensor output = whole.network(inputs, levels, conditions, some);
                Inputs.checkOutput("the denoiser", output, inputs, count, whole.shape());
                return output;
            }
        });
    }

    @Override
    public int evaluations() {
        return whole.evaluations();
    }

    @Override
    public void close() {
        whole.close();
    }
}
