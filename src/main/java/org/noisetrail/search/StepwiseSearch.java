package org.noisetrail.search;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.noisetrail.engine.Candidates;
import org.noisetrail.engine.Draws;
import org.noisetrail.engine.Locality;
import org.noisetrail.engine.NoiseKind;
import org.noisetrail.engine.Norms;
import org.noisetrail.engine.Particles;
import org.noisetrail.engine.Rows;
import org.noisetrail.engine.StepEngine;
import org.noisetrail.torch.Unfinished;

/** One wave's way through a method that keeps one state an image, and searches for the noise of each step. */
abstract class StepwiseSearch implements AutoCloseable {
    final Wave wave;
    final StepEngine engine;
    final int images;
    /** A row an image. */
    final Candidates single;
    /** As many rows an image as the method tries together. */
    final Candidates many;
    /** The noise that each image takes its step with. */
    final Rows pivots;

    final Norms norms;
    /** How each image came where it stands. */
    final StepDraws draws;
    /** What the clean estimate that each image stands at scored in its last searched step, as far as that was read. */
    private final double[] reached;

    /** Where the images stand. */
    private Particles x;
    /** Where the step leads. */
    private Particles next;
    /** Where the first of a step's two evaluations leads; made when first asked for. */
    private @Nullable Particles halfway;

    StepwiseSearch(Wave wave, int candidates) {
        this.wave = wave;
        engine = wave.engine();
        images = wave.images();
        draws = new StepDraws(wave);
        reached = new double[images];
        Arrays.fill(reached, Double.NEGATIVE_INFINITY);
        try (Unfinished parts = new Unfinished()) {
            single = parts.add(engine.candidates(images));
            many = parts.add(engine.candidates(Math.multiplyExact(images, candidates)));
            pivots = parts.add(engine.rows(images));
            norms = parts.add(engine.norms(images));
            x = parts.add(engine.particles(images));
            next = parts.add(engine.particles(images));
            parts.finish();
        }
    }

    /** From the initial noise to the end. */
    final Outcome run() {
        try (Draws own = wave.own(-1, wave.slots(), 0, NoiseKind.GLOBAL);
                Particles start = engine.start(own)) {
            engine.put(start, wave.slots(), x);
        }
        for (int step = 0; step < wave.schedule().size(); step++) {
            draws.step();
            step(step);
            Particles done = x;
            x = next;
            next = done;
            wave.stand(step, x, draws::recipes, norms::read);
            wave.reportProgress((long) images * (step + 1));
        }
        double[] longest = norms.read();
        return new Outcome(engine.copies(x, wave.slots()), draws.recipes(), longest, null);
    }

    /** Takes every image from {@link #x} to {@link #next}. */
    abstract void step(int step);

    final Particles x() {
        return x;
    }

    final Particles next() {
        return next;
    }

    final Particles halfway() {
        Particles made = halfway == null ? engine.halfway(images) : halfway;
        halfway = made;
        return made;
    }

    /** Images go on with their own noise. */
    final void plain(int step, int[] slots) {
        NoiseKind kind = wave.schedule().isDead(step) ? NoiseKind.NONE : NoiseKind.GLOBAL;
        try (Draws own = wave.own(step, slots, 0, kind)) {
            engine.advance(single, x, null, own, 0, Locality.NONE);
            engine.put(single.next(), slots, next);
        }
    }

    /** Images whose search stopped {@link #halfway} pay for the rest of the step. */
    final void complete(int[] slots, Draws chosen) {
        engine.complete(single, halfway(), slots, chosen);
        engine.put(single.next(), slots, next);
    }

    /** Remembers what images' searches of a step came to. */
    final void reached(int[] slots, double[] scores) {
        for (int g = 0; g < slots.length; g++) {
            reached[slots[g]] = scores[g];
        }
    }

    /** Whether an image is searched no further, for what its last searched step came to. */
    final boolean isEnough(int slot) {
        return wave.isEnough(slot, reached[slot]);
    }

    /** Those of the wave's images that are not among these. */
    final int[] without(int[] slots) {
        return Arrays.stream(wave.slots())
                .filter(slot -> Arrays.binarySearch(slots, slot) < 0)
                .toArray();
    }

    @Override
    public final void close() {
        Unfinished.closeAll(Arrays.asList(halfway, next, x, norms, pivots, many, single));
    }
}
