package org.noisetrail.evaluation;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.noisetrail.engine.StepEngine;
import org.noisetrail.files.OutputFolder;
import org.noisetrail.model.Classifier;
import org.noisetrail.model.Denoiser;
import org.noisetrail.model.Networks;
import org.noisetrail.model.Pipeline;
import org.noisetrail.reward.Reward;
import org.noisetrail.reward.RewardText;
import org.noisetrail.sampler.EdmSampler;
import org.noisetrail.sampler.Sampler;
import org.noisetrail.sampler.Samplers;
import org.noisetrail.sampler.Schedule;
import org.noisetrail.search.ImageRequest;
import org.noisetrail.search.Method;
import org.noisetrail.search.Search;
import org.noisetrail.search.SearchCancelledException;
import org.noisetrail.search.SearchListener;

/**
 * Methods set beside each other on the same images, conditions and initial noise, with best-of-n at what each search among them costs, or with one of them.
 *
 * <p>Results do not depend on threads or batches, but for the last digits of what networks say of images. With a folder, each finished search is kept there as a file that is named by all its result
 * depends on: the same comparison goes on where it was interrupted, and a larger one takes what is there. Immutable; it closes neither the
 * pipeline nor the classifier. {@link #run} may be called several times.
 */
public final class Comparison {
    private static final Watch SILENT = () -> {};

    /**
     * A reward by which images are judged.
     *
     * @param name as a table shows it
     * @param make gives the reward, once a run, which closes it. Its {@link Reward#id} tells results that are kept in a folder apart: a
     *     reward of your own that has changed needs another name
     */
    public record Judge(String name, Supplier<Reward> make) {
        /** Its name. */
        @Override
        public String toString() {
            return name;
        }
    }

    /**
     * What to search for.
     *
     * @param heldOut says what the search did to the final images; null for none
     * @param secondHeldOut another one, since one alone may share the searched one's faults; null for none
     */
    public record Aim(
            Judge reward, @Nullable Judge heldOut, @Nullable Judge secondHeldOut) {
        public Aim(Judge reward, @Nullable Judge heldOut) {
            this(reward, heldOut, null);
        }
    }

    /** Listens to a search of the comparison, until it is closed. */
    public interface Watch extends SearchListener, AutoCloseable {
        @Override
        void close();
    }

    /** Told what is under way. */
    public interface Watcher {
        /**
         * A search begins.
         *
         * @param cell counts from 1; 0 for a small one that finds a method's size
         * @param cells how many there are, as far as is known
         * @return listens to it; closed when it ends
         */
        Watch begin(int cell, int cells, String title);
    }

    /** What draws, and how a search with it begins. */
    record Drawn(String name, Networks networks, Map<String, String> settings, Supplier<Search.Builder> search) {}

    final Drawn drawn;
    final List<Contender> contenders;
    final List<Aim> aims;
    final List<ImageRequest> images;
    final List<Long> seeds;
    final List<Long> budgets;
    /** Null where methods are not sized for time. */
    final @Nullable Double seconds;
    /** The label of the contender that all others are set beside; null for best-of-n at what each costs. */
    final @Nullable String against;

    final Function<Setup, MachineProfile> profiles;
    final Sampler sampler;
    final @Nullable Classifier features;
    final int maxBatch;
    final int decodeBatch;
    final CellStore store;
    final Watcher watcher;
    final @Nullable CellRunner runner;
    /** Of the contenders' screens, by their texts. */
    private final Map<RewardText, Judge> screenRewards;
    /** Of the rewards that were made: loading one again may take long. */
    final Map<Judge, String> ids = new ConcurrentHashMap<>();

