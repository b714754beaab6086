package org.noisetrail.report;

import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.noisetrail.files.Numbers;
import org.noisetrail.model.Condition;
import org.noisetrail.model.ImageShape;
import org.noisetrail.model.format.Conditions;
import org.noisetrail.search.ImageResult;
import org.noisetrail.search.SearchResult;

/** The demo's picture: a row for the plain images, and one for each search, with what each image scored. */
public final class DemoSheet {
    private static final Color PAPER = Color.WHITE;
    private static final Color INK = new Color(0x22, 0x22, 0x22);
    private static final Color FAINT = new Color(0x77, 0x77, 0x77);
    private static final int MARGIN = 20;
    private static final int LABEL_WIDTH = 230;
    private static final int GAP = 8;
    private static final int HEAD = 30;
    private static final int CAPTION = 26;
    private static final int CAPTION_LINE = 16;
    /** A letter's width at the head's size, about. */
    private static final int LETTER = 8;

    /** One search of a demo. */
    public record Run(String reward, String heldOut, String method, SearchResult result) {
        /** The mean over its images; NaN where one is NaN. */
        public double mean(ToDoubleFunction<ImageResult> value) {
            return result.images().stream().mapToDouble(value).average().orElse(Double.NaN);
        }

        /** The mean held-out reward. */
        public double meanHeldOut() {
            return mean(image -> image.heldOut().orElse(Double.NaN));
        }

        /** Mean network evaluations of an image, rounded. */
        public long evaluations() {
            return Math.round(mean(image -> image.costs().networkEvaluations()));
        }
    }

    /** A row: what stands beside it, its images, and below each what it scored. */
    private record Row(String title, List<String> notes, List<ImageResult> images, List<List<String>> captions) {}

    private final Graphics2D graphics;
    /** A Java runtime without fonts can draw the images all the same. */
    private boolean fonts = true;

    private DemoSheet(Graphics2D graphics) {
        this.graphics = graphics;
        graphics.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
    }

    /** Sheets one above the other. */
    public static byte[] png(List<BufferedImage> sheets) {
        int width = sheets.stream().mapToInt(BufferedImage::getWidth).max().orElse(1);
        int height = sheets.stream().mapToInt(BufferedImage::getHeight).sum();
        BufferedImage all = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = all.createGraphics();
        try {
            graphics.setColor(PAPER);
            graphics.fillRect(0, 0, width, height);
            int y = 0;
            for (BufferedImage sheet : sheets) {
                graphics.drawImage(sheet, 0, y, null);
                y += sheet.getHeight();
            }
        } finally {
            graphics.dispose();
        }
        return Png.encode(all, Map.of());
    }

