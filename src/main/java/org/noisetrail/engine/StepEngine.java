package org.noisetrail.engine;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.noisetrail.kernels.Lane;
import org.noisetrail.model.Condition;
import org.noisetrail.model.Decoder;
import org.noisetrail.model.Denoiser;
import org.noisetrail.reward.Reward;
import org.noisetrail.sampler.Schedule;
import org.noisetrail.sampler.Step;
import org.noisetrail.torch.Exchange;
import org.noisetrail.torch.Tensors;
import org.noisetrail.torch.Unfinished;
import org.noisetrail.trace.Ledger;

/**
 * The reverse steps of a group of images, split where the noise enters, for any number of candidates a step: what every search method is made of.
 *
 * <p>Rows are cut into chunks of at most {@code maxBatch} for the network and of {@code decodeBatch} for the decoder and the rewards; results depend on it by the network's rounding alone. One thread
 * uses an engine, from its making to its end. What does not fit (rows that a workspace has no room for, rows that are not there) is an {@link IllegalArgumentException}, before anything is written. An exception other than a {@link Checkpoint}'s leaves it usable for {@link #close} only. Images are named by their slot, their place in the group.
 */
public final class StepEngine implements AutoCloseable {
    /** The most rows in one call of the decoder and the rewards, where nothing else is said: in Java, on the command line and on a cluster alike. */
    public static final int DECODE_BATCH = 16;

    private final Group group;
    private final Forward forward;
    private final Judge judge;
    private final Selection selection;
    private final @Nullable Judge guard;
    private final @Nullable Speculation speculation;
    private final @Nullable Recorder recorder;

    private StepEngine(Builder builder) {
        try (Unfinished parts = new Unfinished()) {
            group = parts.add(new Group(builder));
            selection = parts.add(new Selection(group));
            forward = parts.add(new Forward(group));
            judge = parts.add(
                    new Judge(group, group.decoder.image(), group.ledger::decoderCall, group.ledger::rewardCall));
            guard = group.estimates
                    ? parts.add(
                            new Judge(group, group.decoder.image(), group.ledger::decoderCall, group.ledger::guardCall))
                    : null;
            speculation = group.screen == null
                    ? null
                    : parts.add(new Speculation(group, group.screen, forward, selection, judge));
            recorder = builder.graphs && group.hands == 1 && group.lane.device().isCuda()
                    ? parts.add(new Recorder(group))
                    : null;
            parts.finish();
        }
    }

    /** For a network and the table of its steps. */
    public static Builder builder(Denoiser denoiser, Schedule schedule) {
        return new Builder(denoiser, schedule);
    }

    /** The table of its steps. */
    public Schedule schedule() {
        return group.schedule;
    }

    /** Starts a table of rows of a step, from -1, which is for initial states, to T - 1. */
    public Draws.Builder draws(int step, int capacity) {
        return new Draws.Builder(group, step, capacity);
    }

    /** Empty rows, for noise. */
    public Rows rows(int count) {
        return new Rows(group.device, count, group.shape);
    }

    /** Empty particles. */
    public Particles particles(int count) {
        return new Particles(group.device, count, group.shape, withOutput(), group.estimates);
    }

    /** Room for so many candidates, the caller's to close. */
    public Candidates candidates(int capacity) {
        return new Candidates(group.device, group.exchange, capacity, group.shape, withOutput(), group.estimates);
    }

    private boolean withOutput() {
        return group.schedule.startEvaluations() > 0;
    }

    /**
     * @param rounds the most selections it will hold
     * @param targets per group, the row of the results it writes
     */
    public Winners winners(int rounds, int[] targets) {
        double[] nothing = new double[targets.length];
        Arrays.fill(nothing, Double.NaN);
        return winners(rounds, targets, nothing);
    }

    /** @param scores per group, the score to beat where the best is kept; NaN = none yet */
    public Winners winners(int rounds, int[] targets, double[] scores) {
        return new Winners(group.exchange, rounds, targets, scores);
    }

    /** The initial particles of draws of step -1: x_0 = startScale * normal. */
    public Particles start(Draws draws) {
        draws.needStart();
        try (Unfinished parts = new Unfinished()) {
            Particles into = parts.add(particles(draws.rows()));
            forward.start(draws, into);
            return parts.finish(into);
        }
    }

