package org.noisetrail.search;

import java.util.OptionalLong;
import org.noisetrail.engine.Locality;
import org.noisetrail.sampler.Schedule;
import org.noisetrail.settings.Kind;
import org.noisetrail.settings.Setting;

/**
 * Search around a pivot at every step: zero-order (epsilon 0), eps-greedy (the paper's method), and pure random per-step search
 * (epsilon 1) are settings of it (paper, algorithm 1).
 *
 * <p>Once a step's noise has reached the target, later steps take their own.
 *
 * @param candidates N, candidates a round, 1 to 65536
 * @param rounds K, rounds a step
 * @param epsilon the probability of a global candidate, 0 to 1
 * @param lambda the radius of a local candidate in units of sqrt(d), at least 0
 * @param keepPivot whether a step's pivot is, from the second round on, replaced only by a strictly better candidate; the first round's best takes the place of the step's own noise, which is not scored
 * @param project whether a new pivot is scaled back to norm sqrt(d), the sphere on which normals live
 * @param scoreAtFirst at which steps of two evaluations candidates are judged after the first, and only the step's winner pays the second; the rounds may ask for it at others
 * @param patience when a step is searched no further; {@link Patience#NEVER} for not before its rounds are over
 * @param threshold the reward at which a step is left; the rounds that saves may be spent at later steps (2512.08985); infinite for none
 */