    /** @param runs naive ones draw the same images, whatever the reward: they share a row */
    public static BufferedImage draw(List<Run> runs, List<String> classNames) {
        List<Row> rows = rows(runs);
        List<ImageResult> first = rows.get(0).images();
        ImageShape shape = first.get(0).pixels().shape();
        int scale = Grid.scale(shape);
        int width = shape.width() * scale;
        int height = shape.height() * scale;
        int head = headHeight(first, classNames, width);
        int total = MARGIN * 2 + head;
        for (Row row : rows) {
            total += height + captionHeight(row);
        }
        BufferedImage sheet = new BufferedImage(
                MARGIN * 2 + LABEL_WIDTH + first.size() * (width + GAP) - GAP, total, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = sheet.createGraphics();
        try {
            graphics.setColor(PAPER);
            graphics.fillRect(0, 0, sheet.getWidth(), sheet.getHeight());
            DemoSheet drawing = new DemoSheet(graphics);
            for (int i = 0; i < first.size(); i++) {
                List<String> lines = lines(name(first.get(i).request().condition(), classNames), width);
                for (int n = 0; n < lines.size(); n++) {
                    int baseline = MARGIN + head - CAPTION_LINE * (lines.size() - n);
                    drawing.centred(lines.get(n), MARGIN + LABEL_WIDTH + i * (width + GAP), width, baseline, 13, INK);
                }
            }
            int y = MARGIN + head;
            for (Row row : rows) {
                drawing.row(row, y, width, height);
                y += height + captionHeight(row);
            }
        } finally {
            graphics.dispose();
        }
        return sheet;
    }

    private static int headHeight(List<ImageResult> images, List<String> classNames, int width) {
        int most = images.stream()
                .mapToInt(image -> lines(name(image.request().condition(), classNames), width)
                        .size())
                .max()
                .orElse(1);
        return HEAD + (most - 1) * CAPTION_LINE;
    }

    /** Words in lines about as long as a column is wide. */
    private static List<String> lines(String words, int width) {
        int longest = Math.max(8, width / LETTER);
        List<String> lines = new ArrayList<>();
        StringBuilder line = new StringBuilder();
        for (String word : words.split(" ")) {
            if (!line.isEmpty() && line.length() + 1 + word.length() > longest) {
                lines.add(line.toString());
                line.setLength(0);
            }
            line.append(line.isEmpty() ? "" : " ").append(word);
        }
        lines.add(line.toString());
        return lines;
    }

    private static String name(Condition condition, List<String> classNames) {
        return condition instanceof Condition.Label asked && asked.label() < classNames.size()
                ? classNames.get(asked.label())
                : Conditions.words(condition);
    }

    private static int captionHeight(Row row) {
        return CAPTION + (row.captions().get(0).size() - 1) * CAPTION_LINE;
    }

    private static List<Row> rows(List<Run> runs) {
        List<Row> rows = new ArrayList<>();
        List<Run> plain =
                runs.stream().filter(run -> run.method().equals("naive")).toList();
        rows.add(row("naive", plain));
        for (Run run : runs) {
            if (!plain.contains(run)) {
                rows.add(row(run.method() + " for " + run.reward(), List.of(run)));
            }
        }
        return rows;
    }

    private static Row row(String title, List<Run> runs) {
        Run first = runs.get(0);
        List<String> notes = new ArrayList<>();
        for (Run run : runs) {
            notes.add("mean " + run.reward() + " " + Numbers.score(run.mean(ImageResult::reward)));
        }
        if (runs.size() == 1) {
            notes.add("held out: " + first.heldOut() + " " + Numbers.score(first.meanHeldOut()));
        }
        notes.add(Numbers.count(first.evaluations()) + " NFE an image");
        List<List<String>> captions = new ArrayList<>();
        for (int i = 0; i < first.result().images().size(); i++) {
            int place = i;
            List<String> lines = new ArrayList<>();
            for (Run run : runs) {
                ImageResult image = run.result().images().get(place);
                lines.add(run.reward() + " " + Numbers.score(image.reward()));
                if (runs.size() == 1 && image.heldOut().isPresent()) {
                    lines.add("held " + Numbers.score(image.heldOut().getAsDouble()));
                }
            }
            captions.add(lines);
        }
        return new Row(title, notes, first.result().images(), captions);
    }

    private void row(Row row, int y, int width, int height) {
        text(row.title(), MARGIN, y + 18, 15, Font.BOLD, INK);
        for (int n = 0; n < row.notes().size(); n++) {
            text(row.notes().get(n), MARGIN, y + 40 + n * 18, 13, Font.PLAIN, FAINT);
        }
        for (int i = 0; i < row.images().size(); i++) {
            int x = MARGIN + LABEL_WIDTH + i * (width + GAP);
            Grid.paste(graphics, row.images().get(i).pixels(), x, y, width, height);
            List<String> lines = row.captions().get(i);
            for (int n = 0; n < lines.size(); n++) {
                centred(lines.get(n), x, width, y + height + 14 + n * CAPTION_LINE, 11, FAINT);
            }
        }
    }

    private void centred(String words, int x, int width, int y, int size, Color colour) {
        if (!fonts) {
            return;
        }
        try {
            graphics.setFont(new Font(Font.SANS_SERIF, Font.PLAIN, size));
            text(words, x + (width - graphics.getFontMetrics().stringWidth(words)) / 2, y, size, Font.PLAIN, colour);
        } catch (LinkageError | InternalError | RuntimeException e) {
            fonts = false;
        }
    }

    private void text(String words, int x, int y, int size, int style, Color colour) {
        if (!fonts) {
            return;
        }
        try {
            graphics.setColor(colour);
            graphics.setFont(new Font(Font.SANS_SERIF, style, size));
            graphics.drawString(words, x, y);
        } catch (LinkageError | InternalError | RuntimeException e) {
            fonts = false;
        }
    }
}
