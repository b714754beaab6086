package org.noisetrail.search;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.noisetrail.engine.Draws;
import org.noisetrail.engine.Locality;
import org.noisetrail.engine.NoiseKind;
import org.noisetrail.engine.Particles;
import org.noisetrail.engine.Trial;
import org.noisetrail.engine.Winners;
import org.noisetrail.reward.Reward;
import org.noisetrail.sampler.Schedule;
import org.noisetrail.torch.Unfinished;

/** Rounds of candidates around a pivot at every step that injects noise: {@link LocalSearch}. */
final class PivotSearch extends StepwiseSearch {
    private final LocalSearch method;
    private final Locality locality;
    private final long[] saved;

    private final @Nullable Observer observer;

    /** Sees the scores of an image's round; the host waits for the device to show them. */
    interface Observer {
        /** Judge the candidates, too. */
        default List<Reward> others() {
            return List.of();
        }

        /**
         * @param image whose round it is
         * @param scores [rewards][candidates], those of the searched reward first
         * @param first what the same candidates scored after the first of the step's two evaluations; null where that was not asked
         */
        void round(int step, ImageRequest image, double[][] scores, double @Nullable [] first);
    }

    PivotSearch(LocalSearch method, Wave wave, @Nullable Observer observer) {
        super(wave, method.candidates());
        this.method = method;
        this.observer = observer;
        locality = method.locality();
        saved = new long[images];
    }

    @Override
    void step(int step) {
        if (wave.schedule().isDead(step)) {
            plain(step, wave.slots());
            return;
        }
        int rounds = SizedRounds.at(method.rounds(), wave.schedule(), step);
        StepRounds budget = new StepRounds(images, rounds);
        int[] searched = remaining(step, wave.slots(), budget);
        boolean screens = searched.length > 0 && screens(step);
        // All tables before the first work, so that they go to the device together.
        try (Draws chosen = screens ? wave.own(step, searched, 0, NoiseKind.NONE) : null;
                Draws own = wave.own(step, wave.slots(), 0, NoiseKind.GLOBAL);
                Race race = searched.length == 0 ? null : new Race(step, searched, budget, 0)) {
            engine.noise(pivots, null, own, Locality.NONE);
            if (searched.length < images) {
                plain(step, without(searched));
            }
            if (race == null) {
                norms.observe(pivots);
            } else if (chosen == null) {
                search(step, budget, race, next());
            } else {
                search(step, budget, race, halfway());
                complete(searched, chosen);
            }
        }
        wave.watch(step, next(), searched, searched);
        wave.each(slot -> save(slot, rounds - budget.done(slot), budget.score(slot)));
    }

    /** What a threshold leaves over may be spent later, what patience does only where that was asked; what was spent of it is gone. */
    private void save(int slot, int rounds, double score) {
        boolean keeps = method.patience().rollOver() || Wave.isReached(score, method.threshold());
        saved[slot] += keeps ? rounds : Math.min(rounds, 0);
    }

    private boolean screens(int step) {
        return method.screens(step, wave.schedule());
    }

    /** Images that try candidates together, and what is chosen of them. */
    private final class Race implements AutoCloseable {
        final int[] slots;
        /** The rounds that its images have had. */
        final int first;

        final Winners winners;
        final Draws draws;

        Race(int step, int[] slots, StepRounds budget, int first) {
            this.slots = slots;
            this.first = first;
            int most = Arrays.stream(slots)
                            .map(slot -> allowed(slot, budget))
                            .max()
                            .orElse(0)
                    - first;
            try (Unfinished parts = new Unfinished()) {
                winners = parts.add(engine.winners(most, slots, budget.scores(slots)));
                draws = parts.add(candidates(step, slots));
                parts.finish();
            }
        }

        @Override
        public void close() {
            draws.close();
            winners.close();
        }
    }

    /**
     * Rounds for images that may end at different times. The host reads scores between rounds only if what ends a step depends on them; where some images end, what was
     * selected so far is read, and the rest go on alone.
     *
     * @param race the first, the caller's to close
     */
    private void search(int step, StepRounds budget, Race race, Particles to) {
        int[] slots = race.slots;
        int[] still = race(step, budget, race, to);
        while (still.length > 0) {
            try (Race rest = new Race(step, still, budget, budget.done(still[0]))) {
                still = race(step, budget, rest, to);
            }
        }
        wave.reportStep(step, slots, budget.scores(slots));
    }

