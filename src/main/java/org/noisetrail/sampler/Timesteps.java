package org.noisetrail.sampler;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.noisetrail.settings.Setting;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the samplers of discrete timesteps are set by alike, but for their defaults. */
final class Timesteps {
    private static final Logger LOG = LoggerFactory.getLogger(Timesteps.class);

    static final Setting<Integer> STEPS = Setting.integer("steps", "T", 20, 1, 10000, "Reverse steps.");
    static final Setting<Integer> OFFSET =
            Setting.integer("steps-offset", "", 0, 0, 1000, "Added to the timesteps of leading spacing.");

    /** A setting that models share even where their files do not have it. */
    static final String SPACING = "timestep-spacing";

    /** Of the timesteps: below, a start from noise alone is one that the network does not expect there. */
    private static final double LATE = .9;

    /** Schedules are made again and again. */
    private static final Set<String> WARNED = ConcurrentHashMap.newKeySet();

    private Timesteps() {}

    static Setting<Spacing> spacing(Spacing fallback) {
        return Setting.word(SPACING, "", fallback, "How timesteps are chosen: leading, trailing or linspace.");
    }

    /** {@link Spacing#timesteps}; what starts far from the last timestep is warned of, once. */
    static double[] of(int trained, int count, Spacing spacing, int offset) {
        double[] timesteps = spacing.timesteps(trained, count, offset);
        String told = "with steps " + count + " and timestep-spacing " + spacing + " drawing starts at timestep "
                + (int) timesteps[0] + " of " + trained
                + ", where the network expects less noise than it is given: trailing starts at " + (trained - 1);
        if (timesteps[0] < LATE * trained && WARNED.add(told)) {
            LOG.warn(told);
        }
        return timesteps;
    }
}
