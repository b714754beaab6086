package org.noisetrail.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
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
    /** The names of the columns of a CSV file. */
    public static final List<String> CSV_HEAD =
            ComparisonColumns.CSV.stream().map(ComparisonColumns.Column::name).toList();

    private ComparisonWords() {}

    /** The head, and the rows as tables show them, without the columns in which no row says anything. */
    public static List<List<String>> shown(ComparisonTable table) {
        List<ComparisonColumns.Column> said = ComparisonColumns.page(table).stream()
                .filter(column -> cells(table, column).anyMatch(cell -> !cell.matches("-?")))
                .toList();
        List<List<String>> lines = new ArrayList<>();
        lines.add(said.stream().map(ComparisonColumns.Column::name).toList());
        for (ComparisonTable.Row row : table.rows()) {
            lines.add(cells(table, row, said).toList());
        }
        return lines;
    }

    private static Stream<String> cells(ComparisonTable table, ComparisonColumns.Column column) {
        return table.rows().stream().flatMap(row -> cells(table, row, List.of(column)));
    }

    private static Stream<String> cells(
            ComparisonTable table, ComparisonTable.Row row, List<ComparisonColumns.Column> columns) {
        ComparisonColumns.Line line = new ComparisonColumns.Line(table, row);
        return columns.stream().map(column -> column.cell().apply(line));
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
        return table.title() + "\n" + lines + line(few(table));
    }

    private static String line(String text) {
        return text.isEmpty() ? "" : text + "\n";
    }

    /** Why a table has neither brackets nor verdicts; empty where it has. */
    static String few(ComparisonTable table) {
        int groups = table.rows().get(0).groups();
        return groups >= Interval.FEWEST_GROUPS
                ? ""
                : "no brackets and no verdict: prompts or classes (or images, where all are asked to be the same) must be >= "
                        + Interval.FEWEST_GROUPS + " to tell methods apart: " + groups;
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
        return text + line(few(table).isEmpty() ? "" : "\n" + few(table));
    }

    private static String escaped(String cell) {
        return cell.replace("|", "\\|");
    }

    /** Lines of a CSV file (RFC 4180), without its head. */
    public static String csv(ComparisonTable table) {
        StringBuilder text = new StringBuilder();
        for (ComparisonTable.Row row : table.rows()) {
            text.append(cells(table, row, ComparisonColumns.CSV)
                            .map(ComparisonWords::quoted)
                            .collect(Collectors.joining(",")))
                    .append("\r\n");
        }
        return text.toString();
    }

    /** The first line of a CSV file. */
    public static String csvHead() {
        return String.join(",", CSV_HEAD) + "\r\n";
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
        against.put("verdict", verdict(difference));
        return against;
    }

    /** What is told of the difference in the searched reward; null where nothing can be. */
    static @Nullable String verdict(ComparisonTable.Difference difference) {
        if (Double.isNaN(difference.reward().low())) {
            return null;
        }
        return difference.verdict() > 0 ? "better" : difference.verdict() < 0 ? "worse" : "not told apart";
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
