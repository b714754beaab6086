package org.noisetrail.engine;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.noisetrail.torch.Unfinished;
import org.noisetrail.trace.StepEvent;

/** Takes rows through a step, in chunks of what goes to the network at once: each on the bench of the hand that takes it. */
final class Forward implements AutoCloseable {
    private final Group group;
    private final List<Bench> benches = new ArrayList<>();

    Forward(Group group) {
        this.group = group;
        try (Unfinished parts = new Unfinished()) {
            for (int hand = 0; hand < group.hands; hand++) {
                benches.add(parts.add(new Bench(group)));
            }
            parts.finish();
        }
    }

    /** Initial states of draws of step -1, and F at them where the first step shares it. */
    void start(Draws draws, Particles into) {
        try (StepEvent noise = StepEvent.noise(group.images(), draws.rows(), -1, 0)) {
            group.kernels.noise(
                    draws.table(0),
                    draws.rows(),
                    group.seed,
                    group.elements,
                    (float) group.schedule.startScale(),
                    into.x().pointer());
        }
        evaluate(draws, into, 0);
    }

    /** F at the particles' states, as the first stage of a step asks for it; nothing where steps begin with noise. */
    void evaluate(Draws draws, Particles into, int step) {
        Rows f = into.f();
        if (f != null) {
            group.each(
                    draws.rows(),
                    group.maxBatch,
                    (hand, at, count) -> benches.get(hand).evaluate(draws, into, f, step, at, count));
        }
    }

    /** The noise of each row alone. */
    void noise(Rows into, @Nullable Rows pivots, Draws draws, Locality locality) {
        benches.get(0).noise(into, pivots, draws, locality);
    }

    /**
     * One transition per row.
     *
     * @param screened whether a step of two evaluations ends after the first, which gives a clean estimate but no whole transition
     */
    void advance(Candidates into, Trial trial, boolean screened) {
        if (screened) {
            into.halfway();
        }
        group.each(
                trial.draws().rows(),
                group.maxBatch,
                (hand, at, count) -> benches.get(hand).advance(into, trial, at, count, screened));
    }

    /** The second evaluation of screened rows. */
    void complete(Candidates into, Particles halfway, Draws draws) {
        group.each(
                draws.rows(),
                group.maxBatch,
                (hand, at, count) -> benches.get(hand).complete(into, halfway, draws, at, count));
    }

    @Override
    public void close() {
        Unfinished.closeAll(benches);
    }
}
