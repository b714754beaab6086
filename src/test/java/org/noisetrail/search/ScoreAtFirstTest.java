package org.noisetrail.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.PrimitiveIterator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.noisetrail.NoisetrailException;
import org.noisetrail.engine.LossBound;
import org.noisetrail.reward.Reward;
import org.noisetrail.sampler.EdmSampler;
import org.noisetrail.sampler.Schedule;
import org.noisetrail.trace.Progress;

/** The choice of a calibrated file, of every method that can judge candidates after the first of a step's two evaluations. */
class ScoreAtFirstTest {
    private static final SmallWorld WORLD = SmallWorld.edm();
    private static final Schedule SCHEDULE = WORLD.schedule();
    private static final List<ImageRequest> IMAGES = ImageRequest.of(0, 3);
    private static final int FIRST_LIVE = 1;

    @TempDir
    private Path folder;

    /** Methods without the setting, so that it can be added to their text. */
    private static final List<String> METHODS = List.of(
            "eps-greedy:candidates=3:rounds=2",
            "zero-order:rounds=1",
            "ascent:candidates=3",
            "beam:candidates=3:beams=2",
            "svdd:proposals=3",
            "ascent:candidates=3:direction=image:regress=logit",
            "rbf:starts=2:quota=3");

    /** Those whose cost is known before. */
    private static final List<String> COUNTED = METHODS.subList(0, 6);

    /** Those that can be screened, too. */
    private static final List<String> SCREENED = METHODS.subList(0, 5);

    /** The rounds are of no account. */
    private Path file(List<Boolean> first) {
        Path file = folder.resolve("rounds.json");
        new RoundSchedule(RoundSchedule.levelsOf(SCHEDULE), Collections.nCopies(SCHEDULE.size(), 7), first).write(file);
        return file;
    }

    private static List<Boolean> all(boolean first) {
        return Collections.nCopies(SCHEDULE.size(), first);
    }

    /** Every second step, from the first that is searched on. */
    private static List<Boolean> mixed() {
        return IntStream.range(0, SCHEDULE.size())
                .mapToObj(step -> step % 2 == 0)
                .toList();
    }

    private static SearchResult run(String method) {
        return WORLD.search(Methods.parse(method)).build().run(IMAGES);
    }

    private static void assertSame(SearchResult result, SearchResult expected) {
        for (int i = 0; i < IMAGES.size(); i++) {
            ImageResult image = result.images().get(i);
            ImageResult other = expected.images().get(i);
            assertThat(image.state()).containsExactly(other.state());
            assertThat(image.recipe()).isEqualTo(other.recipe());
            assertThat(image.costs()).isEqualTo(other.costs());
        }
    }

    @Test
    void aFileOfAllStepsIsTheFlagAndOneOfNoStepIsNone() {
        for (String method : METHODS) {
            assertSame(run(method + ":score-at-first=" + file(all(true))), run(method + ":score-at-first"));
            assertSame(run(method + ":score-at-first=" + file(all(false))), run(method));
        }
    }

    /** A searched step's cost is its own, whatever is done at the others. */
    private long costAtFirst(String method, int step) {
        long whole = Methods.parse(method).evaluations(SCHEDULE).orElseThrow();
        List<Boolean> one =
                IntStream.range(0, SCHEDULE.size()).mapToObj(i -> i == step).toList();
        Method there = Methods.parse(method + ":score-at-first=" + file(one));
        return there.evaluations(SCHEDULE).orElseThrow() - whole;
    }

    /** Second evaluations that a searched step leaves out: those of all candidates but what goes on. */
    private static long saved(Method method, int step) {
        if (method instanceof Beam beam) {
            long parents = step == FIRST_LIVE ? 1 : beam.beams();
            return parents * beam.candidates() - beam.beams();
        }
        if (method instanceof LocalSearch local) {
            return (long) local.candidates() * local.rounds().at(0, 1) - 1;
        }
        return method instanceof Svdd svdd ? svdd.proposals() - 1 : ((Ascent) method).candidates();
    }

