package org.noisetrail.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;
import org.noisetrail.engine.Screened;
import org.noisetrail.evaluation.Comparison;
import org.noisetrail.evaluation.ComparisonTable;
import org.noisetrail.evaluation.ContenderScreen;
import org.noisetrail.evaluation.Interval;
import org.noisetrail.files.Numbers;
import org.noisetrail.search.Methods;

/** The columns of a comparison's tables: each name with what a row has below it. */
final class ComparisonColumns {
    /** A row of a table. */
    record Line(ComparisonTable table, ComparisonTable.Row row) {}

    /** A column; empty where a row says nothing of it. */
    record Column(String name, Function<Line, String> cell) {}

    /** Those of a CSV file. New ones go to the end: a reader may take them by number. */
    static final List<Column> CSV = csv();

    private final List<Column> columns = new ArrayList<>();

    private ComparisonColumns() {}

    /** What the column is called that sets a row beside best-of-n, or the contender that was named. */
    static String versus(ComparisonTable table) {
        String other = table.against() != null
                ? table.against()
                : table.seconds() == null ? "best-of-n at its NFE" : "best-of-n in equal seconds";
        return "vs " + other + " [95 %]";
    }

    /** Those of a table for people. */
    static List<Column> page(ComparisonTable table) {
        ComparisonColumns all = new ComparisonColumns();
        all.of(Line::row)
                .text("method", ComparisonTable.Row::title)
                .text("reward [95 %]", row -> row.reward().toString())
                .text("IQM [95 %]", row -> row.interquartileMean().toString())
                .text("held-out [95 %]", row -> row.heldOut().toString())
                .text("second held-out [95 %]", row -> row.secondHeldOut().toString())
                .text("transitions", row -> ComparisonWords.whole(row.transitions()))
                .text("NFE", row -> ComparisonWords.whole(row.networkEvaluations()))
                .text("decoded", row -> ComparisonWords.whole(row.decoderCalls()))
                .text("judged", row -> ComparisonWords.whole(row.rewardCalls()))
                .text("s/image", row -> String.format(Locale.ROOT, "%.3f", row.secondsPerImage()))
                .text("peak MiB", row -> ComparisonWords.whole(row.peakBytes() / (1 << 20)))
                .text("|p|/sqrt(d)", row -> Numbers.score(row.pivotNorm()))
                .text("diversity", row -> hundredths(row.diversity()));
        all.of(line -> line.row().difference())
                .text(versus(table), other -> other.reward() + " (" + other.label() + ")")
                .text("held-out vs it [95 %]", other -> other.heldOut().toString())
                .text("P(better) [95 %]", other -> other.better().toString())
                .text("won/tied/lost", other -> other.won() + "/" + other.tied() + "/" + other.lost());
        all.of(line -> line.row().screened())
                .text("verified", ScreeningWords::verified)
                .text("loss a round, expected", screened -> ScreeningWords.loss(screened.meanExpectedLoss()))
                .text("loss a round, measured", ScreeningWords::measured);
        all.of(line -> line.row().toUnscreened())
                .text("vs unscreened [95 %]", other -> other.reward().toString());
        all.of(Line::row).text("settings", ComparisonColumns::words);
        return all.columns;
    }

