package org.noisetrail.search;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.noisetrail.NoisetrailException;
import org.noisetrail.engine.Draws;
import org.noisetrail.engine.Kind;
import org.noisetrail.engine.Locality;
import org.noisetrail.engine.Screen;
import org.noisetrail.engine.StepEngine;
import org.noisetrail.model.Condition;
import org.noisetrail.model.Decoder;
import org.noisetrail.model.Denoiser;
import org.noisetrail.model.ImageShape;
import org.noisetrail.model.Pipeline;
import org.noisetrail.reward.Image;
import org.noisetrail.reward.Reward;
import org.noisetrail.sampler.EdmSampler;
import org.noisetrail.sampler.Sampler;
import org.noisetrail.sampler.Samplers;
import org.noisetrail.sampler.Schedule;

/**
 * A search over the noise of a diffusion model's trajectories: what to draw with, by which method, for which reward.
 *
 * <p>Immutable; {@link #run} may be called from several threads at once if the reward is thread-safe and the listener too. It closes
 * neither the denoiser nor the rewards.
 */
public final class Search {
    /** The most rows that go anywhere together. */
    public static final int LARGEST_BATCH = 65536;

    private static final Duration FOR_EVER = Duration.ofNanos(Long.MAX_VALUE / 2);

    private final Denoiser denoiser;
    private final Decoder decoder;
    private final @Nullable Decoder preview;
    private final Map<String, String> modelSettings;
    private final Sampler sampler;
    private final Schedule schedule;
    private final Method method;
    private final @Nullable Reward reward;
    private final @Nullable Reward heldOut;
    private final @Nullable Screening screening;
    private final @Nullable Reward screenReward;
    private final long seed;
    private final int maxBatch;
    private final int decodeBatch;
    private final long budget;
    private final double target;
    private final @Nullable Duration timeLimit;
    private final SearchListener listener;

    private Search(Builder builder) {
        denoiser = builder.denoiser;
        decoder = builder.decoder;
        preview = builder.preview;
        modelSettings = builder.modelSettings;
        sampler = builder.sampler;
        schedule = builder.schedule();
        method = builder.method;
        reward = builder.reward;
        heldOut = builder.heldOut;
        screening = builder.screening;
        screenReward = builder.screenReward;
        seed = builder.seed;
        maxBatch = builder.maxBatch;
        decodeBatch = builder.decodeBatch;
        budget = builder.budget;
        target = builder.target;
        timeLimit = builder.timeLimit;
        listener = builder.listener;
    }

    /** For a denoiser whose states are images. */
    public static Builder builder(Denoiser denoiser) {
        return new Builder(denoiser);
    }

    /** Starts with the pipeline's own sampler. */
    public static Builder builder(Pipeline pipeline) {
        Builder builder = new Builder(pipeline.denoiser());
        builder.decoder = pipeline.decoder();
        builder.preview = pipeline.previewDecoder();
        builder.sampler = Samplers.parse(pipeline.sampler());
        builder.modelSettings = pipeline.settings();
        return builder;
    }

    /** Names what is drawn with, all parts: images of the same model id and trail are the same. */
    public String modelId() {
        return (denoiser.id() + " " + decoder.id()).strip();
    }

    /** The reverse process that it runs. */
    public Schedule schedule() {
        return schedule;
    }

    /** The shape of the images that it draws. */
    public ImageShape image() {
        return decoder.image();
    }

    /**
     * Draws the images, in groups that fit {@code maxBatch}.
     *
     * @throws SearchCancelledException if the thread is interrupted; within a round, and all native memory is freed
     * @throws IllegalArgumentException if there is no image, or one asks for what the model cannot draw
     */
    public SearchResult run(List<ImageRequest> images) {
        long start = System.nanoTime();
        List<ImageResult> results = new ArrayList<>();
        run(settings(deadline(start)), method, heldOut, images, results::addAll, listener);
        return new SearchResult(results, trail(results), Duration.ofNanos(System.nanoTime() - start));
    }

    /**
     * As {@link #run}, but keeps no image: each group goes to {@link SearchListener#onImages} when it is finished, so that memory does not grow with their number.
     *
     * @throws SearchCancelledException as {@link #run} does
     */
    public void draw(List<ImageRequest> images) {
        run(settings(deadline(System.nanoTime())), method, heldOut, images, finished -> {}, listener);
    }

