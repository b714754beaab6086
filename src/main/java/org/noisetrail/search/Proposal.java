package org.noisetrail.search;

import java.util.List;
import org.noisetrail.noise.Draw;

/**
 * A transition to try: a particle, and the noise to take.
 *
 * @param chain whose own noise its children go on with
 * @param draws what its noise is made of, the first of them no local one; empty for no noise
 */
record Proposal(Particle parent, int chain, List<Draw> draws) {
    Proposal(Particle parent, Draw draw) {
        this(parent, parent.chain(), List.of(draw));
    }

    /** No noise, whatever the step injects: to look ahead, since no trail can say it. */
    static Proposal silent(Particle parent) {
        return new Proposal(parent, parent.chain(), List.of());
    }

    /** The particle's own noise. */
    static Proposal own(Particle parent) {
        return new Proposal(parent, Draw.global(0, parent.chain()));
    }

    /** The particle it leads to, before that has a row. */
    Particle child(boolean dead, double score, double norm) {
        Path way = parent.path().down(dead ? List.of() : draws);
        return new Particle(parent.slot(), chain, -1, way, score, Math.max(parent.norm(), norm));
    }
}
