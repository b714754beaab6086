package org.noisetrail.search;

import java.util.OptionalLong;
import org.noisetrail.sampler.Schedule;
import org.noisetrail.settings.Kind;
import org.noisetrail.settings.Setting;

/**
 * Several trajectories an image, cut back at every step that injects noise: each tries N noises, and of all the B with the best clean
 * estimates go on; the best final reward wins. It starts as one trajectory. At a dead step each takes one plain transition.
 *
 * <p>Where a budget does not pay for all that, fewer beams go on than B, and in the end plainly. A target reward that the best
 * beam has reached leaves that beam alone; it takes its own noise while the target is kept.
 *
 * @param candidates N, noises a beam tries at a step, at least 1
 * @param beams B, trajectories that go on, at least 1; candidates x beams at most 65536
 * @param scoreAtFirst at which steps of two evaluations candidates are judged after the first, and only those that go on pay the second
 */
public record Beam(int candidates, int beams, ScoreAtFirst scoreAtFirst) implements Method {
    private static final Setting<Integer> CANDIDATES =
            Setting.integer("candidates", "N", 4, 1, 65536, "Noises a beam tries at a step.");
    private static final Setting<Integer> BEAMS =
            Setting.integer("beams", "B", 2, 1, 65536, "Trajectories that go on.");

    static final Kind<Method> KIND = Kind.<Method, Beam>of(
                    "beam", Beam.class, "Several trajectories, cut back at every step.")
            .with(CANDIDATES, Beam::candidates)
            .with(BEAMS, Beam::beams)
            .with(ScoreAtFirst.SETTING, Beam::scoreAtFirst)
            .make(values -> new Beam(values.get(CANDIDATES), values.get(BEAMS), values.get(ScoreAtFirst.SETTING)));

    public Beam {
        CANDIDATES.checked(candidates);
        BEAMS.checked(beams);
        Checks.range("candidates x beams", (long) candidates * beams, 1, 65536);
    }

    /** Of whole transitions. */
    public Beam(int candidates, int beams) {
        this(candidates, beams, ScoreAtFirst.NEVER);
    }

    /** The defaults: N 4, B 2. */
    public static Beam standard() {
        return new Beam(4, 2);
    }

    @Override
    public String name() {
        return KIND.name();
    }

    @Override
    public int rowsPerImage(int maxBatch) {
        return candidates * beams;
    }

    @Override
    public boolean screens() {
        return scoreAtFirst != ScoreAtFirst.ALWAYS;
    }

    @Override
    public boolean guards() {
        return true;
    }

    @Override
    public Outcome search(Wave wave) {
        try (BeamSearch search = new BeamSearch(wave, size())) {
            return search.run();
        }
    }

    @Override
    public OptionalLong evaluations(Schedule schedule) {
        return OptionalLong.of(size().cost(schedule));
    }

    /** As many beams as are paid for; where not even one is, one beam of fewer noises. */
    @Override
    public Method sized(Schedule schedule, long evaluations) {
        BeamSize size = size().sized(schedule, evaluations);
        return new Beam(size.noises(), size.beams(), scoreAtFirst);
    }

    private BeamSize size() {
        return new BeamSize(candidates, beams, 0, scoreAtFirst);
    }
}
