package org.noisetrail.search;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.noisetrail.NoisetrailException;
import org.noisetrail.engine.Locality;
import org.noisetrail.engine.StepEngine;
import org.noisetrail.kernels.Natives;
import org.noisetrail.model.Condition;
import org.noisetrail.model.Decoder;
import org.noisetrail.model.Denoiser;
import org.noisetrail.model.ImageShape;
import org.noisetrail.model.Networks;
import org.noisetrail.model.Pipeline;
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
 *
 * <p>LibTorch's operations of a thread use as many threads as the process has processors, and each thread that runs searches has its own team of them. For fewer, say so on the thread that
 * will search, once a pipeline is loaded: {@code org.bytedeco.pytorch.global.torch.set_num_threads(n)}. Threads that have not run any operation yet take the number that was said last.
 */
public final class Search {
    /** The most rows that go anywhere together. */
    public static final int LARGEST_BATCH = 65536;

    private static final Duration FOR_EVER = Duration.ofNanos(Long.MAX_VALUE / 2);

    private final Networks networks;
    private final Map<String, String> modelSettings;
    private final Sampler sampler;
    private final Schedule schedule;
    private final Method method;
    /** The first is the builder's own. */
    private final List<Worker> workers;

    private final @Nullable Screening screening;
    private final long seed;
    private final int maxBatch;
    private final int decodeBatch;
    private final boolean graphs;
    private final long budget;
    private final double target;
    private final double guardDrop;
    private final @Nullable Duration timeLimit;
    private final LongSupplier clock;
    private final SearchListener listener;

    /** Its trail without images: what it draws and judges with is asked for its name once, before anything is drawn. */
    private volatile @Nullable Trail heading;

    private Search(Builder builder) {
        networks = builder.networks;
        modelSettings = builder.modelSettings;
        sampler = builder.sampler;
        schedule = builder.schedule();
        method = builder.method;
        workers = builder.workers();
        screening = builder.screening;
        seed = builder.seed;
        maxBatch = builder.maxBatch;
        decodeBatch = builder.decodeBatch;
        graphs = builder.graphs;
        budget = builder.budget;
        target = builder.target;
        guardDrop = builder.guardDrop;
        timeLimit = builder.timeLimit;
        clock = builder.clock;
        listener = builder.listener;
    }

    /** For a denoiser whose states are images. */
    public static Builder builder(Denoiser denoiser) {
        return builder(Networks.of(denoiser));
    }

    /** For networks of your own, a latent model's with its decoder. They stay yours to close. */
    public static Builder builder(Networks networks) {
        return new Builder(networks);
    }

    /** Starts with the pipeline's own sampler. */
    public static Builder builder(Pipeline pipeline) {
        Builder builder = new Builder(pipeline.networks());
        builder.sampler = Samplers.of(pipeline);
        builder.modelSettings = pipeline.settings();
        return builder;
    }

    /** Names what is drawn with, all parts: images of the same model id and trail are the same. */
    public String modelId() {
        return networks.id();
    }

    /** The reverse process that it runs. */
    public Schedule schedule() {
        return schedule;
    }

    /** The shape of the images that it draws. */
    public ImageShape image() {
        return networks.decoder().image();
    }

    /**
     * Draws the images, in groups that fit {@code maxBatch}. Before the first image, and within the time limit, what draws and judges is asked for its name: the first search of a folder reads all
     * its files for that, gigabytes in seconds.
     *
     * <p>Call it on a platform thread: LibTorch keeps its threads and a card's stream by the thread of the system, which virtual threads change.
     *
     * @throws SearchCancelledException if the thread is interrupted; within a round, and all native memory is freed. Whatever else fails meanwhile is its cause
     * @throws IllegalArgumentException if there is no image, one asks for what the model cannot draw, two have one number, by which trails and files know them, or a reward has no name
     * @throws org.noisetrail.NoisetrailException if files of the model or of a reward have changed since they were loaded
     */
    public SearchResult run(List<ImageRequest> images) {
        Checks.once(images.stream());
        return each(images);
    }

