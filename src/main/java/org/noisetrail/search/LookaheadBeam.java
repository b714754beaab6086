package org.noisetrail.search;

import java.util.OptionalLong;
import org.noisetrail.sampler.Schedule;
import org.noisetrail.settings.Kind;
import org.noisetrail.settings.Setting;

/**
 * {@link Beam}, whose candidates are judged some steps later: each first takes {@code lookahead} steps without noise, and the clean estimate there is what it is worth (after Oshima et al. 2025, 2501.19252). It equals beam
 * where it looks no step ahead.
 *
 * <p>The steps ahead are the stochastic ones with their noise set to 0, as in a rollout of {@link Mcts}, not the sampler's deterministic steps: EDM's network is asked at the raised level t^ while the state holds noise of
 * level t, and DDIM's direction term keeps sqrt(1 - a' - s^2). The source looks otherwise: n coarse steps of eta 0 (n = 6) down to t = 0.
 *
 * @param candidates N, noises a beam tries at a step, at least 1
 * @param beams B, trajectories that go on, at least 1; candidates x beams at most 65536
 * @param lookahead steps without noise, 0 to 10000; fewer near the end
 */
public record LookaheadBeam(int candidates, int beams, int lookahead) implements Method {
    private static final Setting<Integer> CANDIDATES =
            Setting.integer("candidates", "N", 4, 1, 65536, "Noises a beam tries at a step.");
    private static final Setting<Integer> BEAMS =
            Setting.integer("beams", "B", 2, 1, 65536, "Trajectories that go on.");
    private static final Setting<Integer> LOOKAHEAD =
            Setting.integer("lookahead", "ahead", 3, 0, 10000, "Steps without noise before a candidate is judged.");

    static final Kind<Method> KIND = Kind.<Method, LookaheadBeam>of(
                    "lookahead-beam", LookaheadBeam.class, "A beam that judges candidates some steps later.")
            .with(CANDIDATES, LookaheadBeam::candidates)
            .with(BEAMS, LookaheadBeam::beams)
            .with(LOOKAHEAD, LookaheadBeam::lookahead)
            .make(values -> new LookaheadBeam(values.get(CANDIDATES), values.get(BEAMS), values.get(LOOKAHEAD)));

    public LookaheadBeam {
        CANDIDATES.checked(candidates);
        BEAMS.checked(beams);
        LOOKAHEAD.checked(lookahead);
        Checks.range("candidates x beams", (long) candidates * beams, 1, 65536);
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
        return true;
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
        return new LookaheadBeam(size.noises(), size.beams(), lookahead);
    }

    private BeamSize size() {
        return new BeamSize(candidates, beams, lookahead, ScoreAtFirst.NEVER);
    }
}
