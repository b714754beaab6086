package org.noisetrail.search;

import java.util.Arrays;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.noisetrail.engine.LossBound;
import org.noisetrail.engine.Screen;
import org.noisetrail.model.Decoder;
import org.noisetrail.model.Denoiser;
import org.noisetrail.model.Networks;
import org.noisetrail.reward.Reward;
import org.noisetrail.sampler.Schedule;

/**
 * Speculative search: a round's candidates are judged by a cheap look, and only the best of them by the true decoder and reward. Whatever goes on was judged by those.
 *
 * <p>How many are verified follows, round by round, from how well the look has agreed with the true scores on the same image so far (docs/screening.md).
 *
 * @param first whether a step of two evaluations is looked at after the first; only what is verified pays the second
 * @param look what the images are that the cheap look sees
 * @param loss the most that a round may be expected to lose against judging all its candidates
 * @param audit the share of rounds, 0 to 1, that are judged whole to measure the loss
 */
public record Screening(boolean first, Look look, LossBound loss, double audit) {
    /** A share that leaves most of the saving, and one measured round in ten. */
    public static final double AUDIT = .1;

    /** {@link #LOSS} in percent. */
    public static final int LOSS_PERCENT = 5;

    /** What a round may be expected to lose where nothing else is said. */
    public static final LossBound LOSS = new LossBound(LOSS_PERCENT / 100.0, true);

    private static final String FIRST = "first";

    /** What the cheap look sees. */
    public enum Look {
        /** The true decoder's images, for another reward or an earlier estimate. */
        WHOLE,
        /** Images of half the height and width, from states halved before they are decoded. */
        HALF,
        /** Latents' channels as colours, by an affine map, at the latents' own size. */
        LINEAR,
        /** The preview decoder's images. */
        PREVIEW;

        @Override
        public String toString() {
            return this == WHOLE ? "reward" : name().toLowerCase(Locale.ROOT);
        }
    }

    /** Refuses an audit out of its range. */
    public Screening {
        Checks.range("audit", audit, 0, 1);
    }

    /**
     * @param text {@code first}, {@code half}, {@code linear}, {@code preview}, {@code reward} (another reward on whole images), or {@code first} and another joined by a plus
     * @throws IllegalArgumentException for anything else
     */
    public static Screening parse(String text, LossBound loss, double audit) {
        String word = text.strip();
        boolean first = word.equals(FIRST) || word.startsWith(FIRST + "+");
        String rest = word.equals(FIRST) ? Look.WHOLE.toString() : first ? word.substring(FIRST.length() + 1) : word;
        Look look = Arrays.stream(Look.values())
                .filter(each -> each.toString().equals(rest))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(
                        "screen must be first, half, linear, preview, reward, or first+half and the like: " + text));
        return new Screening(first, look, loss, audit);
    }

    /** For messages: the methods whose candidates can be screened, with what some of them ask of their settings. */
    public static String methods() {
        return Methods.that(Method::screens)
                + "; of these svdd with alpha 0 only; and pruned-best-of-n with noises above 1";
    }

    /** As {@link #parse} reads it. */
    public String words() {
        return !first ? look.toString() : look == Look.WHOLE ? FIRST : FIRST + "+" + look;
    }

    /**
     * Refuses a look that the model or its sampler does not have.
     *
     * @param cheap another reward for the look; null for the searched one
     * @throws IllegalArgumentException that says what is missing
     */
    void check(Schedule schedule, @Nullable Decoder preview, @Nullable Reward cheap) {
        if (look == Look.PREVIEW && preview == null) {
            throw new IllegalArgumentException("screen preview needs a preview decoder");
        }
        if (look != Look.PREVIEW && preview != null) {
            throw new IllegalArgumentException(
                    "a preview decoder judges candidates itself; to screen by it, the screen must be preview: "
                            + words());
        }
        boolean halfway = false;
        for (int step = 0; step < schedule.size(); step++) {
            halfway |= schedule.screens(step);
        }
        if (first && !halfway) {
            throw new IllegalArgumentException(
                    "screen first saves nothing with this sampler: none of its steps has two evaluations");
        }
        if (!first && look == Look.WHOLE && cheap == null) {
            throw new IllegalArgumentException("screen reward needs another reward to screen by");
        }
    }

    /**
     * As the engine takes it; its decoder owns nothing.
     *
     * @param reward scores what is looked at
     */
    Screen screen(Networks networks, Reward reward) {
        Denoiser denoiser = networks.denoiser();
        Decoder decoder = networks.decoder();
        Decoder seen = switch (look) {
            case WHOLE -> decoder;
            case HALF -> Decoder.half(decoder, denoiser.shape());
            case LINEAR -> Decoder.linear(decoder, denoiser.shape(), denoiser.device());
            case PREVIEW -> Objects.requireNonNull(networks.preview());
        };
        return new Screen(first, seen, reward, loss, audit);
    }
}
