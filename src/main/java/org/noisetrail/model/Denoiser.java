package org.noisetrail.model;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.noisetrail.kernels.Device;

/**
 * A network that estimates a clean state from a noisy one, split into the raw network and its {@link Parameterisation}.
 *
 * <p>Implementations are safe to call from several threads at once unless they say otherwise. Every tensor returned is the
 * caller's to close; every tensor passed in stays the caller's.
 *
 * <p>A search calls {@link #encode} and {@link #network} without gradients ({@code GradMode} is off on the calling thread): parameters may want them.
 */
public interface Denoiser extends AutoCloseable {
    /** Names the network, its weights and how it is asked: two denoisers of the same id give the same images for the same trail. */
    String id();

    /** The shape of a state: of an image, or of its latent. */
    ImageShape shape();

    /** Where it computes, and where tensors that it is given must be. */
    Device device();

    /** How its output and a state give a clean estimate. */
    Parameterisation parameterisation();

    /**
     * Refuses, before any work is done, what it cannot draw.
     *
     * @throws IllegalArgumentException that says why
     */
    void check(Condition condition);

    /** Makes of conditions what {@link #network} takes, once for a group of images; the caller's to close. */
    Conditioning encode(List<Condition> conditions);

    /**
     * The raw network F.
     *
     * @param input float32 [rows, C, H, W]: the scaled state
     * @param level float32 [rows]: what {@link Parameterisation.Scaling#conditioning} says
     * @param conditions made by this denoiser's {@link #encode}
     * @param entries int64 [rows]: each row's entry in {@code conditions}
     * @return float32 [rows, C, H, W], contiguous, not {@code input} itself
     */
    Tensor network(Tensor input, Tensor level, Conditioning conditions, Tensor entries);

    /** Network evaluations that a row's call costs: 1, or 2 where it is guided. */
    default int evaluations() {
        return 1;
    }

    @Override
    void close();

    /**
     * A denoiser with as many rows in a call as memory holds: one that fails for want of memory is made again in two halves, which is logged, and later calls have no more rows than
     * these: so on down to single rows. What a search is given is made so by itself. Closing it closes the whole one.
     */
    static Denoiser withinMemory(Denoiser whole) {
        return whole instanceof PortionedDenoiser
                ? whole
                : new PortionedDenoiser(
                        whole, new Portions("--max-batch", Integer.MAX_VALUE, "a smaller image or --precision bf16"));
    }
}