    /**
     * Initial particles of given noise: x_0 = startScale * noise.
     *
     * @param draws of step -1, a row each: whose they are
     */
    public Particles start(Draws draws, Rows noise) {
        draws.needStart();
        try (Unfinished parts = new Unfinished()) {
            Particles into = parts.add(particles(draws.rows()));
            Rows.combine(group.schedule.startScale(), noise, 0, noise, into.x());
            forward.evaluate(draws, into, 0);
            return parts.finish(into);
        }
    }

    /**
     * Particles back up to an earlier step's noise level: the process a x0 + b n run forward with fresh noise.
     *
     * @param draws a row each: whose they are; of the step that the particles stand at
     * @param to the step they then stand at, not a later one
     * @param into takes them
     */
    public void renoise(Draws draws, Particles from, int to, Rows noise, Particles into) {
        draws.needStep();
        Draws.range("to", to, draws.step());
        into.x().need(draws.rows());
        Step high = group.schedule.step(to);
        Step low = group.schedule.step(draws.step());
        double ratio = high.signal() / low.signal();
        double added = Math.pow(noise(high), 2) - Math.pow(ratio * noise(low), 2);
        Rows.combine(ratio, from.x(), Math.sqrt(Math.max(0, added)), noise, into.x());
        forward.evaluate(draws, into, to);
    }

    /** b of the state a x0 + b n that a step starts from; where nothing is left of x0, that of the initial states. */
    private double noise(Step step) {
        return step.signal() == 0 ? group.schedule.startScale() : step.level() * step.signal();
    }

    /** The noise of each row alone, from row 0 on. */
    public void noise(Rows into, @Nullable Rows pivots, Draws draws, Locality locality) {
        forward.noise(into, pivots, draws, locality);
    }

    /** into = sqrt(1 - share^2) before + share fresh, over the rows of {@code into}. */
    public void mix(Rows before, double share, Rows fresh, Rows into) {
        Rows.combine(Math.sqrt(1 - share * share), before, share, fresh, into);
    }

    /**
     * Noise that is a weighted sum of others, regenerated by name: out[r] = sum_m weights[r][m] * normals(terms[r * M + m]), scaled to norm sqrt(d).
     *
     * @param terms rows x M draws
     * @param weights [rows][M]
     * @param into takes the sums, from row 0 on
     */
    public void combine(Draws terms, double[][] weights, Rows into) {
        double[] flat = Factors.flat(weights);
        if (terms.rows() != flat.length) {
            throw new IllegalArgumentException("terms must be " + flat.length + ", one a weight: " + terms.rows());
        }
        into.need(weights.length);
        try (Exchange.Slice factors = group.exchange.put(flat)) {
            group.kernels.combine(
                    terms.table(0),
                    weights.length,
                    weights[0].length,
                    factors.pointer(),
                    group.seed,
                    group.elements,
                    1,
                    into.pointer());
        }
    }

    /**
     * Noise moved along what candidates' clean estimates say of a reward: with h = sum_m w_m (c_m - mean c), h^ = h/|h|, each group's noise z becomes
     * sqrt(d) unit(z - &lt;z, h^&gt; h^ + shift h^). A group whose h is 0 keeps z, on the sphere.
     *
     * @param candidates the last {@link #advance} or {@link #screen}: groups x M rows
     * @param weights [groups][M]
     * @param own the groups' noise z, rows 0 to groups - 1
     * @param into takes the result, rows 0 to groups - 1
     */
    public void shift(Candidates candidates, double[][] weights, double shift, Rows own, Rows into) {
        Directions.shift(group, candidates.clean(), weights, shift, own, into);
    }

    /**
     * One transition per row, from the particles and pivots the draws name.
     *
     * @param pivots null if no row needs one
     * @param round added to each row's round
     */
    public void advance(
            Candidates into, Particles from, @Nullable Rows pivots, Draws draws, int round, Locality locality) {
        advance(into, new Trial(from, pivots, draws, round, locality), false);
    }

    private void advance(Candidates into, Trial trial, boolean screened) {
        into.begin(trial.draws(), trial.round(), screened);
        forward.advance(into, trial, screened);
    }