    private Comparison(Builder builder) {
        drawn = builder.drawn;
        contenders = List.copyOf(builder.contenders);
        aims = List.copyOf(builder.aims);
        images = builder.images;
        seeds = builder.seeds;
        budgets = builder.budgets;
        seconds = builder.seconds;
        against = builder.against;
        maxBatch = builder.maxBatch;
        decodeBatch = builder.decodeBatch;
        profiles = builder.profiles == null
                ? setup -> MachineProfile.measure(setup, maxBatch, decodeBatch)
                : builder.profiles;
        sampler = builder.sampler;
        features = builder.features;
        store = new CellStore(builder.folder == null ? null : OutputFolder.open(builder.folder));
        watcher = builder.watcher;
        runner = builder.runner;
        screenRewards = builder.screenRewards();
        notEmpty("methods", contenders);
        notEmpty("rewards", aims);
        notEmpty("images", images);
        notEmpty("seeds", seeds);
        if (against != null
                && contenders.stream().noneMatch(contender -> contender.label().equals(against))) {
            throw new IllegalArgumentException("the method to compare with must be one of "
                    + contenders.stream().map(Contender::label).collect(Collectors.joining(", ")) + ": " + against);
        }
        if (seconds != null && !(seconds > 0)) {
            throw new IllegalArgumentException("seconds must be > 0: " + seconds);
        }
        if (seconds != null && !budgets.isEmpty()) {
            throw new IllegalArgumentException(
                    "methods must be sized for evaluations or for seconds, not both: " + budgets + " and " + seconds);
        }
        long plain =
                schedule().evaluations() * (long) drawn.networks().denoiser().evaluations();
        for (long budget : budgets) {
            if (budget < plain) {
                throw new IllegalArgumentException(
                        "network evaluations must be >= " + plain + ", one plain trajectory's: " + budget);
            }
        }
        contenders.forEach(this::check);
        if (builder.folder != null) {
            CellStore.requireReadable(
                    images.size(),
                    drawn.networks().decoder().image(),
                    schedule().size());
        }
    }

    /** Refuses what a search would refuse, before any has run. */
    private void check(Contender contender) {
        ContenderScreen screen = contender.screen();
        if (screen != null) {
            Reward none = Reward.of("none", image -> 0);
            drawn.search()
                    .get()
                    .sampler(sampler)
                    .method(contender.method())
                    .reward(none)
                    .screening(screen.screening())
                    .screenReward(screen.reward() == null ? null : none)
                    .build();
        }
    }

    /** How a contender's searches are screened; null for not. */
    Cell.@Nullable Screen screen(Contender contender) {
        ContenderScreen screen = contender.screen();
        return screen == null
                ? null
                : new Cell.Screen(screen, screen.reward() == null ? null : screenRewards.get(screen.reward()));
    }

    /** The contenders' methods, as they are and sized, as far as that needs no search. */
    Stream<Method> sized() {
        return contenders.stream()
                .map(Contender::method)
                .flatMap(method -> Stream.concat(
                        Stream.of(method),
                        budgets.stream()
                                .map(budget -> method.sized(
                                        schedule(),
                                        budget / drawn.networks().denoiser().evaluations()))));
    }

    private static void notEmpty(String what, List<?> list) {
        if (list.isEmpty()) {
            throw new IllegalArgumentException(what + " must be >= 1: 0");
        }
    }

    /** Of a pipeline: with its own sampler, and its rewards by name. */
    public static Builder builder(Pipeline pipeline) {
        return new Builder(
                new Drawn(pipeline.name(), pipeline.networks(), pipeline.settings(), () -> Search.builder(pipeline)),
                Samplers.of(pipeline),
                text -> text.build(() -> pipeline));
    }

    /** Of a denoiser whose states are images, named by its id. */
    public static Builder builder(Denoiser denoiser) {
        return builder(denoiser.id(), Networks.of(denoiser));
    }

    /**
     * Of networks of your own, a latent model's with its decoder. They stay yours to close.
     *
     * @param name as reports name the model; stored searches know it by its networks' ids
     */
    public static Builder builder(String name, Networks networks) {
        return new Builder(
                new Drawn(
                        Objects.requireNonNull(name, "name"),
                        networks.withinMemory(),
                        Map.of(),
                        () -> Search.builder(networks)),
                EdmSampler.DEFAULT,
                text -> text.build(() -> {
                    throw new IllegalArgumentException("the reward " + text + " needs a pipeline");
                }));
    }

    /** What it was told or takes by default, for the head of a report. */
    public Map<String, @Nullable Object> settings() {
        return describe().build().json();
    }

    /** As {@link #settings}, for a command to add what else it was told. Makes the rewards for what they are made of, unless a run has. */
    public RunSettings.Builder describe() {
        RunSettings.Builder settings = RunSettings.builder(
                        "compare",
                        RunSettings.Model.of(drawn.name(), drawn.networks(), drawn.settings()),
                        drawn.networks().denoiser().device())
                .batches(maxBatch, decodeBatch)
                .images(images)
                .seeds(seeds.stream().mapToLong(Long::longValue).toArray())
                .sampler(sampler)
                .option("methods", contenders.stream().map(Contender::label).toList())
                .option("contenders", contenders.stream().map(Contender::json).toList())
                .option("seedCount", seeds.size())
                .option("equalNfe", budgets.size() == 1 ? budgets.get(0) : null)
                .option("equalSeconds", seconds)
                .option("sweepNfe", budgets.size() > 1 ? budgets : null);
        if (against != null) {
            settings.option("against", against);
        }
        if (!screenRewards.isEmpty()) {
            Map<String, String> byName = new TreeMap<>();
            screenRewards.values().forEach(judge -> byName.put(judge.name(), id(judge)));
            settings.option("screenRewards", byName);
        }
        aims.forEach(aim -> settings.reward(named(aim.reward())));
        aims.stream()
                .flatMap(aim -> Stream.of(Optional.ofNullable(aim.heldOut()), Optional.ofNullable(aim.secondHeldOut())))
                .flatMap(Optional::stream)
                .map(this::named)
                .distinct()
                .forEach(settings::heldOut);
        return settings;
    }

