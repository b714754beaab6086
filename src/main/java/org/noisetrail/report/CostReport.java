package org.noisetrail.report;

import java.awt.Color;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategorySeries;
import org.noisetrail.evaluation.CostProfile;
import org.noisetrail.files.Numbers;
import org.noisetrail.trace.Profile.Part;
import org.noisetrail.trace.Profile.Times;

/** A {@link CostProfile} as a table, as JSON and as a stacked bar. */
public final class CostReport {
    private static final Map<Part, Color> COLOURS = colours();

    private CostReport() {}

    private static Map<Part, Color> colours() {
        Map<Part, Color> colours = new EnumMap<>(Part.class);
        for (Part part : Part.values()) {
            colours.put(part, part == Part.HOST ? Plot.BLACK : Plot.colour(part.ordinal()));
        }
        return colours;
    }

    private static String word(Part part) {
        return part.name().toLowerCase(Locale.ROOT);
    }

    /** For a terminal. */
    public static String text(CostProfile profile) {
        TextTable table =
                new TextTable("part", "us/NFE", "low", "high", "share", "calls", "median call us", "10 %", "90 %");
        CostProfile.Run first = profile.runs().get(0);
        for (Part part : Part.values()) {
            CostProfile.Spread spread = profile.micros(part);
            Times calls = first.times(part);
            boolean host = part == Part.HOST;
            table.row(
                    word(part),
                    decimal(spread.median()),
                    decimal(spread.low()),
                    decimal(spread.high()),
                    String.format(Locale.ROOT, "%.2f %%", 100 * profile.share(part)),
                    host ? "" : Numbers.count(calls.calls()),
                    host ? "" : decimal(calls.medianNanos() / 1e3),
                    host ? "" : decimal(calls.lowNanos() / 1e3),
                    host ? "" : decimal(calls.highNanos() / 1e3));
        }
        CostProfile.Spread wall = profile.wallMicros();
        table.row("all", decimal(wall.median()), decimal(wall.low()), decimal(wall.high()), "100.00 %", "", "", "", "");
        return table.toString();
    }

    private static String decimal(double value) {
        return String.format(Locale.ROOT, "%,.2f", value);
    }

    /** For a file. */
    public static Map<String, @Nullable Object> json(CostProfile profile) {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("unit", "microseconds for each network evaluation of one image; calls in microseconds");
        json.put("wall", json(profile.wallMicros()));
        Map<String, Object> parts = new LinkedHashMap<>();
        for (Part part : Part.values()) {
            Map<String, Object> each = new LinkedHashMap<>(json(profile.micros(part)));
            each.put("share", profile.share(part));
            Times calls = profile.runs().get(0).times(part);
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
        for (CostProfile.Run run : profile.runs()) {
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

    private static Map<String, Object> json(CostProfile.Spread spread) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("median", spread.median());
        json.put("low", spread.low());
        json.put("high", spread.high());
        return json;
    }

    /** A bar a run; what is too thin to see has its number in the legend. */
    public static Plot plot(CostProfile profile, String title) {
        CategoryChart chart = new CategoryChart(480, Plot.height(Part.values().length));
        Plot.style(chart.getStyler());
        chart.setTitle(title);
        chart.setXAxisTitle("run");
        chart.setYAxisTitle("us for each network evaluation");
        chart.getStyler().setStacked(true);
        chart.getStyler().setAvailableSpaceFill(.6);
        List<String> names = IntStream.rangeClosed(1, profile.runs().size())
                .mapToObj(Integer::toString)
                .toList();
        for (Part part : Part.values()) {
            CategorySeries series = chart.addSeries(
                    word(part),
                    names,
                    profile.runs().stream()
                            .map(run -> Math.max(0, run.micros(part)))
                            .toList());
            series.setLabel(String.format(
                    Locale.ROOT,
                    "%s  %s us, %.2f %%",
                    word(part),
                    decimal(profile.micros(part).median()),
                    100 * profile.share(part)));
            series.setFillColor(COLOURS.getOrDefault(part, Plot.BLACK));
        }
        return Plot.encode("profile", title, chart);
    }
}
