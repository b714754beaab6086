package org.noisetrail.engine;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.noisetrail.reward.Reward;
import org.noisetrail.torch.Unfinished;

/**
 * Screens the candidates of rounds cheaply, and verifies as many of the best as what was seen of the screen asks for.
 *
 * <p>What is seen of one image decides for that image alone, so no result depends on what goes with it. Whether a round is audited is a coin with a name: of round 65535, candidate 65535 less the
 * rounds that the image has had at this step, the step's stage.
 */
final class Speculation implements AutoCloseable {
    private final Group group;
    private final Screen screen;
    private final Forward forward;
    private final Selection selection;
    private final Judge judge;
    private final Judge cheap;
    private final ScreenTally[] tallies;
    private final Agreement[] agreements;
    private @Nullable Candidates few;

    Speculation(Group group, Screen screen, Forward forward, Selection selection, Judge judge) {
        this.group = group;
        this.screen = screen;
        this.forward = forward;
        this.selection = selection;
        this.judge = judge;
        tallies = new ScreenTally[group.images()];
        agreements = new Agreement[group.images()];
        for (int slot = 0; slot < tallies.length; slot++) {
            tallies[slot] = new ScreenTally();
            agreements[slot] = new Agreement();
        }
        cheap = new Judge(group, screen.decoder().image(), slot -> tallies[slot].decoded(), slot -> {});
    }

    /** Whether a screen of a step's candidates is another look than the true one. */
    boolean screens(int step, Reward reward) {
        return halfway(step) || screen.decoder() != group.decoder || screen.reward() != reward;
    }

    private boolean halfway(int step) {
        return screen.first() && group.schedule.screens(step);
    }

    Screened screened(int slot) {
        return tallies[slot].read();
    }

    void compete(Candidates into, Trial trial, Reward reward, Rivals rivals) {
        Draws draws = trial.draws();
        boolean halfway = halfway(draws.step());
        into.begin(draws, trial.round(), halfway);
        forward.advance(into, trial, halfway);
        List<Contest> contests = contests(draws, looks(into, trial, rivals), rivals);
        into.screened = false;
        int[] chosen = contests.stream().flatMapToInt(Contest::chosen).toArray();
        verify(into, trial, reward, halfway, chosen, contests);
        int[] rest = contests.stream().flatMapToInt(Contest::rest).toArray();
        if (rest.length > 0) {
            verify(into, trial, reward, halfway, rest, contests);
        }
        conclude(into, draws, halfway, contests, rivals);
    }

    /** What the screen says of each row; NaN for those of groups that are kept whole, which it is not asked about. */
    private double[] looks(Candidates into, Trial trial, Rivals rivals) {
        Draws draws = trial.draws();
        Rows seen = group.judged(into, draws.step());
        int[] rows = rivals.contestedRows();
        if (rows.length == draws.rows()) {
            cheap.score(screen.decoder(), seen, draws, trial.round(), screen.reward(), into.scoring());
            return into.scores(draws.rows());
        }
        double[] looks = new double[draws.rows()];
        Arrays.fill(looks, Double.NaN);
        try (Draws some = draws.of(rows)) {
            Candidates compact = compact(rows.length);
            selection.copy(seen, rows, null, compact.clean());
            cheap.score(screen.decoder(), compact.clean(), some, trial.round(), screen.reward(), compact.scoring());
            double[] scores = compact.scores(rows.length);
            for (int r = 0; r < rows.length; r++) {
                looks[rows[r]] = scores[r];
            }
        }
        return looks;
    }

    private List<Contest> contests(Draws draws, double[] scores, Rivals rivals) {
        boolean[] audited = audited(draws, rivals);
        List<Contest> contests = new ArrayList<>();
        int first = 0;
        for (int g = 0; g < audited.length; g++) {
            Agreement agreement = agreements[draws.slot(first)];
            double[] screens = Arrays.copyOfRange(scores, first, first + rivals.sizes()[g]);
            contests.add(new Contest(first, rivals.kept()[g], screens, agreement, screen.bound(), audited[g]));
            first += screens.length;
        }
        return contests;
    }

