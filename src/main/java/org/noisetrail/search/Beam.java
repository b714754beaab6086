package org.noisetrail.search;

/**
 * Several trajectories an image, cut back at every step that injects noise: each tries N noises, and of all the B with the best clean
 * estimates go on; the best final reward wins. It starts as one trajectory. At a dead step each takes one plain transition.
 *
 * <p>Where a budget does not pay for all that, fewer beams go on than B, and in the end plainly. A target reward that the best
 * beam has reached, and a time limit that is over, leave that beam alone; it takes its own noise while the target is kept.
 *
 * @param candidates N, noises a beam tries at a step, at least 1
 * @param beams B, trajectories that go on, at least 1; candidates x beams at most 65536
 */
public record Beam(int candidates, int beams) implements Method {
    public Beam {
        Checks.range("candidates", candidates, 1, 65536);
        Checks.range("beams", beams, 1, 65536);
        Checks.range("candidates x beams", (long) candidates * beams, 1, 65536);
    }

    /** The defaults: N 4, B 2. */
    public static Beam standard() {
        return new Beam(4, 2);
    }

    @Override
    public String name() {
        return "beam";
    }
}
