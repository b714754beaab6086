package org.noisetrail.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.noisetrail.sampler.EdmSampler;
import org.noisetrail.search.BestOfN;
import org.noisetrail.search.Method;

/** What methods have come to for one reward. */
record ComparisonTable(Comparison.Aim aim, EdmSampler sampler, List<Row> rows) {
    ComparisonTable {
        rows = List.copyOf(rows);
    }

    /** The cells of one row, in the order of {@link #HEAD}. */
    static final List<String> HEAD = List.of(
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
    static final List<String> CSV_HEAD = List.of(
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

    /**
     * A difference in reward, image by image, so that what images have in common cancels out.
     *
     * @param label of the method that is subtracted
     */
    record Difference(String label, Interval reward) {}

    /** A method with its results. All numbers are means over images and seeds; intervals are by bootstrap over these images. */
    static final class Row {
        private final String label;
        private final Method method;
        private final @Nullable Long target;
        private final List<CellResult> cells;
        private final @Nullable Difference difference;
        private final Interval reward;
        private final Interval heldOut;

        /** @param cells one a seed */
        Row(
                String label,
                Method method,
                @Nullable Long target,
                List<CellResult> cells,
                @Nullable Difference difference) {
            this.label = label;
            this.method = method;
            this.target = target;
            this.cells = List.copyOf(cells);
            this.difference = difference;
            reward = Interval.of(values(CellResult.Drawn::reward));
            heldOut = Interval.of(values(CellResult.Drawn::heldOut));
        }

        /** This row, set beside another of the same images. */
        Row against(Row other) {
            double[] own = values(CellResult.Drawn::reward);
            double[] others = other.values(CellResult.Drawn::reward);
            double[] differences = new double[own.length];
            for (int i = 0; i < own.length; i++) {
                differences[i] = own[i] - others[i];
            }
            return new Row(label, method, target, cells, new Difference(other.label, Interval.of(differences)));
        }

        String label() {
            return label;
        }

        /** Tells a sweep's rows of one method apart. */
        String title() {
            return target == null || method instanceof BestOfN ? label : label + " at " + target;
        }

        Method method() {
            return method;
        }

        /** The network evaluations it was sized to cost, if it was. */
        @Nullable
        Long target() {
            return target;
        }

        List<CellResult> cells() {
            return cells;
        }

        @Nullable
        Difference difference() {
            return difference;
        }

        Interval reward() {
            return reward;
        }

        Interval heldOut() {
            return heldOut;
        }

        double networkEvaluations() {
            return mean(image -> image.costs().networkEvaluations());
        }

        double transitions() {
            return mean(image -> image.costs().transitions());
        }

        double pivotNorm() {
            return mean(CellResult.Drawn::pivotNorm);
        }

        /** Of one image, where all were drawn together. */
        double secondsPerImage() {
            return cells.stream().mapToDouble(CellResult::seconds).sum() / images();
        }

        /** NaN where there is no classifier. */
        double diversity() {
            return cells.stream().mapToDouble(CellResult::diversity).average().orElse(Double.NaN);
        }

        /** The mean reward of clean estimates after each step, over the images that were judged there; NaN where none was. */
        double[] byStep() {
            double[] means = new double[cells.get(0).images().get(0).byStep().length];
            for (int step = 0; step < means.length; step++) {
                int at = step;
                means[step] = cells.stream()
                        .flatMap(cell -> cell.images().stream())
                        .mapToDouble(image -> image.byStep()[at])
                        .filter(Double::isFinite)
                        .average()
                        .orElse(Double.NaN);
            }
            return means;
        }

        private int images() {
            return cells.stream().mapToInt(cell -> cell.images().size()).sum();
        }

        private double mean(ToDoubleFunction<CellResult.Drawn> value) {
            double sum = 0;
            for (double each : values(value)) {
                sum += each;
            }
            return sum / images();
        }

        private double[] values(ToDoubleFunction<CellResult.Drawn> value) {
            return cells.stream()
                    .flatMap(cell -> cell.images().stream())
                    .mapToDouble(value)
                    .toArray();
        }
    }

    /** The rows as tables show them. */
    List<List<String>> cells() {
        List<List<String>> lines = new ArrayList<>();
        for (Row row : rows) {
            Difference difference = row.difference();
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
                    MethodWords.describe(row.method(), sampler)));
        }
        return lines;
    }

    private static String whole(double value) {
        return Double.isFinite(value) ? Numbers.count(Math.round(value)) : "-";
    }

    /** What the table is of, in a line. */
    String title() {
        RewardSpec heldOut = aim.heldOut();
        return "reward " + aim.reward() + (heldOut == null ? "" : ", held out " + heldOut);
    }

    String text() {
        TextTable table = new TextTable(HEAD.toArray(String[]::new));
        cells().forEach(line -> table.row(line.toArray(String[]::new)));
        return title() + "\n" + table;
    }

    String markdown() {
        StringBuilder text = new StringBuilder("### " + title() + "\n\n");
        text.append(HEAD.stream().map(ComparisonTable::escaped).collect(Collectors.joining(" | ", "| ", " |\n")));
        text.append("|---|").append("---:|".repeat(HEAD.size() - 2)).append("---|\n");
        for (List<String> line : cells()) {
            text.append(line.stream().map(ComparisonTable::escaped).collect(Collectors.joining(" | ", "| ", " |\n")));
        }
        return text.toString();
    }

    private static String escaped(String cell) {
        return cell.replace("|", "\\|");
    }

    /** Lines of a CSV file (RFC 4180), without its head. */
    String csv() {
        StringBuilder text = new StringBuilder();
        for (Row row : rows) {
            Difference difference = row.difference();
            Interval gained = difference == null ? Interval.UNKNOWN : difference.reward();
            RewardSpec heldOut = aim.heldOut();
            List<String> fields = List.of(
                    aim.reward().toString(),
                    heldOut == null ? "" : heldOut.toString(),
                    row.label(),
                    MethodWords.describe(row.method(), sampler),
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
            text.append(fields.stream().map(ComparisonTable::quoted).collect(Collectors.joining(",")))
                    .append("\r\n");
        }
        return text.toString();
    }

    static String csvHead() {
        return String.join(",", CSV_HEAD) + "\r\n";
    }

    private static String number(double value) {
        return Double.isFinite(value) ? Numbers.json(value) : "";
    }

    private static String quoted(String field) {
        return field.matches("(?s).*[\",\r\n].*") ? '"' + field.replace("\"", "\"\"") + '"' : field;
    }

    Map<String, @Nullable Object> json() {
        RewardSpec heldOut = aim.heldOut();
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("reward", aim.reward().toString());
        json.put("heldOut", heldOut == null ? null : heldOut.toString());
        json.put("rows", rows.stream().map(this::json).toList());
        return json;
    }

    private Map<String, @Nullable Object> json(Row row) {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("label", row.label());
        json.put("settings", MethodWords.json(row.method(), sampler));
        json.put("targetEvaluations", row.target());
        json.put("reward", json(row.reward()));
        json.put("heldOut", json(row.heldOut()));
        json.put("transitions", Numbers.orNull(row.transitions()));
        json.put("networkEvaluations", Numbers.orNull(row.networkEvaluations()));
        json.put("secondsPerImage", row.secondsPerImage());
        json.put("pivotNorm", Numbers.orNull(row.pivotNorm()));
        json.put("diversity", Numbers.orNull(row.diversity()));
        Difference difference = row.difference();
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

    private static @Nullable Map<String, Double> json(Interval interval) {
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