    /**
     * The clean estimates that the rows' noises lead to, at {@link Schedule#screeningEvaluations}: after the first evaluation of a step that has two; otherwise as
     * {@link #advance}, whole transitions. Where {@link Schedule#screens}, {@link #select} then copies to {@link #halfway} particles, from which
     * {@link #complete} goes on.
     */
    public void screen(
            Candidates into, Particles from, @Nullable Rows pivots, Draws draws, int round, Locality locality) {
        advance(into, new Trial(from, pivots, draws, round, locality), group.schedule.screens(draws.step()));
    }

    /** Empty particles that take screened rows. */
    public Particles halfway(int count) {
        return new Particles(group.device, count, group.shape, true, false);
    }

    /**
     * Makes the transitions of some screened rows whole, for {@link Schedule#completion} evaluations.
     *
     * @param screened the last {@link #screen} of a step of two evaluations, another workspace than {@code into}
     * @param sources its rows, one for each row of draws
     * @throws IllegalArgumentException also if its rows are whole already
     */
    public void complete(Candidates into, Candidates screened, int[] sources, Draws draws) {
        if (!screened.screened) {
            throw new IllegalArgumentException(
                    "screened must be rows of a screen of two evaluations: step " + screened.step + " made them whole");
        }
        complete(into, screened.current(), sources, draws);
    }

    /**
     * As {@link #complete(Candidates, Candidates, int[], Draws)}, of rows that were selected.
     *
     * @param halfway takes a row of draws from its row {@code sources[r]}
     */
    public void complete(Candidates into, Particles halfway, int[] sources, Draws draws) {
        if (sources.length != draws.rows()) {
            throw new IllegalArgumentException("sources must be " + draws.rows() + ", one a row: " + sources.length);
        }
        draws.needStep();
        into.begin(draws, 0, false);
        try (Particles rows = halfway(sources.length)) {
            selection.copy(halfway, sources, null, rows);
            forward.complete(into, rows, draws);
        }
    }

    /**
     * A round: one transition per row, judged. Without a screen that is {@link #advance} and {@link #score}.
     *
     * <p>With one, candidates are screened, and of each group the best are verified by the true decoder and reward: as many as keep the expected loss below the screen's bound, all
     * of them where nothing is known yet, and at least as many as go on. A candidate that the screen gives no finite score is verified. Those that are not score minus infinity, and have
     * no whole transition; of a group that has any better score none of them can win, and a group that has not is verified whole.
     *
     * @throws IllegalArgumentException if the rivals are not the draws' rows
     */
    public void compete(Candidates into, Trial trial, Reward reward, Rivals rivals) {
        if (rivals.rows() != trial.draws().rows()) {
            throw new IllegalArgumentException(
                    "rivals must be " + trial.draws().rows() + ", the draws' rows: " + rivals.rows());
        }
        if (speculation == null || !speculation.screens(trial.draws().step(), reward) || !rivals.contested()) {
            advance(into, trial, false);
            score(into, trial.draws(), reward);
            return;
        }
        speculation.compete(into, trial, reward, rivals);
    }

    /**
     * A round of candidates and its selection: {@link #compete} (or, {@code first}, {@link #screen} and {@link #score}), where of each group one goes on, then {@link #select}. Where an engine
     * {@link Builder#graphs records}, a card is given rounds of all its images that are alike as a whole.
     *
     * @param trial has winners
     * @param first whether steps of two evaluations are judged after the first of them
     * @param keep whether a group's earlier best is replaced only by a strictly better one
     * @param next takes the winners' next particles, or those halfway; the trial's pivots take their noise
     */
    public void round(Candidates into, Trial trial, Reward reward, boolean first, boolean keep, Particles next) {
        Winners winners = Objects.requireNonNull(trial.winners(), "winners");
        Draws draws = trial.draws();
        Selection.need(draws.rows(), winners, trial.pivots(), next);
        Runnable compete = () -> {
            if (first) {
                advance(into, trial, group.schedule.screens(draws.step()));
                score(into, draws, reward);
            } else {
                compete(into, trial, reward, Rivals.of(winners.groups(), draws.rows() / winners.groups()));
            }
        };
        Runnable select = () -> selection.select(into, winners, keep, trial.pivots(), next);
        boolean screened = speculation != null && !first && speculation.screens(draws.step(), reward);
        // Some of the images are others the next time.
        boolean all = winners.groups() == group.images();
        if (recorder == null || screened || !all || !reward.staysOnDevice()) {
            compete.run();
            select.run();
        } else {
            into.begin(draws, trial.round(), first && group.schedule.screens(draws.step()));
            recorder.round(alike(into, trial, winners, reward, first, keep, next), into, compete, select);
        }
        winners.select();
    }

