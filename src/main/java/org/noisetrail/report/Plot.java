package org.noisetrail.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.knowm.xchart.VectorGraphicsEncoder;
import org.knowm.xchart.VectorGraphicsEncoder.VectorGraphicsFormat;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.internal.chartpart.Chart;
import org.knowm.xchart.style.AxesChartStyler;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.Styler.LegendLayout;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.Marker;
import org.knowm.xchart.style.markers.SeriesMarkers;
import org.noisetrail.NoisetrailException;
import org.noisetrail.evaluation.Interval;
import org.noisetrail.files.AtomicFiles;
import org.noisetrail.files.OutputFolder;

/**
 * A drawn plot, in both forms that it is written in.
 *
 * @param name of its files, without extension
 * @param title in words
 * @param png at twice the size, for sharp screens
 * @param svg a whole file
 */
public record Plot(String name, String title, byte[] png, byte[] svg) {
    /** Where plots are written to. */
    static final String FOLDER = "plots";

    /** Okabe and Ito's colours, which those who see no red or no green tell apart; black goes to best-of-n. */
    private static final List<Color> COLOURS = List.of(
            new Color(0x0072B2),
            new Color(0xD55E00),
            new Color(0x009E73),
            new Color(0xCC79A7),
            new Color(0xE69F00),
            new Color(0x56B4E9),
            new Color(0x8A7A00),
            new Color(0x7A4EAB));

    private static final List<Marker> MARKERS = List.of(
            SeriesMarkers.CIRCLE,
            SeriesMarkers.SQUARE,
            SeriesMarkers.DIAMOND,
            SeriesMarkers.TRIANGLE_UP,
            SeriesMarkers.TRIANGLE_DOWN,
            SeriesMarkers.CROSS);

    static final Color BLACK = new Color(0x33, 0x33, 0x33);

    /** Narrow, so that its words can be read where a telephone shrinks it. */
    private static final int WIDTH = 480;

    private static final int HEIGHT = 300;
    private static final int LEGEND_LINE = 21;
    private static final int PNG_SCALE = 2;

    static Color colour(int number) {
        return COLOURS.get(number % COLOURS.size());
    }

    static int height(int legendLines) {
        return HEIGHT + LEGEND_LINE * legendLines;
    }

    /** A point with the interval of either coordinate; a coordinate's that is not known is NaN throughout. */
    public record Point(Interval x, Interval y) {
        static Interval exactly(double value) {
            return new Interval(value, Double.NaN, Double.NaN);
        }
    }

    /**
     * @param connected whether a line goes through the points
     */
    public record Line(String label, Color colour, int marker, boolean connected, List<Point> points) {}

    /** Points and lines with their intervals. Lines without a point that has two numbers are left out. */
    public static Plot of(
            String name, String title, String xTitle, String yTitle, boolean logarithmic, List<Line> lines) {
        List<Line> shown = new ArrayList<>();
        for (Line line : lines) {
            List<Point> points = line.points().stream()
                    .filter(point -> Double.isFinite(point.x().mean())
                            && Double.isFinite(point.y().mean()))
                    .toList();
            if (!points.isEmpty()) {
                shown.add(new Line(line.label(), line.colour(), line.marker(), line.connected(), points));
            }
        }
        XYChart chart = new XYChart(WIDTH, height(shown.size()));
        style(chart.getStyler());
        chart.setTitle(title);
        chart.setXAxisTitle(xTitle);
        chart.setYAxisTitle(yTitle);
        // Short decimals whatever the scale: 0.05, 2000.
        chart.getStyler().setDecimalPattern("#0.###");
        chart.getStyler().setXAxisLogarithmic(logarithmic);
        if (logarithmic) {
            chart.getStyler().setXAxisLogarithmicDecadeOnly(false);
            chart.getStyler().setXAxisTickLabelsFormattingFunction(Plot::sparse);
        }
        for (Line line : shown) {
            XYSeries series = chart.addSeries(
                    unique(chart, line.label()),
                    line.points().stream().mapToDouble(p -> p.x().mean()).toArray(),
                    line.points().stream().mapToDouble(p -> p.y().mean()).toArray());
            series.setLabel(line.label());
            series.setLineColor(line.colour());
            series.setMarkerColor(line.colour());
            series.setMarker(MARKERS.get(line.marker() % MARKERS.size()));
            series.setLineWidth(1.6f);
            if (!line.connected()) {
                series.setXYSeriesRenderStyle(XYSeries.XYSeriesRenderStyle.Scatter);
            }
            for (Point point : line.points()) {
                double x = point.x().mean();
                double y = point.y().mean();
                interval(chart, line.colour(), new double[] {x, x}, new double[] {
                    point.y().low(), point.y().high()
                });
                interval(
                        chart,
                        line.colour(),
                        new double[] {point.x().low(), point.x().high()},
                        new double[] {y, y});
            }
        }
        return encode(name, title, chart);
    }

