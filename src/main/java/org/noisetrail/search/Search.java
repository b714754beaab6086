package org.noisetrail.search;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;
import org.noisetrail.NoisetrailException;
import org.noisetrail.engine.Draws;
import org.noisetrail.engine.Kind;
import org.noisetrail.model.Denoiser;
import org.noisetrail.model.ImageShape;
import org.noisetrail.reward.Image;
import org.noisetrail.reward.Reward;
import org.noisetrail.sampler.EdmSampler;

/**
 * A search over the noise of a diffusion model's trajectories: what to draw with, by which method, for which reward.
 *
 * <p>Immutable; {@link #run} may be called from several threads at once if the reward is thread-safe and the listener too. It closes
 * neither the denoiser nor the rewards.
 */
public final class Search {
    private static final Duration FOR_EVER = Duration.ofNanos(Long.MAX_VALUE / 2);

    private final Denoiser denoiser;
    private final EdmSampler sampler;
    private final Method method;
    private final @Nullable Reward reward;
    private final @Nullable Reward heldOut;
    private final long seed;
    private final int maxBatch;
    private final long budget;
    private final double target;
    private final @Nullable Duration timeLimit;
    private final SearchListener listener;

    private Search(Builder builder) {
        denoiser = builder.denoiser;
        sampler = builder.sampler;
        method = builder.method;
        reward = builder.reward;
        heldOut = builder.heldOut;
        seed = builder.seed;
        maxBatch = builder.maxBatch;
        budget = builder.budget;
        target = builder.target;
        timeLimit = builder.timeLimit;
        listener = builder.listener;
    }

    public static Builder builder(Denoiser denoiser) {
        return new Builder(denoiser);
    }

    /**
     * Draws the images, in groups that fit {@code maxBatch}.
     *
     * @throws SearchCancelledException if the thread is interrupted; within a round, and all native memory is freed
     * @throws IllegalArgumentException if there is no image, or a class is not one of the model's
     */
    public SearchResult run(List<ImageRequest> images) {
        long start = System.nanoTime();
        List<ImageResult> results = run(settings(start), strategy(), heldOut, images, listener);
        double lambda = method instanceof LocalSearch local ? local.lambda() : 0;
        boolean project = method instanceof LocalSearch local && local.project();
        List<Trail.Entry> entries = results.stream()
                .map(result -> new Trail.Entry(result.request(), result.recipe()))
                .toList();
        return new SearchResult(
                results,
                new Trail(denoiser.id(), sampler, seed, lambda, project, entries),
                Duration.ofNanos(System.nanoTime() - start));
    }

    /**
     * Measures, by a whole search, what each step's candidates differ by.
     *
     * @throws IllegalArgumentException if the method is not a {@link LocalSearch} of at least 2 candidates
     * @throws SearchCancelledException if the thread is interrupted
     */
    public Calibration calibrate(List<ImageRequest> images) {
        if (!(method instanceof LocalSearch local) || local.candidates() < 2) {
            throw new IllegalArgumentException("calibration needs local search with candidates >= 2: " + method.name());
        }
        Calibration.Collector collector = new Calibration.Collector(sampler.steps());
        run(settings(System.nanoTime()), new PivotSearch(local, collector), null, images, listener);
        return new Calibration(sampler, local.candidates(), collector.gains());
    }

    private SearchSettings settings(long start) {
        return new SearchSettings(
                denoiser,
                sampler,
                reward,
                seed,
                maxBatch,
                budget,
                target,
                start + (timeLimit == null || timeLimit.compareTo(FOR_EVER) > 0 ? FOR_EVER : timeLimit).toNanos());
    }

    private Strategy strategy() {
        if (method instanceof LocalSearch local) {
            return new PivotSearch(local, null);
        }
        if (method instanceof BestOfN best) {
            return new ChainSearch(best.candidates(), best.sharedStart(), maxBatch);
        }
        if (method instanceof Beam beam) {
            return new BeamSearch(beam);
        }
        if (method instanceof Mcts tree) {
            return new MctsSearch(tree);
        }
        return new ChainSearch(1, false, maxBatch);
    }

    static List<ImageResult> run(
            SearchSettings settings,
            Strategy strategy,
            @Nullable Reward heldOut,
            List<ImageRequest> images,
            SearchListener listener) {
        if (images.isEmpty()) {
            throw new IllegalArgumentException("images must be >= 1: 0");
        }
        int classes = settings.denoiser().classes();
        for (ImageRequest request : images) {
            if (classes > 0) {
                Checks.range("class", request.label(), 0, classes - 1);
            }
        }
        int[] labels = images.stream().mapToInt(ImageRequest::label).toArray();
        for (Reward judge : new Reward[] {settings.reward(), heldOut}) {
            if (judge != null) {
                judge.check(settings.denoiser().shape(), labels);
            }
        }
        List<ImageResult> results = new ArrayList<>(images.size());
        Reporter reporter =
                new Reporter(listener, (long) images.size() * settings.sampler().steps());
        int together = Math.max(1, settings.maxBatch() / strategy.rowsPerImage());
        for (int from = 0; from < images.size(); from += together) {
            List<ImageRequest> group = images.subList(from, Math.min(images.size(), from + together));
            try (Wave wave = new Wave(settings, from, group, reporter)) {
                List<ImageResult> finished;
                try (Outcome outcome = strategy.run(wave)) {
                    finished = results(wave, outcome, heldOut);
                } catch (NoisetrailException e) {
                    // What waits inside (a user's reward) may have been the one to see the interrupt.
                    throw Thread.currentThread().isInterrupted() ? SearchCancelledException.of(e) : e;
                }
                reporter.waveDone((long) group.size() * settings.sampler().steps(), wave.ledger);
                results.addAll(finished);
                listener.onImages(finished);
            }
        }
        return results;
    }