    /** As {@link #run}, but a number may be there again: of a replay, whose recipes tell its images apart. */
    SearchResult each(List<ImageRequest> images) {
        long start = clock.getAsLong();
        heading();
        ImageResult[] results = new ImageResult[images.size()];
        new Waves(settings(limit(start)), method, images, listener, (first, finished) -> {
                    for (int i = 0; i < finished.size(); i++) {
                        results[first + i] = finished.get(i);
                    }
                })
                .run();
        List<ImageResult> all = List.of(results);
        return new SearchResult(all, trail(all), Duration.ofNanos(clock.getAsLong() - start));
    }

    /**
     * As {@link #run}, but keeps no image: each group goes to {@link SearchListener#onImages} when it is finished, so that memory does not grow with their number.
     *
     * @throws IllegalArgumentException as {@link #run} does
     * @throws SearchCancelledException as {@link #run} does
     */
    public void draw(List<ImageRequest> images) {
        Checks.once(images.stream());
        TimeLimit limit = limit(clock.getAsLong());
        heading();
        new Waves(settings(limit), method, images, listener, (first, finished) -> {}).run();
    }

    /**
     * The trail of images that this search has drawn.
     *
     * @throws SearchCancelledException if none was drawn yet, and the thread is interrupted while files are read
     */
    public Trail trail(List<ImageResult> images) {
        return heading()
                .with(images.stream()
                        .map(image -> new Trail.Entry(image.request(), image.recipe()))
                        .toList());
    }

    private Trail heading() {
        Trail known = heading;
        if (known == null) {
            try {
                known = named();
            } catch (RuntimeException e) {
                throw SearchCancelledException.orElse(e);
            }
            heading = known;
        }
        return known;
    }

    private Trail named() {
        Locality locality = method.locality();
        return new Trail(
                modelId(),
                modelSettings,
                sampler,
                seed,
                locality.lambda(),
                locality.project(),
                Trail.Judge.of(workers.get(0).reward()),
                Trail.Judge.of(workers.get(0).heldOut()),
                List.of());
    }

    /**
     * Measures, by a whole search, what each step's candidates differ by, and what its held-out reward gains by their choice.
     *
     * @throws IllegalArgumentException if the method is not a {@link LocalSearch} of at least 2 candidates, or candidates are screened
     * @throws NoisetrailException if there were rounds, and none whose scores are all finite
     * @throws SearchCancelledException if the thread is interrupted
     */
    public Calibration calibrate(List<ImageRequest> images) {
        if (!(method instanceof LocalSearch local) || local.candidates() < 2) {
            throw new IllegalArgumentException("calibration needs local search with candidates >= 2: " + method.name());
        }
        if (screening != null) {
            throw new IllegalArgumentException("calibration needs every candidate's reward, and no screen");
        }
        Reward heldOut = workers.get(0).heldOut();
        if (heldOut != null) {
            heldOut.check(
                    networks.decoder().image(),
                    images.stream().map(ImageRequest::condition).toList());
        }
        Calibration.Collector collector = new Calibration.Collector(schedule.size(), heldOut);
        alone(limit(clock.getAsLong()), new Observed(local, collector), images);
        if (collector.isBlind()) {
            throw new NoisetrailException("no round of any step had finite scores by reward "
                    + Objects.requireNonNull(workers.get(0).reward()).name()
                    + ": nothing is known of their differences");
        }
        return new Calibration(RoundSchedule.levelsOf(schedule), local.candidates(), collector.gains());
    }

