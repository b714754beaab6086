package org.noisetrail.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.noisetrail.evaluation.Comparison;
import org.noisetrail.evaluation.ComparisonTable;
import org.noisetrail.evaluation.Interval;
import org.noisetrail.files.Numbers;
import org.noisetrail.search.Methods;

/** A {@link ComparisonTable} in words: for a terminal, as Markdown, CSV and JSON. */
public final class ComparisonWords {
    /** The cells of one row, in the order of {@link #HEAD}. */
    public static final List<String> HEAD = List.of(
            "method",
            "reward [95 %]",
            "held-out [95 %]",
            "transitions",
            "NFE",
            "s/image",
            "|p|/sqrt(d)",
            "diversity",
            "vs best-of-n at its NFE [95 %]",
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
            "difference_high");

    private ComparisonWords() {}

    /** The rows as tables show them. */
    public static List<List<String>> cells(ComparisonTable table) {
        List<List<String>> lines = new ArrayList<>();
        for (ComparisonTable.Row row : table.rows()) {
            ComparisonTable.Difference difference = row.difference();
            lines.add(List.of(
                    row.title(),
                    row.reward().toString(),
                    row.heldOut().toString(),
                    whole(row.transitions()),
                    whole(row.networkEvaluations()),
                    String.format(Locale.ROOT, "%.3f", row.secondsPerImage()),
                    Numbers.score(row.pivotNorm()),
                    Double.isFinite(row.diversity()) ? String.format(Locale.ROOT, "%.2f", row.diversity()) : "-",
                    difference == null ? "" : difference.reward() + " (" + difference.label() + ")",
                    Methods.registry().words(row.method())));
        }
        return lines;
    }

    private static String whole(double value) {
        return Double.isFinite(value) ? Numbers.count(Math.round(value)) : "-";
    }

    /** A table for a terminal. */
    public static String text(ComparisonTable table) {
        TextTable lines = new TextTable(HEAD.toArray(String[]::new));
        cells(table).forEach(line -> lines.row(line.toArray(String[]::new)));
        return table.title() + "\n" + lines;
    }

    /** A heading and a table. */
    public static String markdown(ComparisonTable table) {
        StringBuilder text = new StringBuilder("### " + table.title() + "\n\n");
        text.append(HEAD.stream().map(ComparisonWords::escaped).collect(Collectors.joining(" | ", "| ", " |\n")));
        text.append("|---|").append("---:|".repeat(HEAD.size() - 2)).append("---|\n");
        for (List<String> line : cells(table)) {
            text.append(line.stream().map(ComparisonWords::escaped).collect(Collectors.joining(" | ", "| ", " |\n")));
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
            Interval gained = difference == null ? Interval.UNKNOWN : difference.reward();
            Comparison.Judge heldOut = table.aim().heldOut();
            List<String> fields = List.of(
                    table.aim().reward().toString(),
                    heldOut == null ? "" : heldOut.toString(),
                    row.label(),
                    Methods.registry().words(row.method()),
                    row.target() == null ? "" : row.target().toString(),
                    number(row.reward().mean()),
                    number(row.reward().low()),
                    number(row.reward().high()),
                    number(row.heldOut().mean()),
                    number(row.heldOut().low()),
                    number(row.heldOut().high()),
                    number(row.transitions()),
                    number(row.networkEvaluations()),
                    number(row.secondsPerImage()),
                    number(row.pivotNorm()),
                    number(row.diversity()),
                    difference == null ? "" : difference.label(),
                    number(gained.mean()),
                    number(gained.low()),
                    number(gained.high()));
            text.append(fields.stream().map(ComparisonWords::quoted).collect(Collectors.joining(",")))
                    .append("\r\n");
        }
        return text.toString();
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
        json.put("rows", table.rows().stream().map(ComparisonWords::json).toList());
        return json;
    }

    private static Map<String, @Nullable Object> json(ComparisonTable.Row row) {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("label", row.label());
        json.put("settings", Methods.registry().json(row.method()));
        json.put("targetEvaluations", row.target());
        json.put("reward", json(row.reward()));
        json.put("heldOut", json(row.heldOut()));
        json.put("transitions", Numbers.orNull(row.transitions()));
        json.put("networkEvaluations", Numbers.orNull(row.networkEvaluations()));
        json.put("secondsPerImage", row.secondsPerImage());
        json.put("pivotNorm", Numbers.orNull(row.pivotNorm()));
        json.put("diversity", Numbers.orNull(row.diversity()));
        ComparisonTable.Difference difference = row.difference();
        if (difference != null) {
            Map<String, @Nullable Object> against = new LinkedHashMap<>();
            against.put("label", difference.label());
            against.put("difference", json(difference.reward()));
            json.put("againstBestOfN", against);
        }
        List<@Nullable Double> byStep = new ArrayList<>();
        for (double value : row.byStep()) {
            byStep.add(Numbers.orNull(value));
        }
        json.put("rewardByStep", byStep);
        return json;
    }

    static @Nullable Map<String, Double> json(Interval interval) {
        if (!Double.isFinite(interval.mean())) {
            return null;
        }
        Map<String, Double> json = new LinkedHashMap<>();
        json.put("mean", interval.mean());
        json.put("low", interval.low());
        json.put("high", interval.high());
        return json;
    }
}
