package org.noisetrail.search;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.IntConsumer;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.noisetrail.engine.Checkpoint;
import org.noisetrail.engine.Draws;
import org.noisetrail.engine.Locality;
import org.noisetrail.engine.NoiseKind;
import org.noisetrail.engine.Norms;
import org.noisetrail.engine.Particles;
import org.noisetrail.engine.Rows;
import org.noisetrail.engine.StepEngine;
import org.noisetrail.noise.Draw;
import org.noisetrail.noise.Move;
import org.noisetrail.noise.Recipe;
import org.noisetrail.reward.Reward;
import org.noisetrail.sampler.Schedule;
import org.noisetrail.torch.Unfinished;
import org.noisetrail.trace.Ledger;

/**
 * A group of images that go through a search together: what a method works on. An image is named by its slot, its place in the group. Used by the thread that runs the search.
 */
public final class Wave implements AutoCloseable {
    final SearchSettings settings;
    /** The place of its first image in the whole run. */
    final int first;

    final List<ImageRequest> requests;
    final StepEngine engine;
    final Ledger ledger;
    private final long[] nans;
    final Reporter reporter;
    private final @Nullable Deadline deadline;
    /** Null where there is no guard. */
    private final @Nullable Watch watch;

    /** Null where nothing but its end ends the search. */
    private final @Nullable BestSoFar best;
    /** Whether it goes plainly to its end: then time is no longer asked for. */
    private volatile boolean finishing;

    /** Set by whichever hand was not to judge any more. */
    private volatile boolean cut;

    /** Time is up, in the middle of a search. */
    private static final class TimeIsUp extends RuntimeException {
        private static final long serialVersionUID = 1L;

        TimeIsUp() {
            super("time is up", null, false, false);
        }
    }

    /** @param deadline null for none */
    Wave(
            SearchSettings settings,
            int first,
            List<ImageRequest> requests,
            Reporter reporter,
            @Nullable Deadline deadline) {
        this.first = first;
        this.settings = settings;
        this.requests = requests;
        this.reporter = reporter;
        this.deadline = deadline;
        ledger = new Ledger(requests.size());
        nans = new long[requests.size()];
        try (Unfinished parts = new Unfinished()) {
            engine = parts.add(built());
            best = deadline == null ? null : new BestSoFar(this);
            parts.finish();
        }
        watch = settings.guard() == null ? null : new Watch(settings.guard(), this);
    }

    private StepEngine built() {
        return StepEngine.builder(settings.networks().denoiser(), settings.schedule())
                .decoder(settings.networks().decoder())
                .preview(settings.networks().preview())
                .screen(settings.screen())
                .estimates(settings.guard() != null)
                .seed(settings.seed())
                .maxBatch(settings.maxBatch())
                .decodeBatch(settings.decodeBatch())
                .hands(settings.hands())
                .graphs(settings.graphs() && deadline == null)
                .images(
                        requests.stream().mapToLong(ImageRequest::image).toArray(),
                        requests.stream().map(ImageRequest::condition).toList(),
                        ledger)
                .checkpoint(new Passing())
                .build();
    }

    /** The one place where an interrupt and the time limit end a search. */
    private final class Passing implements Checkpoint {
        @Override
        public void pass(int rows) {
            SearchCancelledException.check();
            if (late() && best != null && best.isPaid()) {
                throw new TimeIsUp();
            }
            begin(Deadline.Work.NETWORK, rows);
        }

        @Override
        public boolean judges(int rows) {
            SearchCancelledException.check();
            if (late()) {
                cut = true;
                return false;
            }
            begin(Deadline.Work.JUDGING, rows);
            return true;
        }
    }

    private void begin(Deadline.Work work, int rows) {
        if (deadline != null) {
            // What is measured is the device's time, not the telling.
            engine.await();
            deadline.begin(work, rows);
        }
    }

    private boolean late() {
        if (finishing || deadline == null || best == null) {
            return false;
        }
        double needed = deadline.needed(Deadline.Work.NETWORK, images(), maxBatch()) * best.callsToEnd()
                + deadline.needed(Deadline.Work.JUDGING, images(), settings.decodeBatch());
        return deadline.isUp(needed);
    }