    /** The trail of images that this search has drawn. */
    public Trail trail(List<ImageResult> images) {
        Locality locality = method.locality();
        List<Trail.Entry> entries = images.stream()
                .map(image -> new Trail.Entry(image.request(), image.recipe()))
                .toList();
        return new Trail(
                modelId(),
                modelSettings,
                sampler,
                seed,
                locality.lambda(),
                locality.project(),
                Trail.Judge.of(reward),
                Trail.Judge.of(heldOut),
                entries);
    }

    /**
     * Measures, by a whole search, what each step's candidates differ by, and what its held-out reward gains by their choice.
     *
     * @throws IllegalArgumentException if the method is not a {@link LocalSearch} of at least 2 candidates, or candidates are screened
     * @throws SearchCancelledException if the thread is interrupted
     */
    public Calibration calibrate(List<ImageRequest> images) {
        if (!(method instanceof LocalSearch local) || local.candidates() < 2) {
            throw new IllegalArgumentException("calibration needs local search with candidates >= 2: " + method.name());
        }
        if (screening != null) {
            throw new IllegalArgumentException("calibration needs every candidate's reward, and no screen");
        }
        if (heldOut != null) {
            heldOut.check(
                    decoder.image(),
                    images.stream().map(ImageRequest::condition).toList());
        }
        Calibration.Collector collector = new Calibration.Collector(schedule.size(), heldOut);
        run(
                settings(deadline(System.nanoTime())),
                new Observed(local, collector),
                null,
                images,
                finished -> {},
                listener);
        return new Calibration(RoundSchedule.levelsOf(schedule), local.candidates(), collector.gains());
    }

    /**
     * Draws whole trajectories, those of {@link BestOfN}, and tells what rewards say of them: of their clean estimates after each step, and after the last of the images. A
     * {@link TrajectoryMethod} finds its choice there without drawing anything. The search's own method and its time limit are not asked.
     *
     * @param trajectories of each image, 1 to 65536
     * @param others judge beside the searched reward
     * @return [rewards][images][trajectories][steps], the searched reward first; NaN where a reward gave it
     * @throws IllegalArgumentException if there is no reward
     * @throws SearchCancelledException if the thread is interrupted
     */
    public double[][][][] trajectories(List<ImageRequest> images, int trajectories, List<Reward> others) {
        if (reward == null) {
            throw new IllegalArgumentException("a reward must be given");
        }
        List<Condition> conditions =
                images.stream().map(ImageRequest::condition).toList();
        others.forEach(other -> other.check(decoder.image(), conditions));
        TrajectoryScores recorder = new TrajectoryScores(trajectories, images.size(), schedule.size(), others);
        run(settings(null), recorder, null, images, finished -> {}, listener);
        return recorder.scores();
    }

    /** Made once a run: a linear look asks the decoder first. */
    private @Nullable Screen screen() {
        return screening == null || reward == null
                ? null
                : screening.screen(denoiser, decoder, preview, screenReward == null ? reward : screenReward);
    }

    private @Nullable Long deadline(long start) {
        return timeLimit == null || timeLimit.compareTo(FOR_EVER) > 0 ? null : start + timeLimit.toNanos();
    }

    private SearchSettings settings(@Nullable Long deadline) {
        return new SearchSettings(
                denoiser,
                decoder,
                preview,
                schedule,
                reward,
                screen(),
                seed,
                maxBatch,
                decodeBatch,
                budget,
                target,
                deadline);
    }

    /** Local search whose rounds are looked at. */
    private record Observed(LocalSearch search, PivotSearch.Observer observer) implements Method {
        @Override
        public String name() {
            return search.name();
        }

        @Override
        public int rowsPerImage(int maxBatch) {
            return search.rowsPerImage(maxBatch);
        }

        @Override
        public Outcome search(Wave wave) {
            return new PivotSearch(search, observer).search(wave);
        }
    }

