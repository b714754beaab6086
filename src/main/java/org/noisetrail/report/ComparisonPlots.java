package org.noisetrail.report;

import java.awt.Color;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.noisetrail.evaluation.Comparison;
import org.noisetrail.evaluation.ComparisonTable;
import org.noisetrail.search.BestOfN;

/** A table as plots. */
final class ComparisonPlots {
    /** The names of their files. */
    static final Pattern FILE = Pattern.compile(".+-(by-nfe|held-out|by-step)\\.(png|svg)");

    private static final String BEST_OF_N = "best-of-n";
    private static final int LONGEST = 100;

    private final ComparisonTable table;
    private final String slug;
    private final String reward;
    /** Rows by the line they are points of. */
    private final Map<String, List<ComparisonTable.Row>> lines = new LinkedHashMap<>();

    /** @param slug what the names of its files begin with, and no other table's */
    private ComparisonPlots(ComparisonTable table, String slug) {
        this.table = table;
        this.slug = slug;
        reward = table.aim().reward().toString();
        for (ComparisonTable.Row row : table.rows()) {
            lines.computeIfAbsent(line(row), label -> new ArrayList<>()).add(row);
        }
        lines.values().forEach(rows -> rows.sort(Comparator.comparingDouble(ComparisonTable.Row::networkEvaluations)));
    }

    /** Best-of-n of any size is one line; from a shared start it is another method. */
    private static String line(ComparisonTable.Row row) {
        return row.method() instanceof BestOfN best && !best.sharedStart() ? BEST_OF_N : row.label();
    }

    /** A reward as the name of a file: other rewards have other names. */
    static String slug(String words) {
        String slug = words.replaceAll("^-", "minus-")
                .replace("+", "-plus-")
                .replace("*", "x")
                .replaceAll("[^A-Za-z0-9.]+", "-");
        // A path may be longer than a file's name.
        return slug.length() <= LONGEST
                ? slug
                : slug.substring(0, LONGEST) + "-" + Integer.toHexString(words.hashCode());
    }

    /** Those of each table; several of one reward, held-out ones apart, have numbers. */
    static List<List<Plot>> of(List<ComparisonTable> tables) {
        Set<String> taken = new HashSet<>();
        List<List<Plot>> all = new ArrayList<>();
        for (ComparisonTable table : tables) {
            String slug = slug(table.aim().reward().toString());
            String own = slug;
            for (int number = 2; !taken.add(own); number++) {
                own = slug + "-" + number;
            }
            all.add(new ComparisonPlots(table, own).plots());
        }
        return all;
    }

    private List<Plot> plots() {
        List<Plot> all = new ArrayList<>();
        all.add(byCost());
        heldOut().ifPresent(all::add);
        byStep().ifPresent(all::add);
        return all;
    }

    private Plot byCost() {
        return Plot.of(
                slug + "-by-nfe",
                reward + " by cost",
                "network evaluations an image",
                reward,
                true,
                drawn(row -> new Plot.Point(Plot.Point.exactly(row.networkEvaluations()), row.reward())));
    }

    private Optional<Plot> heldOut() {
        Comparison.Judge heldOut = table.aim().heldOut();
        if (heldOut == null) {
            return Optional.empty();
        }
        return Optional.of(Plot.of(
                slug + "-held-out",
                "held-out by searched reward",
                reward + " (searched)",
                heldOut + " (held out)",
                false,
                drawn(row -> new Plot.Point(row.reward(), row.heldOut()))));
    }

    private interface Drawing {
        Plot.Point point(ComparisonTable.Row row);
    }

    private List<Plot.Line> drawn(Drawing drawing) {
        List<Plot.Line> all = new ArrayList<>();
        lines.forEach((label, rows) -> all.add(new Plot.Line(
                label,
                colour(label),
                number(label),
                rows.size() > 1,
                rows.stream().map(drawing::point).toList())));
        return all;
    }

    /** The reward that clean estimates have after each step, and at the end that of the image; of a sweep, its largest budget's. */
    private Optional<Plot> byStep() {
        Long largest = table.rows().stream()
                .map(ComparisonTable.Row::target)
                .filter(Objects::nonNull)
                .max(Comparator.naturalOrder())
                .orElse(null);
        List<Plot.Line> all = new ArrayList<>();
        boolean steps = false;
        for (ComparisonTable.Row row : table.rows()) {
            if (largest != null && row.target() != null && !largest.equals(row.target())) {
                continue;
            }
            double[] byStep = row.byStep();
            List<Plot.Point> points = new ArrayList<>();
            for (int step = 0; step < byStep.length; step++) {
                if (Double.isFinite(byStep[step])) {
                    points.add(new Plot.Point(Plot.Point.exactly(step), Plot.Point.exactly(byStep[step])));
                }
            }
            steps |= !points.isEmpty();
            points.add(new Plot.Point(Plot.Point.exactly(byStep.length), row.reward()));
            String line = line(row);
            all.add(new Plot.Line(row.label(), colour(line), number(line), points.size() > 1, points));
        }
        if (!steps) {
            return Optional.empty();
        }
        int end = table.rows().get(0).byStep().length;
        return Optional.of(
                Plot.of(slug + "-by-step", reward + " by step", "step (" + end + ": the image)", reward, false, all));
    }

    private int number(String line) {
        return List.copyOf(lines.keySet()).indexOf(line);
    }

    private Color colour(String line) {
        return line.equals(BEST_OF_N) ? Plot.BLACK : Plot.colour(number(line));
    }
}
