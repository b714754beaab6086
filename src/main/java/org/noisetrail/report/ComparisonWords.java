package org.noisetrail.report;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.noisetrail.engine.Screened;
import org.noisetrail.evaluation.Comparison;
import org.noisetrail.evaluation.ComparisonTable;
import org.noisetrail.evaluation.ContenderScreen;
import org.noisetrail.evaluation.Interval;
import org.noisetrail.files.Numbers;
import org.noisetrail.search.Methods;

/** A {@link ComparisonTable} in words: for a terminal, as Markdown, CSV and JSON. */
public final class ComparisonWords {
    private static final String AT_ITS_NFE = "vs best-of-n at its NFE [95 %]";
    private static final String IN_EQUAL_SECONDS = "vs best-of-n in equal seconds [95 %]";

    /** The names of a table's columns, where methods are not sized for seconds. */
    private static final List<String> HEAD = List.of(
            "method",
            "reward [95 %]",
            "IQM [95 %]",
            "held-out [95 %]",
            "second held-out [95 %]",
            "transitions",
            "NFE",
            "decoded",
            "judged",
            "s/image",
            "peak MiB",
            "|p|/sqrt(d)",
            "diversity",
            AT_ITS_NFE,
            "held-out vs it [95 %]",
            "P(better) [95 %]",
            "won/tied/lost",
            "verified",
            "loss a round, expected",
            "loss a round, measured",
            "vs unscreened [95 %]",
            "settings");

    /** The names of the columns of a CSV file. */
    public static final List<String> CSV_HEAD = List.of(
            "reward",
            "held_out",
            "method",
            "settings",
            "target_nfe",
            "reward_mean",
            "reward_low",
            "reward_high",
            "held_out_mean",
            "held_out_low",
            "held_out_high",
            "transitions",
            "nfe",
            "seconds_per_image",
            "pivot_norm",
            "diversity",
            "best_of_n",
            "difference_mean",
            "difference_low",
            "difference_high",
            "second_held_out_mean",
            "second_held_out_low",
            "second_held_out_high",
            "iqm",
            "iqm_low",
            "iqm_high",
            "decoder_calls",
            "reward_calls",
            "peak_bytes",
            "held_out_difference_mean",
            "held_out_difference_low",
            "held_out_difference_high",
            "second_held_out_difference_mean",
            "second_held_out_difference_low",
            "second_held_out_difference_high",
            "probability_of_improvement",
            "probability_low",
            "probability_high",
            "won",
            "tied",
            "lost",
            "screen",
            "verify_loss",
            "audit",
            "screen_reward",
            "screened_rounds",
            "screened_candidates",
            "verified",
            "unscreened",
            "screen_decodes",
            "saved_nfe",
            "saved_decoder_calls",
            "saved_reward_calls",
            "expected_loss",
            "audits",
            "measured_loss",
            "measured_loss_error",
            "unscreened_method",
            "unscreened_difference_mean",
            "unscreened_difference_low",
            "unscreened_difference_high",
            "unscreened_held_out_difference_mean",
            "unscreened_held_out_difference_low",
            "unscreened_held_out_difference_high",
            "unscreened_won",
            "unscreened_tied",
            "unscreened_lost",
            "against");

    private ComparisonWords() {}

    /** What the column is called that sets a row beside best-of-n, or the contender that was named. */
    static String versus(ComparisonTable table) {
        return table.against() != null
                ? "vs " + table.against() + " [95 %]"
                : table.seconds() == null ? AT_ITS_NFE : IN_EQUAL_SECONDS;
    }

    private static List<String> head(ComparisonTable table) {
        return HEAD.stream()
                .map(name -> name.equals(AT_ITS_NFE) ? versus(table) : name)
                .toList();
    }

    /** The head, and the rows as tables show them, without the columns in which no row says anything. */
    public static List<List<String>> shown(ComparisonTable table) {
        List<List<String>> lines = new ArrayList<>(List.of(head(table)));
        lines.addAll(cells(table));
        int[] said = IntStream.range(0, HEAD.size())
                .filter(c ->
                        lines.stream().skip(1).anyMatch(line -> !line.get(c).matches("-?")))
                .toArray();
        return lines.stream()
                .map(line -> IntStream.of(said).mapToObj(line::get).toList())
                .toList();
    }