    private static List<ImageResult> results(Wave wave, Outcome outcome, @Nullable Reward heldOut) {
        SearchSettings settings = wave.settings;
        ImageShape shape = settings.denoiser().shape();
        double[] rewards = outcome.rewards();
        double[] heldOuts = null;
        try (Draws finals = wave.own(wave.sampler().steps() - 1, wave.slots(), 0, Kind.GLOBAL)) {
            Reward reward = settings.reward();
            if (rewards == null && reward != null) {
                rewards = wave.engine.judge(outcome.x(), finals, reward, false);
            }
            if (heldOut != null) {
                heldOuts = wave.engine.judge(outcome.x(), finals, heldOut, true);
            }
        }
        if (rewards != null) {
            wave.reporter.rewards(rewards);
        }
        byte[] pixels = wave.engine.quantise(outcome.x());
        float[] states = outcome.x().toFloats();
        List<ImageResult> results = new ArrayList<>();
        int d = shape.elements();
        for (int slot = 0; slot < wave.images(); slot++) {
            ImageRequest request = wave.requests.get(slot);
            results.add(new ImageResult(
                    request,
                    new Image(shape, Arrays.copyOfRange(pixels, slot * d, (slot + 1) * d), request.label()),
                    Arrays.copyOfRange(states, slot * d, (slot + 1) * d),
                    rewards == null ? Double.NaN : rewards[slot],
                    heldOuts == null ? OptionalDouble.empty() : OptionalDouble.of(heldOuts[slot]),
                    wave.ledger.costs(slot),
                    outcome.pivotNorms()[slot],
                    outcome.nanScores()[slot],
                    outcome.recipes().get(slot)));
        }
        return results;
    }

    /** Starts from the naive method with {@link EdmSampler#DEFAULT}. */
    public static final class Builder {
        private final Denoiser denoiser;
        private EdmSampler sampler = EdmSampler.DEFAULT;
        private Method method = new Naive();
        private @Nullable Reward reward;
        private @Nullable Reward heldOut;
        private long seed;
        private int maxBatch = 64;
        private long budget = Long.MAX_VALUE;
        private double target = Double.POSITIVE_INFINITY;
        private @Nullable Duration timeLimit;
        private SearchListener listener = SearchListener.NONE;

        private Builder(Denoiser denoiser) {
            this.denoiser = Objects.requireNonNull(denoiser, "denoiser");
        }

        /** By default {@link EdmSampler#DEFAULT}. */
        public Builder sampler(EdmSampler sampler) {
            this.sampler = sampler;
            return this;
        }

        /** By default {@link Naive}. */
        public Builder method(Method method) {
            this.method = method;
            return this;
        }

        /** What to search for; required by every method but naive. */
        public Builder reward(Reward reward) {
            this.reward = reward;
            return this;
        }

        /** A reward that is computed on the final images only, never searched on. */
        public Builder heldOut(@Nullable Reward heldOut) {
            this.heldOut = heldOut;
            return this;
        }

        /** Names all noise, as 64 unsigned bits; by default 0. */
        public Builder seed(long seed) {
            this.seed = seed;
            return this;
        }

        /** The most rows (images x candidates) in one network call, 1 to 65536; by default 64. Results do not depend on it. */
        public Builder maxBatch(int maxBatch) {
            Checks.range("max-batch", maxBatch, 1, 65536);
            this.maxBatch = maxBatch;
            return this;
        }

        /** The most network evaluations an image may cost; at least one plain trajectory's. By default unlimited. */
        public Builder budget(long networkEvaluations) {
            this.budget = networkEvaluations;
            return this;
        }

        /**
         * A step is searched no further for an image whose pivot has reached this reward; best-of-n, whose chains go to the network {@code maxBatch} at a time, draws no more of
         * them; {@link Beam} and {@link Mcts} say what they do. By default never.
         */
        public Builder targetReward(double reward) {
            if (Double.isNaN(reward)) {
                throw new IllegalArgumentException("target reward must be a number: NaN");
            }
            this.target = reward;
            return this;
        }

        /** After this time no round is started; trajectories are finished plainly. By default unlimited. */
        public Builder timeLimit(Duration limit) {
            if (limit.isNegative()) {
                throw new IllegalArgumentException("time limit must be >= 0: " + limit);
            }
            this.timeLimit = limit;
            return this;
        }

        public Builder listener(SearchListener listener) {
            this.listener = listener;
            return this;
        }

        /**
         * @throws IllegalArgumentException if the method needs a reward and has none, or the budget does not pay for one plain trajectory
         */
        public Search build() {
            if (reward == null && !(method instanceof Naive)) {
                throw new IllegalArgumentException("reward must be given for method " + method.name());
            }
            Checks.range("budget", budget, sampler.evaluations(), Long.MAX_VALUE);
            return new Search(this);
        }
    }
}