    private static List<Column> csv() {
        ComparisonColumns all = new ComparisonColumns();
        all.of(line -> line.table().aim()).text("reward", aim -> aim.reward().toString());
        all.of(line -> line.table().aim().heldOut()).text("held_out", Comparison.Judge::toString);
        all.of(Line::row)
                .text("method", ComparisonTable.Row::label)
                .text("settings", ComparisonColumns::words)
                .text(
                        "target_nfe",
                        row -> row.target() == null ? "" : row.target().toString())
                .interval("reward", ComparisonTable.Row::reward)
                .interval("held_out", ComparisonTable.Row::heldOut)
                .number("transitions", ComparisonTable.Row::transitions)
                .number("nfe", ComparisonTable.Row::networkEvaluations)
                .number("seconds_per_image", ComparisonTable.Row::secondsPerImage)
                .number("pivot_norm", ComparisonTable.Row::pivotNorm)
                .number("diversity", ComparisonTable.Row::diversity);
        all.of(line -> line.table().against() == null ? line.row().difference() : null)
                .text("best_of_n", ComparisonTable.Difference::label);
        all.of(line -> line.row().difference()).interval("difference", ComparisonTable.Difference::reward);
        all.of(Line::row)
                .interval("second_held_out", ComparisonTable.Row::secondHeldOut)
                .interval("iqm", "iqm", ComparisonTable.Row::interquartileMean)
                .number("decoder_calls", ComparisonTable.Row::decoderCalls)
                .number("reward_calls", ComparisonTable.Row::rewardCalls)
                .number("peak_bytes", ComparisonTable.Row::peakBytes);
        all.of(line -> line.row().difference())
                .interval("held_out_difference", ComparisonTable.Difference::heldOut)
                .interval("second_held_out_difference", ComparisonTable.Difference::secondHeldOut)
                .interval("probability_of_improvement", "probability", ComparisonTable.Difference::better)
                .number("won", ComparisonTable.Difference::won)
                .number("tied", ComparisonTable.Difference::tied)
                .number("lost", ComparisonTable.Difference::lost);
        all.of(line -> line.row().screen())
                .text("screen", screen -> screen.screening().words())
                .text("verify_loss", screen -> screen.screening().loss().toString())
                .number("audit", screen -> screen.screening().audit())
                .text(
                        "screen_reward",
                        screen -> screen.reward() == null ? "" : screen.reward().toString());
        all.of(line -> line.row().screened())
                .number("screened_rounds", Screened::rounds)
                .number("screened_candidates", Screened::candidates)
                .number("verified", Screened::verified)
                .number("unscreened", Screened::unscreened)
                .number("screen_decodes", Screened::screenDecodes)
                .number("saved_nfe", Screened::savedEvaluations)
                .number("saved_decoder_calls", Screened::savedDecodes)
                .number("saved_reward_calls", Screened::savedRewards)
                .number("expected_loss", Screened::meanExpectedLoss)
                .number("audits", Screened::audits)
                .number("measured_loss", Screened::meanLoss)
                .number("measured_loss_error", Screened::lossError);
        all.of(line -> line.row().toUnscreened())
                .text("unscreened_method", ComparisonTable.Difference::label)
                .interval("unscreened_difference", ComparisonTable.Difference::reward)
                .interval("unscreened_held_out_difference", ComparisonTable.Difference::heldOut)
                .number("unscreened_won", ComparisonTable.Difference::won)
                .number("unscreened_tied", ComparisonTable.Difference::tied)
                .number("unscreened_lost", ComparisonTable.Difference::lost);
        all.of(line -> line.table().against() == null ? null : line.row().difference())
                .text("against", ComparisonTable.Difference::label);
        return List.copyOf(all.columns);
    }

    /** @param part null where a row has none: its columns are empty there */
    private <T> Part<T> of(Function<Line, @Nullable T> part) {
        return new Part<>(part);
    }

    /** Adds columns of a part of a line. */
    private final class Part<T> {
        private final Function<Line, @Nullable T> part;

        Part(Function<Line, @Nullable T> part) {
            this.part = part;
        }

        Part<T> text(String name, Function<T, String> value) {
            columns.add(new Column(name, line -> {
                T of = part.apply(line);
                return of == null ? "" : value.apply(of);
            }));
            return this;
        }

        Part<T> number(String name, ToDoubleFunction<T> value) {
            return text(name, of -> {
                double number = value.applyAsDouble(of);
                return Double.isFinite(number) ? Numbers.json(number) : "";
            });
        }

        Part<T> interval(String name, Function<T, Interval> value) {
            return interval(name + "_mean", name, value);
        }

        Part<T> interval(String mean, String name, Function<T, Interval> value) {
            return number(mean, of -> value.apply(of).mean())
                    .number(name + "_low", of -> value.apply(of).low())
                    .number(name + "_high", of -> value.apply(of).high());
        }
    }

    /** The method's settings, and its screen's. */
    private static String words(ComparisonTable.Row row) {
        ContenderScreen screen = row.screen();
        String words = Methods.registry().words(row.method());
        return screen == null ? words : words + (words.isEmpty() ? "" : ", ") + screen.words();
    }

    private static String hundredths(double value) {
        return Double.isFinite(value) ? String.format(Locale.ROOT, "%.2f", value) : "-";
    }
}