    @Test
    void aMixedFileCostsWhatItsStepsSay() {
        for (String text : COUNTED) {
            long expected = Methods.parse(text).evaluations(SCHEDULE).orElseThrow();
            int fewer = 0;
            for (int step = 0; step < SCHEDULE.size(); step += 2) {
                if (SCHEDULE.screens(step) && !SCHEDULE.isDead(step)) {
                    long saved = saved(Methods.parse(text), step);
                    assertThat(costAtFirst(text, step)).as(text).isEqualTo(-saved);
                    expected -= saved;
                    fewer++;
                }
            }
            assertThat(fewer).as("steps that score at first").isBetween(1, SCHEDULE.size() / 2);
            Path file = file(mixed());
            assertThat(Methods.parse(text + ":score-at-first=" + file).evaluations(SCHEDULE))
                    .hasValue(expected);
            for (ImageResult image : run(text + ":score-at-first=" + file).images()) {
                assertThat(image.costs().networkEvaluations()).as(text).isEqualTo(expected);
            }
        }
    }

    /** What the first step after the start costs, of four proposals that do not beat the mark. */
    private static long costOfFour(String how, double... scores) {
        PrimitiveIterator.OfDouble said = SmallWorld.script(new double[] {.5}, scores);
        List<Long> spent = new ArrayList<>();
        WORLD.search(Methods.parse("rbf:starts=1:quota=4" + how))
                .reward(Reward.of("script", image -> said.hasNext() ? said.next() : .5))
                .listener(new SearchListener() {
                    @Override
                    public void onProgress(Progress progress) {
                        spent.add(progress.networkEvaluations());
                    }
                })
                .build()
                .run(ImageRequest.of(0, 1));
        long start = 2L * (FIRST_LIVE + 1);
        return spent.get(0) - start;
    }

    @Test
    void ofAStepsProposalsOnlyABestSoFarPaysTheSecondEvaluation() {
        assertThat(costOfFour("", .4, .3, .2, .1)).isEqualTo(4 * 2);
        // The step is the third.
        for (String how : List.of(":score-at-first", ":score-at-first=" + file(mixed()))) {
            assertThat(costOfFour(how, .4, .3, .2, .1)).isEqualTo(4 + 1);
            assertThat(costOfFour(how, .2, .1, .4, .3)).isEqualTo(4 + 2);
            assertThat(costOfFour(how, .1, .2, .3, .4)).isEqualTo(4 + 4);
        }
        List<Boolean> others = mixed().stream().map(here -> !here).toList();
        String elsewhere = ":score-at-first=" + file(others);
        assertThat(costOfFour(elsewhere, .4, .3, .2, .1)).isEqualTo(4 * 2);
    }

    @Test
    void aMixedFileReplays() {
        Path file = file(mixed());
        for (String method : METHODS) {
            SearchResult drawn = run(method + ":score-at-first=" + file);
            SearchResult again = drawn.trail().replay(WORLD.denoiser(), 2, SearchListener.NONE);
            for (int i = 0; i < IMAGES.size(); i++) {
                assertThat(again.images().get(i).state())
                        .containsExactly(drawn.images().get(i).state());
            }
        }
    }

    @Test
    void onlyStepsThatDoNotJudgeAtFirstAreScreened() {
        Path file = file(mixed());
        Screening all = Screening.parse("first", new LossBound(0, false), 0);
        for (String text : SCREENED) {
            Method method = Methods.parse(text + ":score-at-first=" + file);
            SearchResult screened = WORLD.search(method).screening(all).build().run(IMAGES);
            assertSame(screened, WORLD.search(method).build().run(IMAGES));
            SearchResult everywhere =
                    WORLD.search(Methods.parse(text)).screening(all).build().run(IMAGES);
            long each = IntStream.range(0, SCHEDULE.size())
                    .filter(step -> SCHEDULE.screens(step) && !SCHEDULE.isDead(step))
                    .count();
            long odd = IntStream.range(0, SCHEDULE.size())
                    .filter(step -> SCHEDULE.screens(step) && !SCHEDULE.isDead(step) && step % 2 == 1)
                    .count();
            assertThat(rounds(screened) * each)
                    .as(text)
                    .isEqualTo(rounds(everywhere) * odd)
                    .isPositive();
        }
    }