    private static void run(
            SearchSettings settings,
            Method method,
            @Nullable Reward heldOut,
            List<ImageRequest> images,
            Consumer<List<ImageResult>> results,
            SearchListener listener) {
        if (images.isEmpty()) {
            throw new IllegalArgumentException("images must be >= 1: 0");
        }
        List<Condition> conditions =
                images.stream().map(ImageRequest::condition).toList();
        new LinkedHashSet<>(conditions).forEach(settings.denoiser()::check);
        for (Reward judge : new Reward[] {settings.reward(), heldOut}) {
            if (judge != null) {
                judge.check(settings.decoder().image(), conditions);
            }
        }
        Screen screen = settings.screen();
        if (screen != null) {
            screen.reward().check(screen.decoder().image(), conditions);
        }
        listener.onStart(images);
        Reporter reporter = new Reporter(
                listener, (long) images.size() * settings.schedule().size());
        int together = Math.max(1, settings.maxBatch() / method.rowsPerImage(settings.maxBatch()));
        for (int from = 0; from < images.size(); from += together) {
            List<ImageRequest> group = images.subList(from, Math.min(images.size(), from + together));
            Deadline deadline = deadline(settings, group.size(), images.size() - from);
            try (Wave wave = new Wave(settings, from, group, reporter, deadline)) {
                List<ImageResult> finished;
                try (Outcome outcome = wave.search(method)) {
                    finished = results(wave, outcome, heldOut);
                } catch (NoisetrailException e) {
                    // What waits inside (a user's reward) may have been the one to see the interrupt.
                    throw Thread.currentThread().isInterrupted() ? SearchCancelledException.of(e) : e;
                }
                reporter.waveDone((long) group.size() * settings.schedule().size(), wave.ledger);
                results.accept(finished);
                listener.onImages(finished);
            }
        }
    }

    /** Of a wave: its images' share of the time that is left. */
    private static @Nullable Deadline deadline(SearchSettings settings, int images, int left) {
        Long end = settings.deadline();
        if (end == null) {
            return null;
        }
        long now = System.nanoTime();
        return new Deadline(
                now + (long) ((double) (end - now) * images / left),
                settings.denoiser().device().isCuda() ? Deadline.CARD_LEAST : Deadline.PROCESSOR_LEAST,
                System::nanoTime);
    }

    private static List<ImageResult> results(Wave wave, Outcome outcome, @Nullable Reward heldOut) {
        SearchSettings settings = wave.settings;
        ImageShape shape = settings.decoder().image();
        StepEngine.Finals finals;
        try (Draws own = wave.own(settings.schedule().size() - 1, wave.slots(), 0, Kind.GLOBAL)) {
            Reward asked = outcome.rewards() == null ? settings.reward() : null;
            finals = wave.engine.finish(outcome.x().x(), own, asked, heldOut);
        }
        double[] rewards = outcome.rewards() == null ? finals.rewards() : outcome.rewards();
        double[] heldOuts = finals.heldOuts();
        if (rewards != null) {
            wave.reporter.rewards(rewards);
        }
        float[] states = outcome.x().x().toFloats();
        List<ImageResult> results = new ArrayList<>();
        int size = shape.elements();
        int d = settings.denoiser().shape().elements();
        for (int slot = 0; slot < wave.images(); slot++) {
            ImageRequest request = wave.requests.get(slot);
            byte[] pixels = Arrays.copyOfRange(finals.pixels(), slot * size, (slot + 1) * size);
            results.add(new ImageResult(
                    request,
                    new Image(shape, pixels, request.condition()),
                    Arrays.copyOfRange(states, slot * d, (slot + 1) * d),
                    settings.denoiser().shape(),
                    rewards == null ? Double.NaN : rewards[slot],
                    heldOuts == null ? OptionalDouble.empty() : OptionalDouble.of(heldOuts[slot]),
                    wave.ledger.costs(slot),
                    outcome.pivotNorms()[slot],
                    outcome.nanScores()[slot],
                    finals.finite()[slot],
                    outcome.recipes().get(slot),
                    wave.engine.screened(slot)));
        }
        return results;
    }

    /** Starts from the naive method with {@link EdmSampler#DEFAULT}. */
    public static final class Builder {
        private final Denoiser denoiser;
        private Decoder decoder;
        private @Nullable Decoder preview;
        private Map<String, String> modelSettings = Map.of();
        private Sampler sampler = EdmSampler.DEFAULT;
        private Method method = new Naive();
        private @Nullable Reward reward;
        private @Nullable Reward heldOut;
        private @Nullable Screening screening;
        private @Nullable Reward screenReward;
        private long seed;
        private int maxBatch = 64;
        private int decodeBatch = 64;
        private long budget = Long.MAX_VALUE;
        private double target = Double.POSITIVE_INFINITY;
        private @Nullable Duration timeLimit;
        private SearchListener listener = SearchListener.NONE;