    /** Takes its images through a method; where time is up before that ends, from their best so far plainly to their ends. */
    Outcome search(Method method) {
        Outcome outcome;
        try {
            outcome = method.search(this);
        } catch (TimeIsUp e) {
            finishing = true;
            outcome = Objects.requireNonNull(best).finish();
        }
        finishing = true;
        return cut ? outcome.unjudged() : outcome;
    }

    /**
     * Tells where images stand, so that a time limit may end the search at any later moment: of an image the furthest stand is kept, of those at the end the best. A method that tells
     * nothing gives plain trajectories then.
     *
     * @param from holds the states, which are copied
     * @param stands asked for only if there is a time limit
     */
    public void stand(Particles from, Supplier<List<Stand>> stands) {
        if (best != null && !finishing) {
            best.offer(from, stands.get());
        }
    }

    /** What takes its images through the steps. */
    public StepEngine engine() {
        return engine;
    }

    /** The reverse process that it goes through. */
    public Schedule schedule() {
        return settings.schedule();
    }

    /**
     * The reward that is searched for.
     *
     * @throws IllegalStateException if the search has none, as one by a method that {@link Method#needsReward} says needs none may
     */
    public Reward reward() {
        return settings.searched();
    }

    /** Whether time may end the search. */
    boolean isTimed() {
        return best != null;
    }

    /**
     * As {@link #stand(Particles, Supplier)}: every image has taken the same step, and lies in its own row.
     *
     * @param ways the moves so far, by slot
     * @param norms the largest |z| / sqrt(d) of their noises, by slot
     */
    public void stand(int step, Particles from, Supplier<List<Recipe>> ways, Supplier<double[]> norms) {
        stand(from, () -> {
            List<Recipe> all = ways.get();
            double[] longest = norms.get();
            return mapped(slot -> new Stand(slot, step + 1, slot, all.get(slot), longest[slot], Double.NaN));
        });
    }

    /** How many images go together. */
    public int images() {
        return requests.size();
    }

    /** The most rows in one network call. */
    public int maxBatch() {
        return settings.maxBatch();
    }

    /** The reward at which an image need not be searched any further; infinite for none. */
    public double target() {
        return settings.target();
    }

    /**
     * Whether an image is searched no further, though its trajectory has not ended: its score has reached the target, or its guard has turned.
     *
     * @param score of the clean estimate that it stands at
     */
    public boolean isEnough(int slot, double score) {
        return isReached(score) || watch != null && watch.ended(slot);
    }

    /** Whether a score has come to the target. */
    boolean isReached(double score) {
        return isReached(score, target());
    }

    /** Whether a score has come to a mark; to infinity, where none is set, no score does: none is infinitely good. */
    static boolean isReached(double score, double mark) {
        return score >= mark;
    }

    /** Whether {@link #isEnough} can ever be said before a trajectory has ended. */
    boolean mayEnd() {
        return target() < Double.POSITIVE_INFINITY || watch != null;
    }

    /**
     * Tells the guard, where there is one, what images go on from after a step that was searched; every method that {@link Method#guards} does so after each.
     *
     * @param x holds the particles
     * @param rows where they lie
     * @param slots whose they are
     */
    public void watch(int step, Particles x, int[] rows, int[] slots) {
        if (watch != null) {
            watch.look(step, x, rows, slots);
        }
    }

    /** What the guard saw of an image; null where there is none. */
    @Nullable
    Guarded guarded(int slot) {
        return watch == null ? null : watch.result(slot);
    }

    /** Whether time was up when something was to be judged. */
    boolean isCut() {
        return cut;
    }

    /** Whether an image can pay for that many more calls of the denoiser and still finish plainly from {@code then}. */
    public boolean affords(int slot, long calls, int then) {
        long all = calls + schedule().evaluationsFrom(then);
        return ledger.networkEvaluations(slot)
                        + all * settings.networks().denoiser().evaluations()
                <= settings.budget();
    }

    /** How many plain trajectories an image can pay for in all. */
    public long affordable() {
        return settings.budget()
                / (schedule().evaluations() * settings.networks().denoiser().evaluations());
    }

    /** How many more calls of the denoiser an image can pay for. */
    public long remaining(int slot) {
        return (settings.budget() - ledger.networkEvaluations(slot))
                / settings.networks().denoiser().evaluations();
    }

    /** How many calls of the denoiser an image can pay for in all. */
    public long affordableCalls() {
        return settings.budget() / settings.networks().denoiser().evaluations();
    }