    private RunSettings.Judge named(Judge judge) {
        return new RunSettings.Judge(judge.name(), id(judge));
    }

    private String id(Judge judge) {
        return ids.computeIfAbsent(judge, asked -> {
            try (Reward reward = asked.make().get()) {
                return reward.id();
            }
        });
    }

    Schedule schedule() {
        return sampler.schedule(drawn.networks().denoiser().parameterisation());
    }

    /**
     * Runs what is not known yet, one search after another.
     *
     * @return a table for each reward
     * @throws org.noisetrail.search.SearchCancelledException if the thread is interrupted; searches that are finished are kept
     */
    public List<ComparisonTable> run() {
        return running(ComparisonRun::run);
    }

    /**
     * Makes one search, unless the folder has it.
     *
     * @param cell as a {@link CellRunner} is given it
     * @throws IllegalArgumentException if it is no search of this comparison
     */
    public void make(String cell) {
        running(run -> {
            run.make(List.of(Cell.of(cell, this)));
            return null;
        });
    }

    /**
     * Makes a part of the searches, so that several machines that share the folder do all of them; best-of-n for a search whose cost depends on what it meets is left to
     * {@link #run}.
     *
     * @param part from 0
     * @param parts how many there are
     * @return how many searches the part has
     */
    public int run(int part, int parts) {
        return running(run -> run.part(part, parts));
    }

    private <T extends @Nullable Object> T running(Function<ComparisonRun, T> work) {
        try {
            return work.apply(new ComparisonRun(this));
        } catch (RuntimeException e) {
            throw SearchCancelledException.orElse(e);
        }
    }

    /** Starts from no method and no reward, ten images, seed 0. */
    public static final class Builder {
        private final Drawn drawn;
        private final Function<RewardText, Reward> rewards;
        private final List<Contender> contenders = new ArrayList<>();
        private final List<Aim> aims = new ArrayList<>();
        /** One a text, so that a run makes its reward once, however many aims it is held out of. */
        private final Map<RewardText, Judge> judges = new HashMap<>();

        private List<ImageRequest> images = ImageRequest.of(0, 10);
        private List<Long> seeds = List.of(0L);
        private List<Long> budgets = List.of();
        private @Nullable Double seconds;
        private @Nullable String against;
        private @Nullable Function<Setup, MachineProfile> profiles;
        private Sampler sampler;
        private @Nullable Classifier features;
        private int maxBatch = 64;
        private int decodeBatch = StepEngine.DECODE_BATCH;
        private @Nullable Path folder;
        private @Nullable CellRunner runner;
        private Watcher watcher = (cell, cells, title) -> SILENT;

        Builder(Drawn drawn, Sampler sampler, Function<RewardText, Reward> rewards) {
            this.drawn = drawn;
            this.sampler = sampler;
            this.rewards = rewards;
        }

        /** Adds methods as texts give them: {@code best-of-n}, {@code eps-greedy:rounds=10:keep-pivot}, {@code beam:screen=first:verify-loss=5%}. */
        public Builder methods(String... texts) {
            for (String text : texts) {
                contender(Contender.parse(text, Map.of()));
            }
            return this;
        }

        /** Adds a method. */
        public Builder method(Method method) {
            return contender(Contender.of(method));
        }

        /**
         * Adds a method with the name that tables call it.
         *
         * @throws IllegalArgumentException if another has this name
         */
        public Builder contender(Contender contender) {
            if (contenders.stream().anyMatch(other -> other.label().equals(contender.label()))) {
                throw new IllegalArgumentException("methods must differ in name: " + contender.label() + " twice");
            }
            contenders.add(contender);
            return this;
        }

        /** Adds a reward to search for, by its text: {@code 0.7*class+0.3*brightness}. */
        public Builder reward(String text) {
            return reward(RewardText.parse(text), null);
        }

        /** Adds a reward to search for, with a held-out one for the final images. */
        public Builder reward(String text, String heldOut) {
            return reward(RewardText.parse(text), RewardText.parse(heldOut));
        }

