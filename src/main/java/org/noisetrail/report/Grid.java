package org.noisetrail.report;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.util.List;
import java.util.function.IntFunction;
import org.noisetrail.model.ImageShape;
import org.noisetrail.reward.Image;

/** Many images on one sheet. */
public final class Grid {
    /** Images beyond it are left out: a sheet is for looking at. */
    static final int MAX_IMAGES = 1024;

    /** Of a sheet, without its gaps. */
    static final int MAX_PIXELS = 1 << 24;

    private static final int GAP = 4;
    private static final int SMALLEST_SIDE = 112;
    private static final Color PAPER = new Color(0x20, 0x22, 0x26);

    private Grid() {}

    /** As many columns as classes that are taken in turn, if they fit on a sheet; else a square. */
    public static int columns(int images, int classes) {
        return classes > 1 && classes <= 16 && images >= classes ? classes : (int) Math.ceil(Math.sqrt(images));
    }

    /** Small images are enlarged by a whole number, each pixel a square. */
    public static int scale(ImageShape shape) {
        return Math.max(1, Math.round((float) SMALLEST_SIDE / Math.max(shape.width(), shape.height())));
    }

    /** @param images at least one, all of one shape */
    public static BufferedImage draw(List<Image> images, int columns) {
        return draw(images.size(), images::get, columns);
    }

    /**
     * As {@link #draw(List, int)}, of images that are had one at a time. Many large ones are made smaller, so that the sheet has at most {@link #MAX_PIXELS}.
     *
     * @param images how many, at least one
     * @param image gives each by its place, all of one shape; asked for once each
     */
    public static BufferedImage draw(int images, IntFunction<Image> image, int columns) {
        Image first = image.apply(0);
        ImageShape shape = first.shape();
        int count = Math.min(images, MAX_IMAGES);
        int across = Math.min(columns, count);
        int down = (count + across - 1) / across;
        double pixels = (double) across * down * shape.width() * shape.height();
        double scale = Math.min(scale(shape), Math.sqrt(MAX_PIXELS / pixels));
        // A whole number of times, each pixel a square; or less than once.
        scale = scale >= 1 ? Math.floor(scale) : scale;
        int width = Math.max(1, (int) (shape.width() * scale));
        int height = Math.max(1, (int) (shape.height() * scale));
        return sheet(count, i -> i == 0 ? first : image.apply(i), across, width, height, GAP);
    }

    /** As small as the images are, in a square: a page enlarges them. */
    static BufferedImage small(List<Image> images) {
        ImageShape shape = images.get(0).shape();
        return sheet(images.size(), images::get, columns(images.size(), 1), shape.width(), shape.height(), 1);
    }

    private static BufferedImage sheet(
            int images, IntFunction<Image> image, int across, int width, int height, int gap) {
        int down = (images + across - 1) / across;
        BufferedImage sheet = new BufferedImage(
                gap + across * (width + gap), gap + down * (height + gap), BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = sheet.createGraphics();
        try {
            graphics.setColor(PAPER);
            graphics.fillRect(0, 0, sheet.getWidth(), sheet.getHeight());
            for (int i = 0; i < images; i++) {
                int x = gap + i % across * (width + gap);
                int y = gap + i / across * (height + gap);
                paste(graphics, image.apply(i), x, y, width, height);
            }
        } finally {
            graphics.dispose();
        }
        return sheet;
    }

    /** Draws an image, its values as they are: Java2D would convert grey ones between colour spaces. */
    public static void paste(Graphics2D graphics, Image image, int x, int y, int width, int height) {
        ImageShape shape = image.shape();
        boolean grey = shape.channels() == 1;
        BufferedImage rgb = new BufferedImage(shape.width(), shape.height(), BufferedImage.TYPE_INT_RGB);
        for (int row = 0; row < shape.height(); row++) {
            for (int column = 0; column < shape.width(); column++) {
                int red = image.at(0, row, column);
                int green = grey ? red : image.at(1, row, column);
                int blue = grey ? red : image.at(2, row, column);
                rgb.setRGB(column, row, red << 16 | green << 8 | blue);
            }
        }
        graphics.setRenderingHint(
                RenderingHints.KEY_INTERPOLATION,
                width < shape.width()
                        ? RenderingHints.VALUE_INTERPOLATION_BILINEAR
                        : RenderingHints.VALUE_INTERPOLATION_NEAREST_NEIGHBOR);
        graphics.drawImage(rgb, x, y, width, height, null);
    }
}