    /** All that the host tells the device in a round, but what lies in the device's memory. */
    private List<Object> alike(
            Candidates into, Trial trial, Winners winners, Reward reward, boolean first, boolean keep, Particles next) {
        Draws draws = trial.draws();
        Step step = group.schedule.step(draws.step());
        return Arrays.asList(
                into,
                into.next(),
                trial.from(),
                trial.pivots(),
                next,
                trial.locality(),
                trial.base(),
                reward,
                first,
                keep,
                step.at(),
                step.second() != null,
                group.isLast(draws.step()),
                draws.slots(),
                draws.places(),
                winners.places(),
                winners.rounds());
    }

    /** How many rounds were given to the device as a whole. */
    int launches() {
        return recorder == null ? 0 : recorder.launches();
    }

    /** Waits for the device, where it may still be at work. */
    public void await() {
        group.lane.synchronize();
    }

    /** What screening has done for an image; null where nothing is screened. */
    public @Nullable Screened screened(int slot) {
        return speculation == null ? null : speculation.screened(slot);
    }

    /**
     * What the rows of the last {@link #compete} are worth: true scores, and of those that were not verified what the screen lets expect. NaN where nothing is known. Waits for the device.
     */
    public double[] estimates(Candidates candidates) {
        return candidates.estimates == null ? scores(candidates) : candidates.estimates.clone();
    }

    /** Judges the clean estimates of the last {@link #advance}, in 8 bits, by the preview decoder where there is one; after the last step, the final states by the true one. */
    public void score(Candidates candidates, Draws draws, Reward reward) {
        candidates.need(draws);
        Rows states = group.judged(candidates, draws.step());
        judge.score(decoder(draws.step()), states, draws, candidates.round, reward, candidates.scoring());
    }

    /**
     * As {@link #score}, but by several rewards, each image decoded once; the first is told as the searched one, the others as held out. Waits for the device.
     *
     * @return [rewards][rows]
     */
    public double[][] judge(Candidates candidates, Draws draws, List<Reward> rewards) {
        candidates.need(draws);
        countReward(draws);
        countHeldOut(draws, rewards.size() - 1);
        return judged(candidates, draws, rewards);
    }

    /**
     * As {@link #judge(Candidates, Draws, List)}, of what {@link #score} or {@link #compete} has judged by the searched reward already.
     *
     * @return [others][rows]
     */
    public double[][] heldOut(Candidates candidates, Draws draws, List<Reward> others) {
        candidates.need(draws);
        countHeldOut(draws, others.size());
        return judged(candidates, draws, others);
    }

    private void countReward(Draws draws) {
        for (int row = 0; row < draws.rows(); row++) {
            group.ledger.rewardCall(draws.slot(row));
        }
    }

    private void countHeldOut(Draws draws, int rewards) {
        for (int row = 0; row < draws.rows(); row++) {
            for (int each = 0; each < rewards; each++) {
                group.ledger.heldOutCall(draws.slot(row));
            }
        }
    }

    private double[][] judged(Candidates candidates, Draws draws, List<Reward> rewards) {
        Rows states = group.judged(candidates, draws.step());
        return judge.all(decoder(draws.step()), states, draws, rewards, null).scores();
    }

    /**
     * What a guard says of the clean estimates of the step that has led to particles, decoded and in 8 bits as {@link #score} judges them. Waits for the device.
     *
     * @param draws a row each: whose they are; of that step, which is not the last
     * @param rows where they lie
     * @return one score a row; counted as the guard's calls
     * @throws IllegalStateException if the engine does not keep {@link Builder#estimates}
     */
    public double[] guard(Draws draws, Particles particles, int[] rows, Reward reward) {
        Rows clean = particles.clean();
        if (guard == null || clean == null) {
            throw new IllegalStateException("the engine keeps no clean estimates");
        }
        if (rows.length != draws.rows()) {
            throw new IllegalArgumentException("rows must be " + draws.rows() + ", one a row of draws: " + rows.length);
        }
        try (Rows chosen = rows(rows.length);
                Tensor scores = Tensors.doubles(group.device, rows.length)) {
            gather(clean, rows, chosen);
            guard.score(decoder(draws.step()), chosen, draws, 0, reward, scores);
            return Tensors.toDoubles(scores);
        }
    }

