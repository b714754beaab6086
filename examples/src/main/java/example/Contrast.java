package example;

import org.noisetrail.reward.Image;
import org.noisetrail.reward.Reward;
import org.noisetrail.reward.RewardKind;

/** A reward of one's own, with a name that texts know: the standard deviation of an image's values, over the largest there can be; 0 to 1. */
public final class Contrast {
    private Contrast() {}

    /** The lambda alone is enough for {@code Search.builder(...).reward(...)}. */
    public static Reward reward() {
        return Reward.of("contrast", Contrast::of);
    }

    static double of(Image image) {
        double sum = 0;
        double squares = 0;
        for (byte pixel : image.pixels()) {
            int value = pixel & 0xff; // bytes are signed in Java
            sum += value;
            squares += (double) value * value;
        }
        int count = image.pixels().length;
        double variance = Math.max(0, squares / count - sum / count * (sum / count));
        return Math.sqrt(variance) / 127.5;
    }

    /** Named in META-INF/services: then {@code --reward contrast} and {@code 0.7*clip+0.3*contrast} know it. */
    public static final class Provider implements RewardKind.Provider {
        @Override
        public RewardKind kind() {
            return RewardKind.plain("contrast", "how far an image's values lie apart, 0 to 1", Contrast::reward);
        }
    }
}
