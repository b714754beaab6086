package org.noisetrail.model;

import org.bytedeco.pytorch.Tensor;
import org.noisetrail.kernels.Device;

/**
 * A classifier of 8-bit images. Safe to call from several threads at once.
 */
public interface Classifier extends AutoCloseable {
    /** Names it with its weights: two of the same id classify alike. */
    String id();

    /** Where it computes. */
    Device device();

    /**
     * @param images uint8 [rows, C, H, W] on {@link #device()}
     * @return float32 [rows, classes], contiguous, the caller's to close
     */
    Tensor logits(Tensor images);

    @Override
    void close();
}