    private Decoder decoder(int step) {
        return group.isLast(step) ? group.decoder : group.preview;
    }

    /** The rows' scores. Waits for the device. */
    public double[] scores(Candidates candidates) {
        return candidates.scores(candidates.rows);
    }

    /** Judges final states by the true decoder, in 8 bits, in the order of the draws' rows. Waits for the device. */
    public double[] judge(Rows states, Draws draws, Reward reward) {
        states.need(draws.rows());
        try (Tensor scores = Tensors.doubles(group.device, draws.rows())) {
            judge.score(group.decoder, states, draws, 0, reward, scores);
            return Tensors.toDoubles(scores);
        }
    }

    /**
     * Final images, and what is said of them.
     *
     * @param pixels uint8 [rows, C, H, W] of the decoder's images
     * @param finite whether each image was free of NaN and infinity before 8 bits
     * @param rewards [rows]; null where there was none to ask
     * @param heldOuts [rows]; null where there was none to ask
     */
    public record Finals(byte[] pixels, boolean[] finite, double @Nullable [] rewards, double @Nullable [] heldOuts) {}

    /** Final states as images on the host, each decoded once, by the true decoder, for all that judge it. Waits for the device. */
    public Finals finish(Rows states, Draws draws, @Nullable Reward reward, @Nullable Reward heldOut) {
        states.need(draws.rows());
        List<Reward> rewards = new ArrayList<>();
        if (reward != null) {
            rewards.add(reward);
            countReward(draws);
        }
        if (heldOut != null) {
            rewards.add(heldOut);
            countHeldOut(draws, 1);
        }
        byte[] pixels =
                new byte[Math.multiplyExact(draws.rows(), group.decoder.image().elements())];
        Judge.Judged finals = judge.all(group.decoder, states, draws, rewards, pixels);
        boolean[] finite = new boolean[finals.bad().length];
        for (int row = 0; row < finite.length; row++) {
            finite[row] = finals.bad()[row] == 0;
        }
        return new Finals(
                pixels,
                finite,
                reward == null ? null : finals.scores()[0],
                heldOut == null ? null : finals.scores()[rewards.size() - 1]);
    }

    /**
     * Chooses the best of each group of consecutive candidates and copies its noise and next particle to the rows the winners name.
     *
     * @param keep whether a group's earlier best is replaced only by a strictly better one
     * @param pivots takes the winners' noise; may be null
     * @param next takes the winners' next particles
     */
    public void select(Candidates candidates, Winners winners, boolean keep, @Nullable Rows pivots, Particles next) {
        selection.select(candidates, winners, keep, pivots, next);
        winners.select();
    }

    /** Copies of rows of particles, the caller's to close. */
    public Particles copies(Particles from, int[] rows) {
        try (Unfinished parts = new Unfinished()) {
            Particles into = parts.add(particles(rows.length));
            selection.copy(from, rows, null, into);
            return parts.finish(into);
        }
    }

    /** to[targets[r]] = from[sources[r]]; the two share no memory. */
    public void copy(Particles from, int[] sources, int[] targets, Particles to) {
        selection.copy(from, sources, targets, to);
    }

    /** to[r] = from[sources[r]]. */
    public void gather(Rows from, int[] sources, Rows to) {
        selection.copy(from, sources, null, to);
    }

    /** to[targets[r]] = from[r]. */
    public void put(Particles from, int[] targets, Particles to) {
        selection.copy(from, null, targets, to);
    }

    /** to[targets[r]] = from[r]. */
    public void put(Rows from, int[] targets, Rows to) {
        selection.copy(from, null, targets, to);
    }

    /** |row| / sqrt(d) of each row. Waits for the device. */
    public double[] norms(Rows rows) {
        return selection.norms(rows);
    }

    /** |noise| / sqrt(d) of each of the candidates. Waits for the device; scores that are read next come with it. */
    public double[] norms(Candidates candidates) {
        selection.lengths(candidates.noise, candidates.rows, candidates.lengths);
        return selection.relative(candidates.lengths, candidates.rows);
    }

    /** Keeps an eye on the noise of so many rows; the caller's to close. */
    public Norms norms(int rows) {
        return new Norms(group, selection, rows);
    }