    private boolean[] audited(Draws draws, Rivals rivals) {
        boolean[] audited = new boolean[rivals.sizes().length];
        Draws.Builder keys = new Draws.Builder(group, draws.step(), audited.length);
        int first = 0;
        for (int g = 0; g < audited.length; g++) {
            if (rivals.contested(g)) {
                int slot = draws.slot(first);
                int before = agreements[slot].begin(draws.step());
                keys.coin(slot, 0xFFFF - Math.min(before, 0xFFFF));
            }
            first += rivals.sizes()[g];
        }
        if (screen.audit() == 0) {
            return audited;
        }
        double[] uniforms = keys.coins();
        int at = 0;
        for (int g = 0; g < audited.length; g++) {
            audited[g] = rivals.contested(g) && uniforms[at++] < screen.audit();
        }
        return audited;
    }

    /** True scores of rows, whose transitions are whole then. */
    private void verify(
            Candidates into, Trial trial, Reward reward, boolean halfway, int[] rows, List<Contest> contests) {
        Draws draws = trial.draws();
        double[] scores;
        if (rows.length == draws.rows()) {
            if (halfway) {
                forward.complete(into, into.halfway(), draws);
            }
            scores = judge(into, group.judged(into, draws.step()), draws, trial.round(), reward);
        } else {
            try (Draws some = draws.of(rows)) {
                Candidates compact = compact(rows.length);
                if (halfway) {
                    selection.copy(into.halfway(), rows, null, compact.halfway());
                    forward.complete(compact, compact.halfway(), some);
                    selection.copy(compact.next(), null, rows, into.next());
                    selection.copy(compact.clean(), null, rows, into.clean());
                    scores = judge(compact, group.judged(compact, draws.step()), some, trial.round(), reward);
                } else {
                    selection.copy(group.judged(into, draws.step()), rows, null, compact.clean());
                    scores = judge(compact, compact.clean(), some, trial.round(), reward);
                }
            }
        }
        int at = 0;
        int first = 0;
        for (Contest contest : contests) {
            for (; at < rows.length && rows[at] < first + contest.size(); at++) {
                contest.verify(rows[at], scores[at]);
            }
            first += contest.size();
        }
    }

    private double[] judge(Candidates candidates, Rows states, Draws draws, int round, Reward reward) {
        judge.score(group.decoder, states, draws, round, reward, candidates.scoring());
        return candidates.scores(draws.rows());
    }

    private Candidates compact(int rows) {
        few = few != null
                ? few.atLeast(rows)
                : new Candidates(
                        group.device,
                        group.exchange,
                        rows,
                        group.shape,
                        group.schedule.startEvaluations() > 0,
                        group.estimates);
        return few;
    }

    private void conclude(Candidates into, Draws draws, boolean halfway, List<Contest> contests, Rivals rivals) {
        int evaluations = halfway ? group.schedule.completion(draws.step()) * group.denoiser.evaluations() : 0;
        int decodes = group.decoder.isIdentity() ? 0 : 1;
        double[] scores = new double[draws.rows()];
        double[] estimates = new double[draws.rows()];
        int first = 0;
        for (int g = 0; g < contests.size(); g++) {
            Contest contest = contests.get(g);
            int slot = draws.slot(first);
            for (int c = 0; c < contest.size(); c++) {
                scores[first + c] = contest.score(c);
            }
            System.arraycopy(contest.estimates(agreements[slot].slope()), 0, estimates, first, contest.size());
            if (rivals.contested(g)) {
                count(contest, tallies[slot], evaluations, decodes);
                contest.learn(agreements[slot], tallies[slot]);
            }
            first += contest.size();
        }
        into.scores(scores);
        into.estimates = estimates;
    }

    private static void count(Contest contest, ScreenTally tally, int evaluations, int decodes) {
        tally.round(contest.size(), contest.silent(), contest.expectedLoss());
        for (int c = 0; c < contest.size(); c++) {
            if (contest.isVerified(c)) {
                tally.verified();
            } else {
                tally.saved(evaluations, decodes);
            }
        }
    }

    @Override
    public void close() {
        Unfinished.closeAll(Arrays.asList(cheap, few));
    }
}