    private static List<List<String>> cells(ComparisonTable table) {
        List<List<String>> lines = new ArrayList<>();
        for (ComparisonTable.Row row : table.rows()) {
            ComparisonTable.Difference difference = row.difference();
            ComparisonTable.Difference unscreened = row.toUnscreened();
            Screened screened = row.screened();
            lines.add(List.of(
                    row.title(),
                    row.reward().toString(),
                    row.interquartileMean().toString(),
                    row.heldOut().toString(),
                    row.secondHeldOut().toString(),
                    whole(row.transitions()),
                    whole(row.networkEvaluations()),
                    whole(row.decoderCalls()),
                    whole(row.rewardCalls()),
                    String.format(Locale.ROOT, "%.3f", row.secondsPerImage()),
                    whole(row.peakBytes() / (1 << 20)),
                    Numbers.score(row.pivotNorm()),
                    Double.isFinite(row.diversity()) ? String.format(Locale.ROOT, "%.2f", row.diversity()) : "-",
                    difference == null ? "" : difference.reward() + " (" + difference.label() + ")",
                    difference == null ? "" : difference.heldOut().toString(),
                    difference == null ? "" : difference.better().toString(),
                    difference == null ? "" : difference.won() + "/" + difference.tied() + "/" + difference.lost(),
                    screened == null ? "" : ScreeningWords.verified(screened),
                    screened == null ? "" : ScreeningWords.loss(screened.meanExpectedLoss()),
                    screened == null ? "" : ScreeningWords.measured(screened),
                    unscreened == null ? "" : unscreened.reward().toString(),
                    words(row)));
        }
        return lines;
    }

    /** The method's settings, and its screen's. */
    private static String words(ComparisonTable.Row row) {
        ContenderScreen screen = row.screen();
        String words = Methods.registry().words(row.method());
        return screen == null ? words : words + (words.isEmpty() ? "" : ", ") + screen.words();
    }

    /** Rounded; a dash for what is no number. */
    static String whole(double value) {
        return Double.isFinite(value) ? Numbers.count(Math.round(value)) : "-";
    }

    /** A table for a terminal. */
    public static String text(ComparisonTable table) {
        List<List<String>> shown = shown(table);
        TextTable lines = new TextTable(shown.get(0).toArray(String[]::new));
        shown.stream().skip(1).forEach(line -> lines.row(line.toArray(String[]::new)));
        return table.title() + "\n" + lines;
    }

    /** A heading and a table. */
    public static String markdown(ComparisonTable table) {
        StringBuilder text = new StringBuilder("### " + table.title() + "\n\n");
        List<List<String>> shown = shown(table);
        for (int i = 0; i < shown.size(); i++) {
            text.append(shown.get(i).stream()
                    .map(ComparisonWords::escaped)
                    .collect(Collectors.joining(" | ", "| ", " |\n")));
            if (i == 0) {
                text.append("|---|")
                        .append("---:|".repeat(shown.get(0).size() - 2))
                        .append("---|\n");
            }
        }
        return text.toString();
    }

    private static String escaped(String cell) {
        return cell.replace("|", "\\|");
    }

    /** Lines of a CSV file (RFC 4180), without its head. */
    public static String csv(ComparisonTable table) {
        StringBuilder text = new StringBuilder();
        for (ComparisonTable.Row row : table.rows()) {
            ComparisonTable.Difference difference = row.difference();
            Comparison.Judge heldOut = table.aim().heldOut();
            List<String> fields = new ArrayList<>(List.of(
                    table.aim().reward().toString(),
                    heldOut == null ? "" : heldOut.toString(),
                    row.label(),
                    words(row),
                    row.target() == null ? "" : row.target().toString()));
            add(fields, row.reward(), row.heldOut());
            add(
                    fields,
                    row.transitions(),
                    row.networkEvaluations(),
                    row.secondsPerImage(),
                    row.pivotNorm(),
                    row.diversity());
            fields.add(difference == null || table.against() != null ? "" : difference.label());
            add(fields, difference == null ? Interval.UNKNOWN : difference.reward());
            add(fields, row.secondHeldOut(), row.interquartileMean());
            add(fields, row.decoderCalls(), row.rewardCalls(), row.peakBytes());
            if (difference == null) {
                fields.addAll(Collections.nCopies(CSV_HEAD.indexOf("screen") - fields.size(), ""));
            } else {
                add(fields, difference.heldOut(), difference.secondHeldOut(), difference.better());
                add(fields, difference.won(), difference.tied(), difference.lost());
            }
            addScreening(fields, row);
            fields.addAll(Collections.nCopies(CSV_HEAD.indexOf("against") - fields.size(), ""));
            fields.add(difference == null || table.against() == null ? "" : difference.label());
            text.append(fields.stream().map(ComparisonWords::quoted).collect(Collectors.joining(",")))
                    .append("\r\n");
        }
        return text.toString();
    }

    private static void addScreening(List<String> fields, ComparisonTable.Row row) {
        ContenderScreen screen = row.screen();
        Screened screened = row.screened();
        if (screen == null || screened == null) {
            return;
        }
        fields.add(screen.screening().words());
        fields.add(screen.screening().loss().toString());
        add(fields, screen.screening().audit());
        fields.add(screen.reward() == null ? "" : screen.reward().toString());
        add(fields, screened.rounds(), screened.candidates(), screened.verified(), screened.unscreened());
        add(fields, screened.screenDecodes());
        add(fields, screened.savedEvaluations(), screened.savedDecodes(), screened.savedRewards());
        add(fields, screened.meanExpectedLoss(), screened.audits(), screened.meanLoss(), screened.lossError());
        ComparisonTable.Difference unscreened = row.toUnscreened();
        if (unscreened != null) {
            fields.add(unscreened.label());
            add(fields, unscreened.reward(), unscreened.heldOut());
            add(fields, unscreened.won(), unscreened.tied(), unscreened.lost());
        }
    }

