package org.noisetrail.reward;

import java.util.Map;
import org.noisetrail.model.Classifier;

/** The rewards that come with the library; all thread-safe, all on the images' device. */
public final class Rewards {
    private Rewards() {}

    /** Mean luminance, 0 to 1 (DESIGN, section 6). */
    public static Reward brightness() {
        throw new UnsupportedOperationException();
    }

    /**
     * 1 - clip(bytes / maxBytes, 0, 1), bytes the size of the image's baseline JPEG at quality 80.
     *
     * @param maxBytes above 0; 0 for the paper's values: 3000 up to 64 x 64 pixels, 150000 above
     */
    public static Reward compressibility(double maxBytes) {
        throw new UnsupportedOperationException();
    }

    /** The size itself, in bytes. Higher is larger: for measuring, seldom for searching. */
    public static Reward jpegBytes() {
        throw new UnsupportedOperationException();
    }

    /** The softmax probability of the image's own class. The classifier is the caller's to close. */
    public static Reward classProbability(String name, Classifier classifier) {
        throw new UnsupportedOperationException();
    }

    /** The sum of rewards, each times its weight, in the map's order. It closes its parts. */
    public static Reward weighted(Map<Reward, Double> parts) {
        throw new UnsupportedOperationException();
    }
}
