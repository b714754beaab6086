package org.noisetrail.testing;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Condition;
import org.noisetrail.model.Conditioning;
import org.noisetrail.model.Denoiser;
import org.noisetrail.model.ImageShape;
import org.noisetrail.model.Parameterisation;

/** Another denoiser, all of it: who extends it says what is different. */
public abstract class Wrapped implements Denoiser {
    protected final Denoiser inner;

    protected Wrapped(Denoiser inner) {
        this.inner = inner;
    }

    @Override
    public String id() {
        return inner.id();
    }

    @Override
    public ImageShape shape() {
        return inner.shape();
    }

    @Override
    public Device device() {
        return inner.device();
    }

    @Override
    public Parameterisation parameterisation() {
        return inner.parameterisation();
    }

    @Override
    public void check(Condition condition) {
        inner.check(condition);
    }

    @Override
    public Conditioning encode(List<Condition> conditions) {
        return inner.encode(conditions);
    }

    @Override
    public Tensor network(Tensor input, Tensor level, Conditioning conditions, Tensor entries) {
        return inner.network(input, level, conditions, entries);
    }

    @Override
    public int evaluations() {
        return inner.evaluations();
    }

    @Override
    public void close() {
        inner.close();
    }
}