    /**
     * Whether time is up, for methods whose single steps take long. The search ends by itself when time is up; who asks, and is told so, ends it instead, and goes plainly to the end.
     */
    public boolean timeIsUp() {
        finishing = finishing || late();
        return deadline != null && finishing;
    }

    /** One row an image: its own noise of a stage, candidate {@code chain} of round 0. */
    public Draws own(int step, int[] slots, int chain, NoiseKind kind) {
        Draws.Builder draws = engine.draws(step, slots.length);
        for (int slot : slots) {
            draws.add(slot, 0, chain, slot, kind);
        }
        return draws.build();
    }

    /** A uniform in (0, 1) an image, for choices of its own: the coin of round 65535 of a step's stage, a key that no noise has. */
    public double[] coins(int step, int candidate, int[] slots) {
        int[] same = new int[slots.length];
        Arrays.fill(same, candidate);
        return coins(step, same, slots);
    }

    /** As {@link #coins(int, int, int[])}, each for a candidate of its own. */
    public double[] coins(int step, int[] candidates, int[] slots) {
        Draws.Builder keys = engine.draws(step, slots.length);
        for (int i = 0; i < slots.length; i++) {
            keys.coin(slots[i], candidates[i]);
        }
        return engine.coins(keys);
    }

    /**
     * The largest |z| / sqrt(d) of the noises that recipes of steps with single global draws name, by slot; a step without a draw has its chain's.
     *
     * @param recipes of the same number of moves, as far as the images have come
     * @throws IllegalArgumentException if a step has another draw, several, or goes back: observe such noises with {@link StepEngine#norms} as they are made
     */
    public double[] norms(List<Recipe> recipes) {
        recipes.forEach(recipe -> recipe.moves().forEach(move -> single(move, recipe.chain())));
        try (Rows noise = engine.rows(images());
                Norms norms = engine.norms(images())) {
            for (int step = 0; step < recipes.get(0).moves().size(); step++) {
                if (!schedule().isDead(step)) {
                    try (Draws draws = named(step, recipes)) {
                        engine.noise(noise, null, draws, Locality.NONE);
                    }
                    norms.observe(noise);
                }
            }
            return norms.read();
        }
    }

    private Draws named(int step, List<Recipe> recipes) {
        Draws.Builder draws = engine.draws(step, images());
        each(slot -> {
            Recipe recipe = recipes.get(slot);
            Draw.Named draw = single(recipe.moves().get(step), recipe.chain());
            draws.add(slot, draw.round(), draw.candidate(), slot, NoiseKind.GLOBAL);
        });
        return draws.build();
    }

    private static Draw.Named single(Move move, int chain) {
        if (!move.isUp() && move.draws().isEmpty()) {
            return new Draw.Named(0, chain, false);
        }
        if (!move.isUp()
                && move.draws().size() == 1
                && move.draws().get(0) instanceof Draw.Named draw
                && !draw.local()) {
            return draw;
        }
        throw new IllegalArgumentException("norms are read of steps with one global draw at most: " + move);
    }

    /** Counts scores of an image's candidates that were no numbers; they are told with the image, however its search ends. */
    public void countNans(int slot, long count) {
        nans[slot] += count;
    }

    /** How many were counted. */
    long nans(int slot) {
        return nans[slot];
    }

    /** Tells the listener how far the images have come, over all of them. */
    public void reportProgress(long imageSteps) {
        reporter.progress(imageSteps, ledger);
    }

    /** Tells the listener rewards that were met. */
    public void reportRewards(double... rewards) {
        reporter.rewards(rewards);
    }

    /** Tells the listener what the clean estimates that images go on from are worth. */
    public void reportStep(int step, int[] slots, double[] rewards) {
        reporter.step(step, Arrays.stream(slots).mapToObj(requests::get).toList(), rewards);
    }

    /** 0, 1, ... images - 1. */
    public int[] slots() {
        return IntStream.range(0, images()).toArray();
    }

    /** Something of each slot. */
    <T> List<T> mapped(IntFunction<T> made) {
        return IntStream.range(0, images()).mapToObj(made).toList();
    }

    /** Calls the action with each image's place in the wave, from 0. */
    public void each(IntConsumer action) {
        for (int slot = 0; slot < images(); slot++) {
            action.accept(slot);
        }
    }

    @Override
    public void close() {
        if (best != null) {
            best.close();
        }
        engine.close();
    }
}