    private static long rounds(SearchResult result) {
        return result.images().stream()
                .mapToLong(image -> Objects.requireNonNull(image.screened()).rounds())
                .sum();
    }

    @Test
    void aBudgetIsKeptAndPaysForWhatASizeOfAMixedFileCosts() {
        Path file = file(mixed());
        for (String text : COUNTED) {
            Method method = Methods.parse(text + ":score-at-first=" + file);
            for (long budget = SCHEDULE.evaluations() * 3; budget < 90; budget += 7) {
                Method sized = method.sized(SCHEDULE, budget);
                long cost = sized.evaluations(SCHEDULE).orElseThrow();
                assertThat(cost).as(text).isLessThanOrEqualTo(budget);
                for (ImageResult image :
                        WORLD.search(sized).budget(cost).build().run(IMAGES).images()) {
                    assertThat(image.costs().networkEvaluations()).as(text).isEqualTo(cost);
                }
            }
        }
    }

    @Test
    void calibrationsFileIsTakenForBothRoundsAndChoice() {
        RoundSchedule schedule = WORLD.search(LocalSearch.builder().rounds(3).build())
                .build()
                .calibrate(ImageRequest.of(0, 4))
                .schedule(9);
        Path file = folder.resolve("calibrated.json");
        schedule.write(file);
        assertThat(schedule.first()).contains(true);
        Ascent ascent = (Ascent) Methods.parse("ascent:score-at-first=" + file);
        LocalSearch local = (LocalSearch) Methods.parse("eps-greedy:rounds=" + file);
        for (int step = 0; step < SCHEDULE.size(); step++) {
            assertThat(Sizes.atFirst(ascent.scoreAtFirst(), SCHEDULE, step)).isEqualTo(local.screens(step, SCHEDULE));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"true", "", "false"})
    void aFlagIsStillAFlag(String value) {
        Ascent method = (Ascent) Methods.parse("ascent:score-at-first=" + value);
        assertThat(method.scoreAtFirst()).isSameAs(ScoreAtFirst.of(!value.equals("false")));
        // As before there were files: kept results are found by it.
        assertThat(Methods.registry().json(method)).containsEntry("scoreAtFirst", !value.equals("false"));
        assertThat(Methods.registry().text(method))
                .isEqualTo(value.equals("false") ? "ascent" : "ascent:score-at-first");
    }

    @Test
    void filesAreToldApartByTheirSteps() {
        Method even = Methods.parse("ascent:score-at-first=" + file(mixed()));
        Method none = Methods.parse("ascent:score-at-first=" + file(all(false)));
        assertThat(Methods.registry().json(even)).containsEntry("scoreAtFirst", "[0 2 4 6]");
        assertThat(Methods.registry().json(none)).containsEntry("scoreAtFirst", "[]");
        assertThat(Methods.registry().words(even)).endsWith("score at first [0 2 4 6]");
        assertThat(even).isEqualTo(Methods.parse("ascent:score-at-first=" + file(mixed())));
    }

    @Test
    void whatIsNoFileOfThisSamplerIsRefused() throws Exception {
        assertThatThrownBy(() -> Methods.parse("ascent:score-at-first=no-such.json"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("score-at-first must be true, false or a file that is there: no-such.json");
        Path other = folder.resolve("other.json");
        Files.writeString(other, "{}");
        assertThatThrownBy(() -> Methods.parse("ascent:score-at-first=" + other))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("is not a schedule of rounds");
        Path file = file(mixed());
        SmallWorld shorter = SmallWorld.edm(new EdmSampler(6, .02, 80, 7, 40, .05, 50, 1), .3, 0);
        Search search =
                shorter.search(Methods.parse("ascent:score-at-first=" + file)).build();
        assertThatThrownBy(() -> search.run(IMAGES))
                .isInstanceOfAny(IllegalArgumentException.class, NoisetrailException.class)
                .hasMessageContaining("another sampler");
    }
}