    /**
     * Systematic resampling (Kitagawa 1996): how often a place of a group is drawn differs from size * weight / sum by less than 1. Waits for the device.
     *
     * @param weights [groups][size], at least one of each; at least 0, on any scale
     * @param uniforms one a group, in (0, 1)
     * @return [groups][size]: which place of its group each place now takes, not falling
     */
    public int[][] resample(double[][] weights, double[] uniforms) {
        return selection.resample(weights, uniforms);
    }

    /** The coin of each row's key, in (0, 1): a COIN row is global where it is below epsilon. */
    public double[] coins(Draws.Builder keys) {
        return keys.coins();
    }

    @Override
    public void close() {
        Unfinished.closeAll(Arrays.asList(forward, judge, guard, recorder, speculation, selection, group));
    }

    /** Collects what an engine is given. */
    public static final class Builder {
        final Denoiser denoiser;
        final Schedule schedule;
        Decoder decoder;

        @Nullable
        Decoder preview;

        @Nullable
        Screen screen;

        long seed;
        int maxBatch = 64;
        int decodeBatch = DECODE_BATCH;
        long[] images = {};
        List<Condition> conditions = List.of();
        Ledger ledger = new Ledger(0);
        Checkpoint checkpoint = Checkpoint.NONE;
        int hands = 1;
        boolean graphs;
        boolean estimates;

        @Nullable
        Lane lane;

        private Builder(Denoiser denoiser, Schedule schedule) {
            this.denoiser = Objects.requireNonNull(denoiser, "denoiser");
            this.schedule = Objects.requireNonNull(schedule, "schedule");
            decoder = Decoder.identity(denoiser.shape());
        }

        private static int positive(String what, int value) {
            if (value < 1) {
                throw new IllegalArgumentException(what + " must be >= 1: " + value);
            }
            return value;
        }

        /** By default states are images. */
        public Builder decoder(Decoder decoder) {
            this.decoder = decoder;
            return this;
        }

        /** Judges candidates in the decoder's place; null for none. */
        public Builder preview(@Nullable Decoder preview) {
            this.preview = preview;
            return this;
        }

        /** Screens the candidates of {@link StepEngine#compete}, and all are verified by the true decoder, never by a preview; null for none. */
        public Builder screen(@Nullable Screen screen) {
            this.screen = screen;
            return this;
        }

        /** Names all noise, 64 unsigned bits. */
        public Builder seed(long seed) {
            this.seed = seed;
            return this;
        }

        /** The most rows in one network call. */
        public Builder maxBatch(int maxBatch) {
            this.maxBatch = positive("max-batch", maxBatch);
            return this;
        }

        /** The most rows in one call of the decoder and the rewards; by default {@link #DECODE_BATCH}. */
        public Builder decodeBatch(int decodeBatch) {
            this.decodeBatch = positive("decode-batch", decodeBatch);
            return this;
        }

        /**
         * @param images the images' numbers, 32 unsigned bits each
         * @param conditions one an image
         * @param ledger counts, by slot
         */
        public Builder images(long[] images, List<Condition> conditions, Ledger ledger) {
            if (conditions.size() != images.length) {
                throw new IllegalArgumentException(
                        "conditions must be " + images.length + ", one an image: " + conditions.size());
            }
            this.images = images.clone();
            this.conditions = List.copyOf(conditions);
            this.ledger = ledger;
            return this;
        }

        /** Asked before each call; by default all goes on. */
        public Builder checkpoint(Checkpoint checkpoint) {
            this.checkpoint = checkpoint;
            return this;
        }

        /** How many threads take chunks of a step's rows, each with its share of this thread's; by default 1, this one. Results depend on it as on {@link #maxBatch}. */
        public Builder hands(int hands) {
            this.hands = positive("hands", hands);
            return this;
        }

        /** Whether a card is given rounds that are alike as a whole, by CUDA graphs; by default not. Results do not depend on it. */
        public Builder graphs(boolean graphs) {
            this.graphs = graphs;
            return this;
        }

        /** Whether particles keep the clean estimates of the step that has led to them, for {@link StepEngine#guard}; by default not. */
        public Builder estimates(boolean estimates) {
            this.estimates = estimates;
            return this;
        }

        /** Where kernels run, in place of a lane of the denoiser's device; the engine's to close. */
        Builder lane(Lane lane) {
            this.lane = lane;
            return this;
        }

        /** Opens its lane; the engine is its caller's to close. */
        public StepEngine build() {
            return new StepEngine(this);
        }
    }
}