    /** Rounds until an image ends. */
    private int[] race(int step, StepRounds budget, Race race, Particles to) {
        boolean reading = method.patience() != Patience.NEVER
                || Math.min(method.threshold(), wave.target()) < Double.POSITIVE_INFINITY;
        int[] active = race.slots;
        int round = race.first;
        int[] still = active;
        while (still.length == active.length) {
            round++;
            double[] first = looksFirst(step) ? first(race.draws, round) : null;
            Trial trial = new Trial(x(), pivots, race.draws, round, locality, race.winners);
            engine.round(many, trial, wave.reward(), screens(step), method.keepPivot(), to);
            observe(step, active, race.draws, first);
            budget.count(active);
            if (reading) {
                double[] now = race.winners.scores();
                budget.scores(active, now);
                reached(active, now);
            }
            still = remaining(step, active, budget);
            wave.reportProgress((long) images * step);
        }
        if (still.length == 0) {
            // Before the winners are read, so that it comes with them.
            norms.observe(pivots);
        }
        double[] scores = race.winners.scores();
        int[] seen = race.winners.nanScores();
        if (!reading) {
            budget.scores(active, scores);
        }
        for (int g = 0; g < active.length; g++) {
            wave.countNans(active[g], seen[g]);
        }
        wave.reportRewards(scores);
        draws.accept(step, race.first, active, race.winners.read(), method.epsilon());
        return still;
    }

    /** Whether who looks on is told what a step's candidates score after the first of its evaluations, though they are judged after both. */
    private boolean looksFirst(int step) {
        return observer != null && wave.schedule().screens(step) && !screens(step);
    }

    private double[] first(Draws draws, int round) {
        engine.screen(many, x(), pivots, draws, round, locality);
        engine.score(many, draws, wave.reward());
        return engine.scores(many);
    }

    private void observe(int step, int[] slots, Draws draws, double @Nullable [] first) {
        if (observer == null) {
            return;
        }
        int groups = slots.length;
        List<List<double[]>> groupsOf = new ArrayList<>();
        groupsOf.add(byGroup(groups, engine.scores(many)));
        if (!observer.others().isEmpty()) {
            for (double[] scores : engine.heldOut(many, draws, observer.others())) {
                groupsOf.add(byGroup(groups, scores));
            }
        }
        List<double[]> firsts = first == null ? List.of() : byGroup(groups, first);
        for (int g = 0; g < groups; g++) {
            int group = g;
            observer.round(
                    step,
                    wave.requests.get(slots[g]),
                    groupsOf.stream().map(all -> all.get(group)).toArray(double[][]::new),
                    first == null ? null : firsts.get(g));
        }
    }

    private List<double[]> byGroup(int groups, double[] scores) {
        int size = method.candidates();
        return IntStream.range(0, groups)
                .mapToObj(g -> Arrays.copyOfRange(scores, g * size, (g + 1) * size))
                .toList();
    }

    /** Those of the images that may have another round at this step. */
    private int[] remaining(int step, int[] slots, StepRounds budget) {
        if (wave.timeIsUp()) {
            return new int[0];
        }
        Schedule schedule = wave.schedule();
        long looks = looksFirst(step) ? (long) method.candidates() * schedule.screeningEvaluations(step) : 0;
        long price = Sizes.price(schedule, step, screens(step), method.candidates(), 1) + looks;
        return Arrays.stream(slots)
                .filter(slot -> budget.done(slot) < allowed(slot, budget)
                        && !Wave.isReached(budget.score(slot), method.threshold())
                        && !isEnough(slot)
                        && !budget.stalled(slot, method.patience())
                        && wave.affords(slot, price, step + 1))
                .toArray();
    }

    private int allowed(int slot, StepRounds budget) {
        if (budget.rounds() == 0) {
            return 0;
        }
        boolean rollOver = method.patience().rollOver() || method.threshold() < Double.POSITIVE_INFINITY;
        return rollOver ? (int) Math.min(0xFFFF, budget.rounds() + saved[slot]) : budget.rounds();
    }

    private Draws candidates(int step, int[] slots) {
        Draws.Builder draws = engine.draws(step, slots.length * method.candidates());
        for (int slot : slots) {
            for (int c = 0; c < method.candidates(); c++) {
                draws.add(slot, 0, c, slot, NoiseKind.COIN);
            }
        }
        return draws.build();
    }
}
