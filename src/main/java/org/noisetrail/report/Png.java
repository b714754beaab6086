package org.noisetrail.report;

import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageTypeSpecifier;
import javax.imageio.ImageWriter;
import javax.imageio.metadata.IIOMetadata;
import javax.imageio.metadata.IIOMetadataNode;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import org.noisetrail.NoisetrailException;
import org.noisetrail.evaluation.Version;
import org.noisetrail.files.AtomicFiles;
import org.noisetrail.files.PngFile;
import org.noisetrail.model.Condition;
import org.noisetrail.model.ImageShape;
import org.noisetrail.reward.Image;

/** PNG files with text chunks. */
public final class Png {
    private static final String FORMAT = "javax_imageio_png_1.0";

    /** Those of the largest images that a model is asked for: 16384 a side. */
    private static final int MOST_PIXELS = 1 << 28;

    private Png() {}

    /** Grey for one channel, RGB for three: those a PNG can show. */
    public static boolean canShow(ImageShape shape) {
        return shape.channels() == 1 || shape.channels() == 3;
    }

    /**
     * A file that says which version made it.
     *
     * @param text more keywords (Latin-1, up to 79 characters) with what they say (Latin-1)
     */
    public static byte[] encode(BufferedImage picture, Map<String, String> text) {
        ImageWriter writer = ImageIO.getImageWritersByFormatName("png").next();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (MemoryCacheImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
            IIOMetadata metadata = writer.getDefaultImageMetadata(
                    ImageTypeSpecifier.createFromRenderedImage(picture), writer.getDefaultWriteParam());
            IIOMetadataNode chunks = new IIOMetadataNode("tEXt");
            chunks.appendChild(entry("Software", "noisetrail " + Version.NOISETRAIL));
            text.forEach((keyword, value) -> chunks.appendChild(entry(keyword, value)));
            IIOMetadataNode root = new IIOMetadataNode(FORMAT);
            root.appendChild(chunks);
            metadata.mergeTree(FORMAT, root);
            writer.setOutput(out);
            writer.write(new IIOImage(picture, null, metadata));
        } catch (IOException e) {
            throw new NoisetrailException("cannot make a picture: " + AtomicFiles.reason(e), e);
        } finally {
            writer.dispose();
        }
        return bytes.toByteArray();
    }

    private static IIOMetadataNode entry(String keyword, String value) {
        IIOMetadataNode entry = new IIOMetadataNode("tEXtEntry");
        entry.setAttribute("keyword", keyword);
        entry.setAttribute("value", value);
        return entry;
    }

    /**
     * A picture that {@link #encode} made: its values as they are.
     *
     * @throws NoisetrailException that names the file, if it is none, has more than 2^28 pixels, or its values are not what it shows: of a palette, not of 8 bits, or of other than 1 or 3
     *     channels
     */
    public static Image read(Path file) {
        return read(file, head(file));
    }

    /** What a picture says beside its pixels, which stay packed. */
    static PngFile head(Path file) {
        if (!Files.isRegularFile(file)) {
            throw new NoisetrailException("no such picture: " + file);
        }
        return PngFile.read(file);
    }

    /** The size first: a picture that claims to be huge is never unpacked. */
    static Image read(Path file, PngFile head) {
        if ((long) head.width() * head.height() > MOST_PIXELS) {
            throw new NoisetrailException(
                    file + " must have <= " + MOST_PIXELS + " pixels: " + head.width() + "x" + head.height());
        }
        try {
            BufferedImage picture = ImageIO.read(file.toFile());
            if (picture == null) {
                throw new NoisetrailException(file + " is not a picture");
            }
            int channels = picture.getRaster().getNumBands();
            if (picture.getColorModel() instanceof IndexColorModel
                    || picture.getSampleModel().getSampleSize(0) != Byte.SIZE
                    || channels != 1 && channels != 3) {
                throw new NoisetrailException(file + " must have 8 bits a channel, 1 or 3 channels, and no palette");
            }
            return image(picture);
        } catch (IOException | RuntimeException e) {
            throw e instanceof NoisetrailException
                    ? (NoisetrailException) e
                    : new NoisetrailException("cannot read " + file + ": " + AtomicFiles.reason(e), e);
        }
    }

    /** A picture of 8 bits a channel, its values as they are. */
    private static Image image(BufferedImage picture) {
        Raster raster = picture.getRaster();
        ImageShape shape = new ImageShape(raster.getNumBands(), raster.getHeight(), raster.getWidth());
        byte[] pixels = new byte[shape.elements()];
        int[] samples = new int[shape.width()];
        int to = 0;
        for (int c = 0; c < shape.channels(); c++) {
            for (int y = 0; y < shape.height(); y++) {
                raster.getSamples(0, y, shape.width(), 1, c, samples);
                for (int sample : samples) {
                    pixels[to++] = (byte) sample;
                }
            }
        }
        return new Image(shape, pixels, Condition.NONE);
    }

    /** Whether a file begins as a PNG does. */
    public static boolean isPng(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return PngFile.isPng(in);
        }
    }
}
