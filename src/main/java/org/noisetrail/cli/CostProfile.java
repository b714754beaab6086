package org.noisetrail.cli;

import java.awt.Color;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategorySeries;
import org.noisetrail.search.SearchResult;
import org.noisetrail.trace.Profile;
import org.noisetrail.trace.Profile.Part;
import org.noisetrail.trace.Profile.Times;

/**
 * Where the time of a search went, over several runs of it.
 *
 * @param runs each with the network evaluations of all its images
 */
record CostProfile(List<Run> runs) {
    record Run(Profile profile, long evaluations) {
        /** Microseconds of a part, for each network evaluation. */
        double micros(Part part) {
            return times(part).totalNanos() / 1e3 / evaluations;
        }

        double wallMicros() {
            return profile.wall().toNanos() / 1e3 / evaluations;
        }

        Times times(Part part) {
            Times times = profile.parts().get(part);
            return times == null ? new Times(0, 0, 0, 0, 0) : times;
        }
    }

    /** The median of the runs, and their extremes. */
    record Spread(double median, double low, double high) {
        static Spread of(double[] values) {
            double[] sorted = values.clone();
            java.util.Arrays.sort(sorted);
            int middle = sorted.length / 2;
            double median = sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
            return new Spread(median, sorted[0], sorted[sorted.length - 1]);
        }
    }

    private static final Map<Part, Color> COLOURS = colours();

    CostProfile {
        runs = List.copyOf(runs);
        if (runs.isEmpty()) {
            throw new IllegalArgumentException("runs must be >= 1: 0");
        }
    }

    private static Map<Part, Color> colours() {
        Map<Part, Color> colours = new EnumMap<>(Part.class);
        for (Part part : Part.values()) {
            colours.put(part, part == Part.HOST ? Plot.BLACK : Plot.colour(part.ordinal()));
        }
        return colours;
    }

    /** Runs a search once to warm up, then {@code count} times with the events on. */
    static CostProfile of(int count, Supplier<SearchResult> search) {
        List<Run> runs = new ArrayList<>();
        @SuppressWarnings("unused")
        SearchResult warmUp = search.get();
        for (int run = 0; run < count; run++) {
            Profile.Recorded<SearchResult> recorded = Profile.record(search);
            runs.add(new Run(
                    recorded.profile(),
                    recorded.result().images().stream()
                            .mapToLong(image -> image.costs().networkEvaluations())
                            .sum()));
        }
        return new CostProfile(runs);
    }

    static String word(Part part) {
        return part.name().toLowerCase(Locale.ROOT);
    }

    Spread micros(Part part) {
        return Spread.of(runs.stream().mapToDouble(run -> run.micros(part)).toArray());
    }

    Spread wallMicros() {
        return Spread.of(runs.stream().mapToDouble(Run::wallMicros).toArray());
    }

    /** Of the wall time, over all runs. */
    double share(Part part) {
        double wall =
                runs.stream().mapToDouble(run -> run.profile().wall().toNanos()).sum();
        return runs.stream().mapToDouble(run -> run.times(part).totalNanos()).sum() / wall;
    }

    String text() {
        TextTable table =
                new TextTable("part", "us/NFE", "low", "high", "share", "calls", "median call us", "10 %", "90 %");
        Run first = runs.get(0);
        for (Part part : Part.values()) {
            Spread spread = micros(part);
            Times calls = first.times(part);
            boolean host = part == Part.HOST;
            table.row(
                    word(part),
                    decimal(spread.median()),
                    decimal(spread.low()),
                    decimal(spread.high()),
                    String.format(Locale.ROOT, "%.2f %%", 100 * share(part)),
                    host ? "" : Numbers.count(calls.calls()),
                    host ? "" : decimal(calls.medianNanos() / 1e3),
                    host ? "" : decimal(calls.lowNanos() / 1e3),
                    host ? "" : decimal(calls.highNanos() / 1e3));
        }
        Spread wall = wallMicros();
        table.row("all", decimal(wall.median()), decimal(wall.low()), decimal(wall.high()), "100.00 %", "", "", "", "");
        return table.toString();
    }

    private static String decimal(double value) {
        return String.format(Locale.ROOT, "%,.2f", value);
    }

    Map<String, @Nullable Object> json() {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("unit", "microseconds for each network evaluation of one image; calls in microseconds");
        json.put("wall", json(wallMicros()));
        Map<String, Object> parts = new LinkedHashMap<>();
        for (Part part : Part.values()) {
            Map<String, Object> each = new LinkedHashMap<>(json(micros(part)));
            each.put("share", share(part));
            Times calls = runs.get(0).times(part);
            if (part != Part.HOST) {
                each.put("calls", calls.calls());
                each.put("callMedian", calls.medianNanos() / 1e3);
                each.put("callLow", calls.lowNanos() / 1e3);
                each.put("callHigh", calls.highNanos() / 1e3);
            }
            parts.put(word(part), each);
        }
        json.put("parts", parts);
        List<Map<String, Object>> all = new ArrayList<>();
        for (Run run : runs) {
            Map<String, Object> each = new LinkedHashMap<>();
            each.put("networkEvaluations", run.evaluations());
            each.put("seconds", run.profile().wall().toNanos() / 1e9);
            for (Part part : Part.values()) {
                each.put(word(part), run.micros(part));
            }
            all.add(each);
        }
        json.put("runs", all);
        return json;
    }

    private static Map<String, Object> json(Spread spread) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("median", spread.median());
        json.put("low", spread.low());
        json.put("high", spread.high());
        return json;
    }

    /** A bar a run; what is too thin to see has its number in the legend. */
    Plot plot(String title) {
        CategoryChart chart = new CategoryChart(480, Plot.height(Part.values().length));
        Plot.style(chart.getStyler());
        chart.setTitle(title);
        chart.setXAxisTitle("run");
        chart.setYAxisTitle("us for each network evaluation");
        chart.getStyler().setStacked(true);
        chart.getStyler().setAvailableSpaceFill(.6);
        List<String> names = IntStream.rangeClosed(1, runs.size())
                .mapToObj(Integer::toString)
                .toList();
        for (Part part : Part.values()) {
            CategorySeries series = chart.addSeries(
                    word(part),
                    names,
                    runs.stream().map(run -> Math.max(0, run.micros(part))).toList());
            series.setLabel(String.format(
                    Locale.ROOT,
                    "%s  %s us, %.2f %%",
                    word(part),
                    decimal(micros(part).median()),
                    100 * share(part)));
            series.setFillColor(COLOURS.getOrDefault(part, Plot.BLACK));
        }
        return Plot.encode("profile", title, chart);
    }
}