        private Builder(Denoiser denoiser) {
            this.denoiser = Objects.requireNonNull(denoiser, "denoiser");
            decoder = Decoder.identity(denoiser.shape());
        }

        /** Makes images of states; by default they are images. */
        public Builder decoder(Decoder decoder) {
            this.decoder = decoder;
            return this;
        }

        /** Judges candidates in the decoder's place; final images and their rewards always take the true one. By default none. */
        public Builder preview(@Nullable Decoder preview) {
            this.preview = preview;
            return this;
        }

        /** By default the pipeline's; of a denoiser alone {@link EdmSampler#DEFAULT}. */
        public Builder sampler(Sampler sampler) {
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

        /** Judges the candidates of rounds by a cheap look first, and only the best truly; null, the default, for not. The preview decoder, if any, is then that look's. */
        public Builder screening(@Nullable Screening screening) {
            this.screening = screening;
            return this;
        }

        /** Scores the cheap look of {@link #screening}; null, the default, for the searched reward. */
        public Builder screenReward(@Nullable Reward reward) {
            this.screenReward = reward;
            return this;
        }

        /** Names all noise, as 64 unsigned bits; by default 0. */
        public Builder seed(long seed) {
            this.seed = seed;
            return this;
        }

        /** The most rows (images x candidates) in one network call, 1 to 65536; by default 64. Results do not depend on it, unless a time limit ends the search. */
        public Builder maxBatch(int maxBatch) {
            Checks.range("max-batch", maxBatch, 1, LARGEST_BATCH);
            this.maxBatch = maxBatch;
            return this;
        }

        /** The most rows in one call of the decoder and the rewards, 1 to 65536; by default 64. Results do not depend on it. */
        public Builder decodeBatch(int decodeBatch) {
            Checks.range("decode-batch", decodeBatch, 1, LARGEST_BATCH);
            this.decodeBatch = decodeBatch;
            return this;
        }

        /** The most network evaluations an image may cost; at least one plain trajectory's. By default unlimited. */
        public Builder budget(long networkEvaluations) {
            this.budget = networkEvaluations;
            return this;
        }

        /**
         * A step is searched no further for an image that has reached this reward; each method says what that ends. By default never.
         */
        public Builder targetReward(double reward) {
            if (Double.isNaN(reward)) {
                throw new IllegalArgumentException("target reward must be a number: NaN");
            }
            this.target = reward;
            return this;
        }

        /**
         * When this time is up, a search ends wherever it is: each image is finished from the best it has come to, by its own noise. It ends so early that this is done in time, if a call of the network and of
         * the reward takes what it took so far; so the time is exceeded by one such call, or, where it is shorter than that, by a plain trajectory. Images that do not go together share the time evenly. Where a
         * budget pays for nothing but the way a search is on, it is not left. By default unlimited.
         */
        public Builder timeLimit(Duration limit) {
            if (limit.isNegative()) {
                throw new IllegalArgumentException("time limit must be >= 0: " + limit);
            }
            this.timeLimit = limit;
            return this;
        }

        /** Is told how the search goes; by default nothing is. */
        public Builder listener(SearchListener listener) {
            this.listener = listener;
            return this;
        }

        /**
         * @throws IllegalArgumentException if the method needs a reward and has none, the budget does not pay for one plain trajectory, or the screening is not for this method, sampler or
         *     model
         */
        public Search build() {
            if (reward == null && method.needsReward()) {
                throw new IllegalArgumentException("reward must be given for method " + method.name());
            }
            if (screening == null && screenReward != null) {
                throw new IllegalArgumentException("a screen's reward needs a screen: " + screenReward.name());
            }
            Search search = new Search(this);
            if (screening != null) {
                if (!method.screens()) {
                    throw new IllegalArgumentException(
                            "screen needs a method that chooses the best of rounds by whole candidates (zero-order, eps-greedy, ascent, beam, lookahead-beam; svdd with alpha 0; pruned-best-of-n with noises), not scored at first: "
                                    + method.name());
                }
                screening.check(search.schedule, preview, screenReward);
            }
            Checks.range("budget", budget, search.schedule.evaluations() * denoiser.evaluations(), Long.MAX_VALUE);
            return search;
        }

        private Schedule schedule() {
            return sampler.schedule(denoiser.parameterisation());
        }
    }
}
