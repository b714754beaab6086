package org.noisetrail.model;

/**
 * The shape of one image (or latent) as the sampler carries it: channels, height, width.
 */
public record ImageShape(int channels, int height, int width) {
    public ImageShape {
        if (channels < 1 || height < 1 || width < 1) {
            throw new IllegalArgumentException(
                    "image shape must be >= 1 in every dimension: " + channels + "x" + height + "x" + width);
        }
        if ((double) channels * height * width > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("an image must have <= " + Integer.MAX_VALUE + " elements: " + channels
                    + "x" + height + "x" + width);
        }
    }

    /** The number of elements of one image's noise (d in the paper). */
    public int elements() {
        return channels * height * width;
    }

    @Override
    public String toString() {
        return channels + "x" + height + "x" + width;
    }
}
