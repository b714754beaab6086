package org.noisetrail.search;

import java.util.Arrays;
import java.util.List;
import java.util.function.IntConsumer;
import org.noisetrail.engine.Candidates;
import org.noisetrail.engine.Draws;
import org.noisetrail.engine.Kind;
import org.noisetrail.engine.Locality;
import org.noisetrail.engine.StepEngine;
import org.noisetrail.noise.Recipe;
import org.noisetrail.sampler.EdmSampler;
import org.noisetrail.trace.Ledger;

/** A group of images that go through a search together: what a method works on. An image is named by its slot, its place in the group. */
final class Wave implements AutoCloseable {
    final SearchSettings settings;
    /** The place of its first image in the whole run. */
    final int first;

    final List<ImageRequest> requests;
    final StepEngine engine;
    final Ledger ledger;
    final Reporter reporter;

    Wave(SearchSettings settings, int first, List<ImageRequest> requests, Reporter reporter) {
        this.first = first;
        this.settings = settings;
        this.requests = requests;
        this.reporter = reporter;
        ledger = new Ledger(requests.size());
        engine = new StepEngine(
                settings.denoiser(),
                settings.sampler(),
                settings.seed(),
                settings.maxBatch(),
                requests.stream().mapToLong(ImageRequest::image).toArray(),
                requests.stream().mapToInt(ImageRequest::label).toArray(),
                ledger,
                Wave::checkpoint);
    }

    private static void checkpoint() {
        if (Thread.currentThread().isInterrupted()) {
            throw new SearchCancelledException();
        }
    }

    int images() {
        return requests.size();
    }

    EdmSampler sampler() {
        return settings.sampler();
    }

    boolean dead(int step) {
        return sampler().gain(step) == 0;
    }

    /** Network evaluations of one plain trajectory from a step to its end. */
    long plainFrom(int step) {
        long evaluations = 0;
        for (int i = step; i < sampler().steps(); i++) {
            evaluations += sampler().evaluations(i);
        }
        return evaluations;
    }

    /** Whether an image can pay for that many network evaluations and still finish plainly from {@code then}. */
    boolean affords(int slot, long evaluations, int then) {
        return ledger.networkEvaluations(slot) + evaluations + plainFrom(then) <= settings.budget();
    }

    boolean timeIsUp() {
        return System.nanoTime() - settings.deadline() >= 0;
    }

    /** One row an image: its own noise of a stage, candidate {@code chain} of round 0. */
    Draws own(int step, int[] slots, int chain, Kind kind) {
        Draws.Builder draws = engine.draws(step, slots.length);
        for (int slot : slots) {
            draws.add(slot, 0, chain, slot, kind);
        }
        return draws.build();
    }

    /** The largest |z| / sqrt(d) of the noises that recipes of single global draws name, by slot. */
    double[] norms(List<Recipe> recipes) {
        double[] norms = new double[images()];
        try (Candidates noise = engine.candidates(images())) {
            for (int step = 0; step < sampler().steps(); step++) {
                if (!dead(step)) {
                    try (Draws draws = named(step, recipes)) {
                        engine.noise(noise, null, draws, Locality.NONE);
                    }
                    double[] now = engine.norms(noise.noise());
                    Arrays.setAll(norms, slot -> Math.max(norms[slot], now[slot]));
                }
            }
        }
        return norms;
    }

    private Draws named(int step, List<Recipe> recipes) {
        Draws.Builder draws = engine.draws(step, images());
        each(slot -> {
            Recipe recipe = recipes.get(slot);
            List<Recipe.Draw> named = recipe.steps().get(step);
            Recipe.Draw draw = named.isEmpty() ? new Recipe.Draw(0, recipe.chain(), false) : named.get(0);
            draws.add(slot, draw.round(), draw.candidate(), slot, Kind.GLOBAL);
        });
        return draws.build();
    }

    /** Tells the listener what the clean estimates that images go on from are worth. */
    void reportStep(int step, int[] slots, double[] rewards) {
        reporter.step(step, Arrays.stream(slots).mapToObj(requests::get).toList(), rewards);
    }

    /** 0, 1, ... images - 1. */
    int[] slots() {
        return java.util.stream.IntStream.range(0, images()).toArray();
    }

    void each(IntConsumer action) {
        for (int slot = 0; slot < images(); slot++) {
            action.accept(slot);
        }
    }

    @Override
    public void close() {
        engine.close();
    }
}