    /**
     * Draws whole trajectories, those of {@link BestOfN}, and tells what rewards say of them: of their clean estimates after each step, and after the last of the images. A
     * {@link TrajectoryMethod} finds its choice there without drawing anything. The search's own method, its budget, its target and its time limit are not asked.
     *
     * @param trajectories of each image, 1 to 65536
     * @param others judge beside the searched reward
     * @return [rewards][images][trajectories][steps], the searched reward first; NaN where a reward gave it
     * @throws IllegalArgumentException if there is no reward
     * @throws SearchCancelledException if the thread is interrupted
     */
    public double[][][][] trajectories(List<ImageRequest> images, int trajectories, List<Reward> others) {
        if (workers.get(0).reward() == null) {
            throw new IllegalArgumentException("a reward must be given");
        }
        List<Condition> conditions =
                images.stream().map(ImageRequest::condition).toList();
        others.forEach(other -> other.check(networks.decoder().image(), conditions));
        TrajectoryScores recorder = new TrajectoryScores(trajectories, images.size(), schedule.size(), others);
        alone(null, recorder, images);
        return recorder.scores();
    }

    /** By the first worker, for what is seen on the way. */
    private void alone(@Nullable TimeLimit limit, Method observed, List<ImageRequest> images) {
        SearchSettings one = settings(workers.get(0).searching(), limit);
        new Waves(List.of(one), observed, images, listener, (first, finished) -> {}).run();
    }

    private @Nullable TimeLimit limit(long start) {
        return timeLimit == null || timeLimit.compareTo(FOR_EVER) > 0
                ? null
                : new TimeLimit(start + timeLimit.toNanos(), clock);
    }

    /** Of each worker; those of one model share theirs. */
    private List<SearchSettings> settings(@Nullable TimeLimit limit) {
        Map<Worker, SearchSettings> made = new HashMap<>();
        return workers.stream()
                .map(worker -> made.computeIfAbsent(worker, one -> settings(one, limit)))
                .toList();
    }

    private SearchSettings settings(Worker worker, @Nullable TimeLimit limit) {
        Natives.require();
        return new SearchSettings(
                worker.networks(),
                schedule,
                worker.reward(),
                worker.heldOut(),
                worker.screen(screening),
                guard(worker),
                seed,
                maxBatch,
                decodeBatch,
                1,
                graphs,
                budget,
                target,
                limit);
    }

    private @Nullable Guard guard(Worker worker) {
        return worker.guard() == null ? null : new Guard(worker.guard(), guardDrop);
    }