    private static void add(List<String> fields, Interval... intervals) {
        for (Interval interval : intervals) {
            add(fields, interval.mean(), interval.low(), interval.high());
        }
    }

    private static void add(List<String> fields, double... values) {
        for (double value : values) {
            fields.add(number(value));
        }
    }

    /** The first line of a CSV file. */
    public static String csvHead() {
        return String.join(",", CSV_HEAD) + "\r\n";
    }

    private static String number(double value) {
        return Double.isFinite(value) ? Numbers.json(value) : "";
    }

    private static String quoted(String field) {
        return field.matches("(?s).*[\",\r\n].*") ? '"' + field.replace("\"", "\"\"") + '"' : field;
    }

    /** A table as an element of {@code compare.json}. */
    public static Map<String, @Nullable Object> json(ComparisonTable table) {
        Comparison.Judge heldOut = table.aim().heldOut();
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("reward", table.aim().reward().toString());
        json.put("heldOut", heldOut == null ? null : heldOut.toString());
        Comparison.Judge second = table.aim().secondHeldOut();
        json.put("secondHeldOut", second == null ? null : second.toString());
        json.put("ids", new TreeMap<>(table.ids()));
        json.put(
                "rows",
                table.rows().stream().map(row -> json(row, table.against())).toList());
        return json;
    }

    private static Map<String, @Nullable Object> json(ComparisonTable.Row row, @Nullable String against) {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("label", row.label());
        json.put("settings", Methods.registry().json(row.method()));
        json.put("targetEvaluations", row.target());
        json.put("reward", json(row.reward()));
        json.put("interquartileMean", json(row.interquartileMean()));
        json.put("heldOut", json(row.heldOut()));
        json.put("secondHeldOut", json(row.secondHeldOut()));
        json.put("transitions", Numbers.orNull(row.transitions()));
        json.put("networkEvaluations", Numbers.orNull(row.networkEvaluations()));
        json.put("decoderCalls", Numbers.orNull(row.decoderCalls()));
        json.put("rewardCalls", Numbers.orNull(row.rewardCalls()));
        json.put("peakBytes", Numbers.orNull(row.peakBytes()));
        json.put("secondsPerImage", row.secondsPerImage());
        json.put("pivotNorm", Numbers.orNull(row.pivotNorm()));
        json.put("diversity", Numbers.orNull(row.diversity()));
        if (row.difference() != null) {
            json.put(against == null ? "againstBestOfN" : "against", json(row.difference()));
        }
        ContenderScreen screen = row.screen();
        Screened screened = row.screened();
        if (screen != null && screened != null) {
            Map<String, @Nullable Object> how = new LinkedHashMap<>();
            how.put("look", screen.screening().words());
            how.put("verifyLoss", screen.screening().loss().toString());
            how.put("audit", screen.screening().audit());
            how.put("reward", screen.reward() == null ? null : screen.reward().toString());
            json.put("screen", how);
            json.put("screening", ScreeningWords.json(screened));
        }
        if (row.toUnscreened() != null) {
            json.put("againstUnscreened", json(row.toUnscreened()));
        }
        List<@Nullable Double> byStep = new ArrayList<>();
        for (double value : row.byStep()) {
            byStep.add(Numbers.orNull(value));
        }
        json.put("rewardByStep", byStep);
        return json;
    }

    private static Map<String, @Nullable Object> json(ComparisonTable.Difference difference) {
        Map<String, @Nullable Object> against = new LinkedHashMap<>();
        against.put("label", difference.label());
        against.put("networkEvaluations", Numbers.orNull(difference.networkEvaluations()));
        against.put("difference", json(difference.reward()));
        against.put("heldOutDifference", json(difference.heldOut()));
        against.put("secondHeldOutDifference", json(difference.secondHeldOut()));
        against.put("probabilityOfImprovement", json(difference.better()));
        against.put("won", difference.won());
        against.put("tied", difference.tied());
        against.put("lost", difference.lost());
        return against;
    }

    static @Nullable Map<String, @Nullable Double> json(Interval interval) {
        if (!Double.isFinite(interval.mean())) {
            return null;
        }
        Map<String, @Nullable Double> json = new LinkedHashMap<>();
        json.put("mean", interval.mean());
        json.put("low", Numbers.orNull(interval.low()));
        json.put("high", Numbers.orNull(interval.high()));
        return json;
    }
}
