package org.noisetrail.sampler;

import org.noisetrail.settings.Setting;

/** What the samplers of discrete timesteps are set by alike. */
final class Timesteps {
    static final Setting<Integer> STEPS = Setting.integer("steps", "T", 20, 1, 10000, "Reverse steps.");
    static final Setting<Spacing> SPACING = Setting.word(
            "timestep-spacing", "", Spacing.LEADING, "How timesteps are chosen: leading, trailing or linspace.");
    static final Setting<Integer> OFFSET =
            Setting.integer("steps-offset", "", 0, 0, 1000, "Added to the timesteps of leading spacing.");

    private Timesteps() {}
}