    /** @throws IllegalArgumentException if the method has no searched steps that a guard could end */
    public static void checkGuarded(Method method) {
        if (!method.guards()) {
            throw new IllegalArgumentException("a guard needs a method that searches one trajectory step by step ("
                    + Methods.that(Method::guards) + "): " + method.name());
        }
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
            try (PivotSearch rounds = new PivotSearch(search, wave, observer)) {
                return rounds.run();
            }
        }
    }

    /** Starts from the naive method with {@link EdmSampler#DEFAULT}. */
    public static final class Builder {
        private Networks networks;
        private Map<String, String> modelSettings = Map.of();
        private Sampler sampler = EdmSampler.DEFAULT;
        private Method method = new Naive();
        private @Nullable Reward reward;
        private @Nullable Reward heldOut;
        private @Nullable Screening screening;
        private @Nullable Reward screenReward;
        private long seed;
        private int maxBatch = 64;
        private int decodeBatch = StepEngine.DECODE_BATCH;
        private boolean graphs;
        private long budget = Long.MAX_VALUE;
        private double target = Double.POSITIVE_INFINITY;
        private @Nullable Reward guard;
        private double guardDrop;
        private @Nullable Duration timeLimit;
        private LongSupplier clock = System::nanoTime;
        private SearchListener listener = SearchListener.NONE;
        private int alike = 1;
        private final List<Worker> others = new ArrayList<>();

        private Builder(Networks networks) {
            this.networks = networks.withinMemory();
        }

        /** Makes images of states; by default they are images. */
        public Builder decoder(Decoder decoder) {
            networks = new Networks(networks.denoiser(), decoder, networks.preview()).withinMemory();
            return this;
        }

        /** Judges candidates in the decoder's place; final images and their rewards always take the true one. By default none. */
        public Builder preview(@Nullable Decoder preview) {
            networks = new Networks(networks.denoiser(), networks.decoder(), preview).withinMemory();
            return this;
        }

        /** By default the pipeline's; of a denoiser alone {@link EdmSampler#DEFAULT}. */
        public Builder sampler(Sampler sampler) {
            this.sampler = Objects.requireNonNull(sampler, "sampler");
            return this;
        }

        /** By default {@link Naive}. */
        public Builder method(Method method) {
            this.method = Objects.requireNonNull(method, "method");
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

        /** The most rows (images x candidates) in one network call, 1 to 65536; by default 64. Results depend on it by the last digits of what networks say of images, which two nearly equal candidates may turn on, and where a time limit ends the search. */
        public Builder maxBatch(int maxBatch) {
            Checks.range("max-batch", maxBatch, 1, LARGEST_BATCH);
            this.maxBatch = maxBatch;
            return this;
        }

        /** The most rows in one call of the decoder and the rewards, 1 to 65536; by default {@link StepEngine#DECODE_BATCH}. Results depend on it as on {@link #maxBatch}. */
        public Builder decodeBatch(int decodeBatch) {
            Checks.range("decode-batch", decodeBatch, 1, LARGEST_BATCH);
            this.decodeBatch = decodeBatch;
            return this;
        }

        /**
         * Whether a card is given the rounds of local search as CUDA graphs: recorded once, then launched as a whole. By default not: no card has run it yet. Nothing on the CPU, nor under a
         * time limit, nor where several workers share an image. Results do not depend on it: a first recorded round that does not score as its calls do one by one ends the search.
         */
        public Builder graphs(boolean graphs) {
            this.graphs = graphs;
            return this;
        }

        /** The most network evaluations an image may cost; at least one plain trajectory's. All methods of the library keep to it; one of your own does by {@link Wave#affords}. By default unlimited. */
        public Builder budget(long networkEvaluations) {
            this.budget = networkEvaluations;
            return this;
        }

        /** An image that has reached this reward is searched no further; each method says what that ends. By default none is. */
        public Builder targetReward(double reward) {
            if (Double.isNaN(reward)) {
                throw new IllegalArgumentException("target reward must be a number: NaN");
            }
            this.target = reward;
            return this;
        }

        /**
         * Ends the search of an image when a second reward turns: the first time that what it says of the clean estimate which a searched step goes on from is more than {@code drop} below the
         * best it has said so far of this image, or is no finite number; the rest of the steps is plain sampling. By default none.
         *
         * @param guard asked once a searched step, but for the last that injects noise; null for none
         * @param drop at least 0, in units of the guard
         */
        public Builder guard(@Nullable Reward guard, double drop) {
            Checks.range("guard drop", drop, 0, Double.MAX_VALUE);
            this.guard = guard;
            this.guardDrop = drop;
            return this;
        }

        /**
         * When this time is up, a search ends wherever it is: each image is finished from the best it has come to, by its own noise. It ends so early that this is done in time, if a call of the network and of
         * the reward takes what it took so far; so the time is exceeded by one such call, or, where it is shorter than that, by a plain trajectory. Images that do not go together share the time evenly, those that one worker draws. Where a
         * budget pays for nothing but the way a search is on, it is not left. By default unlimited.
         */
        public Builder timeLimit(Duration limit) {
            if (limit.isNegative()) {
                throw new IllegalArgumentException("time limit must be >= 0: " + limit);
            }
            this.timeLimit = limit;
            return this;
        }

        /** What tells the time, in nanoseconds; by default {@link System#nanoTime}. */
        Builder clock(LongSupplier clock) {
            this.clock = clock;
            return this;
        }

        /**
         * How many workers draw: the images are spread over them, and where there are fewer images than workers, so are the candidates of each step. Each has a thread, and its share
         * of the threads that LibTorch's operations use on the thread that runs the search. With more than one, rewards are asked by several threads at once, and must be thread-safe. Results
         * depend on it as on {@link #maxBatch}. By default 1.
         */
        public Builder workers(int workers) {
            Checks.range("workers", workers, 1, 4096);
            alike = workers;
            return this;
        }

        /**
         * Adds a worker of another pipeline: on another device. Images are spread over all workers; candidates only among those of one pipeline.
         *
         * @param pipeline of the same model, asked in the same way
         * @param reward the same, where that pipeline is; null where none is searched for
         * @param heldOut likewise
         * @param screenReward likewise
         * @param guard likewise
         */
        public Builder worker(
                Pipeline pipeline,
                @Nullable Reward reward,
                @Nullable Reward heldOut,
                @Nullable Reward screenReward,
                @Nullable Reward guard) {
            return worker(pipeline.networks(), reward, heldOut, screenReward, guard);
        }

        /** As {@link #worker(Pipeline, Reward, Reward, Reward, Reward)}, with networks of your own, which stay yours to close. */
        public Builder worker(
                Networks networks,
                @Nullable Reward reward,
                @Nullable Reward heldOut,
                @Nullable Reward screenReward,
                @Nullable Reward guard) {
            others.add(new Worker(networks, reward, heldOut, screenReward, guard));
            return this;
        }

        /** Is told how the search goes; by default nothing is. */
        public Builder listener(SearchListener listener) {
            this.listener = Objects.requireNonNull(listener, "listener");
            return this;
        }

        private List<Worker> workers() {
            Worker own = new Worker(networks, reward, heldOut, screenReward, guard);
            List<Worker> all = new ArrayList<>(Collections.nCopies(alike, own));
            for (Worker other : others) {
                other.checkSame(own);
                all.add(other);
            }
            return List.copyOf(all);
        }

        /**
         * @throws IllegalArgumentException if the method needs a reward and has none, the budget does not pay for one plain trajectory, the screening is not for this method, sampler or
         *     model, the guard not for this method, the sampler says other steps than its schedule has, or workers are not of the same model and rewards
         */
        public Search build() {
            if (reward == null && method.needsReward()) {
                throw new IllegalArgumentException("reward must be given for method " + method.name());
            }
            if (screening == null && screenReward != null) {
                throw new IllegalArgumentException("a screen's reward needs a screen: " + screenReward.name());
            }
            if (guard != null) {
                checkGuarded(method);
            }
            Search search = new Search(this);
            if (screening != null) {
                if (!method.screens()) {
                    throw new IllegalArgumentException(
                            "screen needs a method that chooses the best of rounds by whole candidates ("
                                    + Screening.methods() + "), not scored at first: " + method.name());
                }
                screening.check(search.schedule, networks.preview(), screenReward);
            }
            if (sampler.steps() != search.schedule.size()) {
                throw new IllegalArgumentException(
                        "sampler steps must be " + search.schedule.size() + ", its schedule's: " + sampler.steps());
            }
            Checks.range(
                    "budget",
                    budget,
                    search.schedule.evaluations() * networks.denoiser().evaluations(),
                    Long.MAX_VALUE);
            return search;
        }

        /** As {@link Search#modelId}, before it is said whether the rest goes with the model. */
        String modelId() {
            return networks.id();
        }

        /** @throws IllegalArgumentException if a trail's images could not be drawn to the end that it names */
        void checkReplays() {
            String what = timeLimit != null
                    ? "time limit"
                    : guard != null ? "guard" : budget < Long.MAX_VALUE ? "budget" : null;
            if (what != null) {
                throw new IllegalArgumentException("a replay draws what its trail says, and takes no " + what);
            }
        }

        private Schedule schedule() {
            return sampler.schedule(networks.denoiser().parameterisation());
        }
    }
}
