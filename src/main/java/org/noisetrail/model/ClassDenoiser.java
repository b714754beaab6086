package org.noisetrail.model;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.noisetrail.kernels.Device;

/** A denoiser that knows classes, or nothing: all of {@link Denoiser} but its name, the network and what it owns. */
public abstract class ClassDenoiser implements Denoiser {
    private final ImageShape shape;
    private final int classes;
    private final Device device;
    private final Parameterisation parameterisation;

    /**
     * @param shape of an image
     * @param classes 0 where it is unconditional: then it draws the same whatever is asked
     */
    protected ClassDenoiser(ImageShape shape, int classes, Device device, Parameterisation parameterisation) {
        this.shape = shape;
        this.classes = classes;
        this.device = device;
        this.parameterisation = parameterisation;
    }

    /**
     * The raw network F, of inputs that were checked.
     *
     * @param input float32 [rows, C, H, W]
     * @param level float32 [rows]
     * @param labels int64 [rows]; null where it is unconditional
     * @return float32 [rows, C, H, W], contiguous, not {@code input} itself; the caller's to close
     */
    protected abstract Tensor network(Tensor input, Tensor level, @Nullable Tensor labels);

    @Override
    public final ImageShape shape() {
        return shape;
    }

    /** The number of classes it is conditioned on; 0 if it is unconditional. */
    public final int classes() {
        return classes;
    }

    @Override
    public final Device device() {
        return device;
    }

    @Override
    public final Parameterisation parameterisation() {
        return parameterisation;
    }

    @Override
    public final void check(Condition condition) {
        LabelConditioning.check(condition, classes);
    }

    @Override
    public final Conditioning encode(List<Condition> conditions) {
        return LabelConditioning.of(conditions, classes, device);
    }

    /** @throws IllegalArgumentException if an input is of the wrong shape or type, or another denoiser encoded the conditions */
    @Override
    public final Tensor network(Tensor input, Tensor level, Conditioning conditions, Tensor entries) {
        Inputs.check(this, input, level, entries);
        if (!(conditions instanceof LabelConditioning encoded)) {
            throw new IllegalArgumentException("conditions must be of this denoiser's encode");
        }
        try (Tensor labels = encoded.rows(entries)) {
            return network(input, level, labels);
        }
    }
}