public record LocalSearch(
        int candidates,
        Rounds rounds,
        double epsilon,
        double lambda,
        boolean keepPivot,
        boolean project,
        ScoreAtFirst scoreAtFirst,
        Patience patience,
        double threshold)
        implements Method {
    private static final Setting<Integer> CANDIDATES =
            Setting.integer("candidates", "N", 4, 1, 65536, "Candidates a round.");
    private static final Setting<Rounds> ROUNDS = Setting.of("rounds", Rounds.constant(20), Rounds::parse)
            .label("K")
            .symbol("K")
            .namesFile(Rounds::namesFile)
            .largest(Rounds::largest)
            .help(
                    "Rounds a step; or a schedule by noise level: 20@0.01..1,1 is 20 rounds where 0.01 <= sigma <= 1, else 1; or a file that calibrate has written.")
            .build();
    private static final Setting<Double> EPSILON = Setting.number(
            "epsilon", "eps", .4, 0, 1, "The probability of a fresh candidate; 1 is pure random search.");
    private static final Setting<Double> LAMBDA =
            Setting.number("lambda", "lambda", .15, 0, 1e6, "The radius of a local candidate, in units of sqrt(d).");
    private static final Setting<Boolean> KEEP_PIVOT = Setting.flag(
            "keep-pivot",
            "From a step's second round on, replace the pivot only by a strictly better candidate; the step's own noise is not scored, and the first round's best takes its place.");
    private static final Setting<Boolean> PROJECT =
            Setting.flag("project", "Scale a new pivot back to the sphere on which normals live.");
    private static final Setting<Patience> PATIENCE = Setting.of("patience", Patience.NEVER, Patience::parse)
            .label("ROUNDS:GAIN")
            .largest(patience -> patience.equals(Patience.NEVER) ? 0 : patience.rounds())
            .help("End a step for an image whose last ROUNDS rounds together gained less than GAIN.")
            .build();
    private static final Setting<Boolean> ROLL_OVER =
            Setting.flag("roll-over", "The rounds that --patience saves may be spent at later steps.");
    private static final Setting<Double> THRESHOLD = Setting.number(
            "threshold",
            "",
            Double.POSITIVE_INFINITY,
            Double.NEGATIVE_INFINITY,
            Double.POSITIVE_INFINITY,
            "Leave a step once its pivot's reward has come to this; the rounds that saves may be spent at later steps.");

    static final Kind<Method> ZERO_ORDER = kind("zero-order", "Rounds of candidates around a pivot.", false);
    static final Kind<Method> EPS_GREEDY =
            kind("eps-greedy", "The paper's method: zero-order, but now and then a fresh noise.", true);

    private static Kind<Method> kind(String name, String help, boolean greedy) {
        Kind.Builder<Method, LocalSearch> kind = Kind.<Method, LocalSearch>of(name, LocalSearch.class, help)
                .with(CANDIDATES, LocalSearch::candidates)
                .with(ROUNDS, LocalSearch::rounds);
        if (greedy) {
            kind.with(EPSILON, LocalSearch::epsilon);
        }
        return kind.with(LAMBDA, LocalSearch::lambda)
                .with(KEEP_PIVOT, LocalSearch::keepPivot)
                .with(PROJECT, LocalSearch::project)
                .with(ScoreAtFirst.SETTING, LocalSearch::scoreAtFirst)
                .with(PATIENCE, LocalSearch::patience)
                .with(ROLL_OVER, search -> search.patience().rollOver())
                .with(THRESHOLD, LocalSearch::threshold)
                .make(values -> new LocalSearch(
                        values.get(CANDIDATES),
                        values.get(ROUNDS),
                        greedy ? values.get(EPSILON) : 0,
                        values.get(LAMBDA),
                        values.get(KEEP_PIVOT),
                        values.get(PROJECT),
                        values.get(ScoreAtFirst.SETTING),
                        values.get(PATIENCE).withRollOver(values.get(ROLL_OVER)),
                        values.get(THRESHOLD)));
    }

    public LocalSearch {
        CANDIDATES.checked(candidates);
        EPSILON.checked(epsilon);
        LAMBDA.checked(lambda);
        THRESHOLD.checked(threshold);
    }

    /** The paper's method with its defaults: N 4, K 20, epsilon .4, lambda .15. */
    public static LocalSearch epsGreedy() {
        return builder().build();
    }

    /** eps-greedy without global candidates: N 4, K 20, lambda .15. */
    public static LocalSearch zeroOrder() {
        return builder().epsilon(0).build();
    }

    /** Starts from eps-greedy's defaults. */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    public String name() {
        return epsilon == 0 ? "zero-order" : "eps-greedy";
    }

    @Override
    public int rowsPerImage(int maxBatch) {
        return candidates;
    }

    @Override
    public boolean screens() {
        return scoreAtFirst != ScoreAtFirst.ALWAYS;
    }

    @Override
    public Locality locality() {
        return new Locality(epsilon, lambda, project);
    }

    @Override
    public boolean guards() {
        return true;
    }

    @Override
    public Outcome search(Wave wave) {
        try (PivotSearch search = new PivotSearch(this, wave, null)) {
            return search.run();
        }
    }

    @Override
    public OptionalLong evaluations(Schedule schedule) {
        boolean known = patience == Patience.NEVER && threshold == Double.POSITIVE_INFINITY;
        return known || schedule.lastLive() < 0
                ? OptionalLong.of(priced(schedule).cost(rounds))
                : OptionalLong.empty();
    }

    private SizedRounds priced(Schedule schedule) {
        return new SizedRounds(candidates, step -> screens(step, schedule), schedule);
    }

    /** Whether a step's candidates are judged after the first of its two evaluations. */
    boolean screens(int step, Schedule schedule) {
        return Sizes.atFirst(scoreAtFirst, schedule, step)
                || Sizes.canBeAtFirst(schedule, step)
                        && rounds.atFirst(step, schedule.step(step).level());
    }

    /** Rounds keep the proportions that its own have. */
    @Override
    public Method sized(Schedule schedule, long evaluations) {
        Rounds sized = priced(schedule).fill(rounds, evaluations);
        return new LocalSearch(
                candidates, sized, epsilon, lambda, keepPivot, project, scoreAtFirst, patience, threshold);
    }

    /** As if what rounds cost grew in proportion. */
    @Override
    public Method resized(Schedule schedule, double measured, long evaluations) {
        long plain = schedule.evaluations();
        double growth = Sizes.growth(schedule, measured, evaluations);
        return sized(schedule, Math.round(plain + (priced(schedule).cost(rounds) - plain) * growth));
    }

    /** Starts from eps-greedy's defaults. */
    public static final class Builder {
        private int candidates = 4;
        private Rounds rounds = Rounds.constant(20);
        private double epsilon = .4;
        private double lambda = .15;
        private boolean keepPivot;
        private boolean project;
        private ScoreAtFirst scoreAtFirst = ScoreAtFirst.NEVER;
        private Patience patience = Patience.NEVER;
        private double threshold = Double.POSITIVE_INFINITY;

        private Builder() {}

        /** N, how many noises a round tries: 1 to 65536. */
        public Builder candidates(int candidates) {
            this.candidates = candidates;
            return this;
        }

        /** K, how many rounds each step has: 0 to 65535. */
        public Builder rounds(int rounds) {
            return rounds(Rounds.constant(rounds));
        }

        /** K by noise level. */
        public Builder rounds(Rounds rounds) {
            this.rounds = rounds;
            return this;
        }

        /** How probable fresh noise is in a local move's place: 0 (zero-order) to 1 (random search). */
        public Builder epsilon(double epsilon) {
            this.epsilon = epsilon;
            return this;
        }

        /** The farthest local move, in units of sqrt(d). */
        public Builder lambda(double lambda) {
            this.lambda = lambda;
            return this;
        }

        /** Whether, from a step's second round on, only a strictly better candidate replaces the pivot; by default the best candidate does. */
        public Builder keepPivot(boolean keepPivot) {
            this.keepPivot = keepPivot;
            return this;
        }

        /** Whether pivots are scaled back to where normals live; by default not. */
        public Builder project(boolean project) {
            this.project = project;
            return this;
        }

        /** Whether candidates are judged after the first of a step's two evaluations; by default not. */
        public Builder scoreAtFirst(boolean scoreAtFirst) {
            return scoreAtFirst(ScoreAtFirst.of(scoreAtFirst));
        }

        /** At which steps of two evaluations candidates are judged after the first; by default at none. */
        public Builder scoreAtFirst(ScoreAtFirst scoreAtFirst) {
            this.scoreAtFirst = scoreAtFirst;
            return this;
        }

        /** When a step that gains too little ends; by default never. */
        public Builder patience(Patience patience) {
            this.patience = patience;
            return this;
        }

        /** A step ends for an image whose pivot has reached this reward; by default never. */
        public Builder threshold(double threshold) {
            this.threshold = threshold;
            return this;
        }

        /**
         * The method.
         *
         * @throws IllegalArgumentException if a setting is out of its range
         */
        public LocalSearch build() {
            return new LocalSearch(
                    candidates, rounds, epsilon, lambda, keepPivot, project, scoreAtFirst, patience, threshold);
        }
    }
}