        /** As {@link #reward(String, String)}; null for no held-out one. */
        public Builder reward(RewardText reward, @Nullable RewardText heldOut) {
            return reward(reward, heldOut, null);
        }

        /** As {@link #reward(String, String)}, with two held-out ones; null for none. */
        public Builder reward(RewardText reward, @Nullable RewardText heldOut, @Nullable RewardText second) {
            return aim(new Aim(
                    judge(reward), heldOut == null ? null : judge(heldOut), second == null ? null : judge(second)));
        }

        private Judge judge(RewardText text) {
            return judges.computeIfAbsent(text, asked -> new Judge(asked.toString(), () -> rewards.apply(asked)));
        }

        private Map<RewardText, Judge> screenRewards() {
            Map<RewardText, Judge> all = new LinkedHashMap<>();
            contenders.stream()
                    .map(Contender::screen)
                    .flatMap(Stream::ofNullable)
                    .map(ContenderScreen::reward)
                    .flatMap(Stream::ofNullable)
                    .forEach(text -> all.put(text, judge(text)));
            return all;
        }

        /** Adds a reward of your own. */
        public Builder aim(Aim aim) {
            aims.add(aim);
            return this;
        }

        /** What to draw; by default images 0 to 9, of no condition. */
        public Builder images(List<ImageRequest> images) {
            this.images = List.copyOf(images);
            return this;
        }

        /** Each draws all images with other noise, as 64 unsigned bits; by default 0 alone. */
        public Builder seeds(long... seeds) {
            this.seeds = LongStream.of(seeds).boxed().toList();
            return this;
        }

        /** Network evaluations an image that each method is sized to cost; by default none, and methods stay as they are. */
        public Builder equalNfe(long... budgets) {
            this.budgets = LongStream.of(budgets).boxed().toList();
            return this;
        }

        /**
         * Seconds that a search of all images is planned to take, with each method and with the best-of-n it is set beside: the decoder's and the rewards' time included. By default none.
         *
         * @param profiles tells what this machine takes; the same profile gives the same sizes
         */
        public Builder equalSeconds(double seconds, Function<Setup, MachineProfile> profiles) {
            this.seconds = seconds;
            this.profiles = profiles;
            return this;
        }

        /** As {@link #equalSeconds(double, Function)}; measures the machine when it begins. */
        public Builder equalSeconds(double seconds) {
            this.seconds = seconds;
            return this;
        }

        /**
         * The contender that all others of the same budget are set beside, by its label: no best-of-n at a search's own cost is drawn then. By default, or with null, best-of-n is.
         * {@link #build} refuses a label that no contender has.
         */
        public Builder against(@Nullable String label) {
            this.against = label;
            return this;
        }

        /** By default the pipeline's; where there is none {@link EdmSampler#DEFAULT}. */
        public Builder sampler(Sampler sampler) {
            this.sampler = Objects.requireNonNull(sampler, "sampler");
            return this;
        }

        /** In whose logits images' diversity is told; by default none, and diversity is NaN. */
        public Builder features(@Nullable Classifier features) {
            this.features = features;
            return this;
        }

        /** The most rows in one network call; by default 64. */
        public Builder maxBatch(int maxBatch) {
            this.maxBatch = maxBatch;
            return this;
        }

        /** The most rows in one call of the decoder and the rewards; by default {@link StepEngine#DECODE_BATCH}, as on the command line, so that both find the same stored searches. */
        public Builder decodeBatch(int decodeBatch) {
            this.decodeBatch = decodeBatch;
            return this;
        }

        /** Where finished searches are kept, in {@code cells/}; by default nowhere. */
        public Builder folder(Path folder) {
            this.folder = folder;
            return this;
        }

        /** Makes searches elsewhere; needs a folder that it shares. By default all are made here. */
        public Builder runner(@Nullable CellRunner runner) {
            this.runner = runner;
            return this;
        }

        /** Told of each search that begins; by default nobody is. */
        public Builder watcher(Watcher watcher) {
            this.watcher = watcher;
            return this;
        }

        /**
         * @throws IllegalArgumentException if there is no method, no reward, no image or no seed, no contender has the label that all are to be set beside, a plain trajectory
         *     costs more than a budget, methods are to be sized for evaluations and for seconds, or for no seconds, a method cannot be screened as it should, or a folder is given and
         *     there are more images of one seed than a kept search holds (a gibibyte of pictures)
         * @throws org.noisetrail.NoisetrailException if the folder cannot be written to
         */
        public Comparison build() {
            return new Comparison(this);
        }
    }
}