    /** xchart's own error bars are symmetric; bootstrap intervals are not. */
    private static void interval(XYChart chart, Color colour, double[] x, double[] y) {
        if (Double.isFinite(x[0] + x[1] + y[0] + y[1])) {
            XYSeries series = chart.addSeries(unique(chart, "interval"), x, y);
            series.setShowInLegend(false);
            series.setMarker(SeriesMarkers.NONE);
            series.setLineColor(colour);
            series.setLineStyle(new BasicStroke(1.2f));
        }
    }

    /** Series are known by name; a label may come twice. */
    private static String unique(XYChart chart, String name) {
        return name + "#" + chart.getSeriesCollection().size();
    }

    static void style(AxesChartStyler styler) {
        styler.setLocale(Locale.ROOT);
        styler.setChartBackgroundColor(Color.WHITE);
        styler.setPlotBackgroundColor(Color.WHITE);
        styler.setPlotBorderVisible(false);
        styler.setChartTitleBoxVisible(false);
        styler.setChartTitleFont(new Font(Font.SANS_SERIF, Font.BOLD, 14));
        styler.setAxisTitleFont(new Font(Font.SANS_SERIF, Font.PLAIN, 13));
        styler.setAxisTickLabelsFont(new Font(Font.SANS_SERIF, Font.PLAIN, 12));
        styler.setLegendFont(new Font(Font.SANS_SERIF, Font.PLAIN, 12));
        styler.setLegendPosition(LegendPosition.OutsideS);
        styler.setLegendLayout(LegendLayout.Vertical);
        styler.setLegendBorderColor(Color.WHITE);
        styler.setLegendPadding(4);
        styler.setPlotGridLinesColor(new Color(0xDD, 0xDD, 0xDD));
        styler.setMarkerSize(7);
    }

    static Plot encode(String name, String title, Chart<? extends Styler, ?> chart) {
        try {
            ByteArrayOutputStream svg = new ByteArrayOutputStream();
            VectorGraphicsEncoder.saveVectorGraphic(chart, svg, VectorGraphicsFormat.SVG);
            return new Plot(name, title, png(chart), svg.toByteArray());
        } catch (IOException e) {
            throw new NoisetrailException("cannot draw a plot: " + AtomicFiles.reason(e), e);
        }
    }

    private static byte[] png(Chart<? extends Styler, ?> chart) {
        BufferedImage sheet = new BufferedImage(
                chart.getWidth() * PNG_SCALE, chart.getHeight() * PNG_SCALE, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = sheet.createGraphics();
        try {
            graphics.scale(PNG_SCALE, PNG_SCALE);
            chart.paint(graphics, chart.getWidth(), chart.getHeight());
        } finally {
            graphics.dispose();
        }
        return Png.encode(sheet, Map.of());
    }

    /** The picture as an element of a page: without what only a file of its own needs. */
    public String inline() {
        String text = new String(svg, StandardCharsets.UTF_8);
        String element = text.substring(text.indexOf("<svg"));
        int end = element.indexOf('>');
        String head = element.substring(0, end)
                .replaceAll("\\s+xmlns(:\\w+)?=\"[^\"]*\"", "")
                .replaceAll("\\s+(width|height|version)=\"[^\"]*\"", "");
        // Its clips are named within the page.
        return head
                + element.substring(end)
                        .replace("id=\"clip", "id=\"" + name + "-clip")
                        .replace("url(#clip", "url(#" + name + "-clip");
    }

    /** Writes both forms to {@code plots} in a folder, which is made if it is not there. */
    public void write(Path out) {
        write(OutputFolder.open(out));
    }

    void write(OutputFolder folder) {
        AtomicFiles.write(folder.file(FOLDER + "/" + name + ".png"), png);
        AtomicFiles.write(folder.file(FOLDER + "/" + name + ".svg"), svg);
    }

    /** Labels 1, 2 and 5 of each decade: all nine would overlap. */
    private static String sparse(double value) {
        double leading = value / Math.pow(10, Math.floor(Math.log10(value) + 1e-9));
        boolean shown = Stream.of(1, 2, 5).anyMatch(digit -> Math.abs(leading - digit) < 1e-6);
        return shown ? new DecimalFormat("#0.###", DecimalFormatSymbols.getInstance(Locale.ROOT)).format(value) : "";
    }
}
