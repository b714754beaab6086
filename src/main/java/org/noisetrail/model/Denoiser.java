package org.noisetrail.model;

import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.noisetrail.kernels.Device;

/**
 * A network that estimates a clean image from a noisy one, split into the raw network and its {@link Preconditioning}.
 *
 * <p>Implementations are safe to call from several threads at once unless they say otherwise. Every tensor returned is the
 * caller's to close; every tensor passed in stays the caller's.
 */
public interface Denoiser extends AutoCloseable {
    /** Names the network and its weights: two denoisers of the same id give the same images for the same trail. */
    String id();

    ImageShape shape();

    /** The number of classes it is conditioned on; 0 if it is unconditional. */
    int classes();

    Preconditioning preconditioning();

    Device device();

    /**
     * The raw network F.
     *
     * @param input float32 [rows, C, H, W]: c_in * x
     * @param noise float32 [rows]: c_noise
     * @param labels int64 [rows], or null for an unconditional network
     * @return float32 [rows, C, H, W], contiguous
     */
    Tensor network(Tensor input, Tensor noise, @Nullable Tensor labels);

    @Override
    void close();
}
