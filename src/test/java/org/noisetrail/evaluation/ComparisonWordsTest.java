package org.noisetrail.evaluation;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.noisetrail.engine.Screened;
import org.noisetrail.files.Json;
import org.noisetrail.model.Condition;
import org.noisetrail.report.ComparisonWords;
import org.noisetrail.reward.Reward;
import org.noisetrail.search.BestOfN;
import org.noisetrail.search.Method;
import org.noisetrail.search.Naive;
import org.noisetrail.trace.Costs;

/** A table of numbers that are all different, against texts that are kept: a value under another's name is seen. */
class ComparisonWordsTest {
    private static final Comparison.Aim AIM =
            new Comparison.Aim(judge("class, \"whole\""), judge("heldout"), judge("-brightness"));
    private static final ContenderScreen SCREEN = ContenderScreen.of(
            Map.of("screen", "first", "verify-loss", "2%", "audit", "0.25", "screen-reward", "jpeg-bytes"));

    private static Comparison.Judge judge(String name) {
        return new Comparison.Judge(name, () -> Reward.of(name, image -> 0));
    }

    /** @param better by how much more its rewards are */
    private static ComparisonTable.Row row(
            String label,
            Method method,
            @Nullable ContenderScreen screen,
            @Nullable Long target,
            int number,
            double better) {
        List<CellResult> cells = new ArrayList<>();
        for (int seed = 0; seed < 2; seed++) {
            List<CellResult.Drawn> images = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                double reward = .1 * i + .03 * seed + better * (i - 1);
                images.add(new CellResult.Drawn(
                        i,
                        Condition.label(i),
                        reward,
                        2 + .5 * reward * reward,
                        -3 * reward,
                        number == 0 ? Double.NaN : 1.01 + .001 * number,
                        0,
                        new Costs(100 + 7 * number + i, 60 + 5 * number, 11 + number, 21 + number, 31 + number, 0),
                        screen == null
                                ? null
                                : new Screened(5, 40 + i, 13 + seed, 1, 38, 210 + i, 22, .017, 2 + seed, .05, .004),
                        new double[] {.2, Double.NaN},
                        number + " " + seed + " " + (i == 4 ? 0 : i),
                        null));
            }
            cells.add(new CellResult(
                    12.5 + seed + number,
                    number == 0 ? Double.NaN : 4.5 + number,
                    number == 1 ? Double.NaN : (900.0 + number) * (1 << 20),
                    images));
        }
        return new ComparisonTable.Row(label, method, screen, target, cells, null, null);
    }

    private static ComparisonTable table(@Nullable Double seconds, @Nullable String against) {
        ComparisonTable.Row best = row("best-of-3", new BestOfN(3), null, 150L, 3, .02);
        ComparisonTable.Row plain = row("a|b, \"own\"", new BestOfN(2), null, 150L, 1, .05);
        ComparisonTable.Row screened = row("screened", new BestOfN(2), SCREEN, 150L, 2, .04);
        ComparisonTable.Row alone = row("alone", new BestOfN(4), SCREEN, null, 4, .06);
        return new ComparisonTable(
                AIM,
                Map.of("heldout", "heldout 0123"),
                List.of(
                        row("naive", new Naive(), null, null, 0, 0),
                        plain.against(best),
                        screened.against(best).againstUnscreened(plain),
                        alone,
                        best),
                seconds,
                against);
    }

    private static String kept(String name) throws Exception {
        return new String(
                Objects.requireNonNull(ComparisonWordsTest.class.getResourceAsStream("/comparison/" + name), name)
                        .readAllBytes(),
                StandardCharsets.UTF_8);
    }

    @Test
    void aCsvFileIsWhatItWas() throws Exception {
        String told = ComparisonWords.csvHead()
                + ComparisonWords.csv(table(null, null))
                + ComparisonWords.csv(table(null, "best-of-3"));
        assertThat(told).isEqualTo(kept("compare.csv").replace("\n", "\r\n"));
    }

    @Test
    void pagesShowWhatTheyShowed() throws Exception {
        String told = ComparisonWords.markdown(table(null, null))
                + ComparisonWords.text(table(9.0, null))
                + ComparisonWords.markdown(table(null, "best-of-3"));
        assertThat(told).isEqualTo(kept("compare.txt"));
    }

    @Test
    void compareJsonIsWhatItWas() throws Exception {
        assertThat(Json.pretty(ComparisonWords.json(table(null, null)))).isEqualTo(kept("compare.json"));
    }
}
