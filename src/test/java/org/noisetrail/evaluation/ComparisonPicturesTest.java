package org.noisetrail.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.noisetrail.NoisetrailException;
import org.noisetrail.model.Condition;
import org.noisetrail.model.ImageShape;
import org.noisetrail.report.ComparisonFiles;
import org.noisetrail.reward.Image;
import org.noisetrail.reward.Rewards;
import org.noisetrail.sampler.EdmSampler;
import org.noisetrail.search.ExactMixture;
import org.noisetrail.search.ImageRequest;

/** What a comparison holds of its pictures, and what its page shows of them: little, however many and large they are. */
@Timeout(300)
class ComparisonPicturesTest {
    private static final Pattern SHEET = Pattern.compile("src=\"data:image/png;base64,([^\"]+)\"");

    private static final List<String> METHODS = List.of("naive", "best-of-n:candidates=2");

    @TempDir
    private Path folder;

    private List<ComparisonTable> compare(ImageShape shape, int images, List<String> methods, long... seeds) {
        return Comparison.builder(new ExactMixture(shape, true, .4, -.4, 0, .4))
                .methods(methods.toArray(String[]::new))
                .aim(new Comparison.Aim(new Comparison.Judge("brightness", Rewards::brightness), null))
                .images(ImageRequest.of(0, images, 0, 1, 2))
                .seeds(seeds)
                .sampler(EdmSampler.DEFAULT.withSteps(2))
                .maxBatch(2)
                .folder(folder)
                .build()
                .run();
    }

    private List<BufferedImage> sheets(List<ComparisonTable> tables) throws IOException {
        new ComparisonFiles(tables, Map.of()).write(folder);
        List<BufferedImage> sheets = new ArrayList<>();
        Matcher matcher = SHEET.matcher(Files.readString(folder.resolve("report.html")));
        while (matcher.find()) {
            sheets.add(ImageIO.read(new ByteArrayInputStream(Base64.getDecoder().decode(matcher.group(1)))));
        }
        return sheets;
    }

    /** Bytes of all that a record refers to. */
    private static long held(@Nullable Object value) throws ReflectiveOperationException {
        if (value instanceof byte[] bytes) {
            return bytes.length;
        }
        if (value instanceof double[] numbers) {
            return 8L * numbers.length;
        }
        if (value instanceof String text) {
            return text.length();
        }
        long sum = 8;
        if (value instanceof List<?> list) {
            for (Object each : list) {
                sum += held(each);
            }
        } else if (value instanceof Record) {
            for (RecordComponent part : value.getClass().getRecordComponents()) {
                part.getAccessor().setAccessible(true);
                sum += held(part.getAccessor().invoke(value));
            }
        } else if (value != null) {
            assertThat(value).isInstanceOfAny(Number.class);
        }
        return sum;
    }

    private static List<CellResult.Drawn> drawn(List<ComparisonTable> tables) {
        return tables.get(0).rows().stream()
                .flatMap(row -> row.cells().stream())
                .flatMap(cell -> cell.images().stream())
                .toList();
    }

    @Test
    void ofManyLargePicturesLittleIsHeldAndShown() throws Exception {
        List<ComparisonTable> tables = compare(new ImageShape(1, 1024, 1024), 5, List.of("naive"), 7, 8);
        for (ComparisonTable.Row row : tables.get(0).rows()) {
            assertThat(held(row.cells())).isBetween(1L << 20, Thumbnails.MOST_OF_A_ROW + 10 * 1000L);
        }
        List<BufferedImage> sheets = sheets(tables);
        assertThat(sheets).hasSize(1).allSatisfy(sheet -> {
            assertThat(sheet.getWidth()).isEqualTo(3 * 512 + 4);
            assertThat(sheet.getHeight()).isEqualTo(2 * 512 + 3);
        });
        // Read back they are what they were.
        List<CellResult.Drawn> first = drawn(tables);
        List<CellResult.Drawn> again = drawn(compare(new ImageShape(1, 1024, 1024), 5, List.of("naive"), 7, 8));
        assertThat(again).extracting(CellResult.Drawn::sha256).doesNotHaveDuplicates();
        for (int i = 0; i < first.size(); i++) {
            assertThat(again.get(i).shows(first.get(i))).isTrue();
            Image thumbnail = first.get(i).thumbnail();
            // Of the first seed.
            assertThat(thumbnail != null).isEqualTo(i < 5);
            if (thumbnail != null) {
                assertThat(again.get(i).thumbnail().pixels()).isEqualTo(thumbnail.pixels());
            }
        }
    }

    @Test
    void aSmallPictureIsShownAsItIsInItsFile() throws Exception {
        List<ComparisonTable> tables = compare(new ImageShape(3, 28, 28), 70, METHODS, 7);
        List<int[]> shown = new ArrayList<>();
        for (BufferedImage sheet : sheets(tables)) {
            assertThat(sheet.getWidth()).isEqualTo(8 * 29 + 1).isEqualTo(sheet.getHeight());
            for (int i = 0; i < 64; i++) {
                shown.add(samples(sheet, 1 + i % 8 * 29, 1 + i / 8 * 29));
            }
        }
        List<int[]> kept = new ArrayList<>();
        for (String method : List.of("naive", "best-of-n")) {
            JsonNode cell = cell(method);
            for (int i = 0; i < 64; i++) {
                byte[] png = cell.at("/result/images/" + i + "/png").binaryValue();
                kept.add(samples(ImageIO.read(new ByteArrayInputStream(png)), 0, 0));
            }
        }
        assertThat(shown).hasSameSizeAs(kept);
        for (int i = 0; i < kept.size(); i++) {
            assertThat(shown.get(i)).as("picture %d", i).isEqualTo(kept.get(i));
        }
    }

    private JsonNode cell(String method) throws IOException {
        try (Stream<Path> files = Files.list(folder.resolve("cells"))) {
            for (Path file : files.toList()) {
                JsonNode cell = new ObjectMapper().readTree(file.toFile());
                if (cell.at("/settings/method").toString().contains(method)) {
                    return cell;
                }
            }
        }
        throw new AssertionError(method);
    }

    private static int[] samples(BufferedImage picture, int x, int y) {
        return picture.getRaster().getPixels(x, y, 28, 28, (int[]) null);
    }

    @Test
    void theNumbersAreThereWhateverBecomesOfThePage() throws Exception {
        List<ComparisonTable> tables = compare(new ImageShape(1, 8, 8), 3, METHODS, 7);
        Files.createDirectories(folder.resolve("report.html/in the way"));
        ComparisonFiles files = new ComparisonFiles(tables, Map.of());
        assertThatThrownBy(() -> files.write(folder))
                .isInstanceOf(NoisetrailException.class)
                .hasMessageContaining("report.html");
        assertThat(new ObjectMapper()
                        .readTree(folder.resolve("compare.json").toFile())
                        .at("/tables/0/rows"))
                .hasSize(2);
    }

    @ParameterizedTest
    @CsvSource({
        "1, 28, 28, 64, 600, 1",
        "3, 28, 28, 1000, 600, 1",
        "3, 64, 64, 64, 40, 1",
        "3, 512, 512, 5, 30, 1",
        "3, 512, 512, 6, 30, 2",
        "3, 512, 512, 36, 22, 3",
        "3, 1024, 1024, 64, 22, 7",
        "3, 1024, 768, 64, 4000, 70",
        "1, 1, 100000, 64, 22, 2"
    })
    void picturesAreMadeNoSmallerThanAllRowsNeed(
            int channels, int height, int width, int images, long rows, int times) {
        ImageShape shape = new ImageShape(channels, height, width);
        Thumbnails thumbnails = Thumbnails.of(shape, images, rows);
        assertThat(thumbnails).isEqualTo(new Thumbnails(Math.min(images, 64), times));
        Image image = thumbnails.of(
                0,
                new BufferedImage(
                        width, height, channels == 1 ? BufferedImage.TYPE_BYTE_GRAY : BufferedImage.TYPE_INT_RGB),
                Condition.NONE);
        long bytes = (long) thumbnails.images() * Objects.requireNonNull(image).pixels().length;
        assertThat(bytes).isLessThanOrEqualTo(Thumbnails.MOST_OF_A_ROW);
        assertThat(rows * bytes).isLessThanOrEqualTo(Thumbnails.MOST);
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "1, 3", "3, 1", "3, 2", "3, 5", "3, 40"})
    void aThumbnailsValueIsTheMeanOfASquares(int channels, int times) {
        Random random = new Random(5);
        byte[] pixels = new byte[channels * 11 * 14];
        random.nextBytes(pixels);
        Image image = new Image(new ImageShape(channels, 11, 14), pixels, Condition.NONE);
        Image small = new Thumbnails(1, times).of(0, image.toBufferedImage(), Condition.label(3));
        assertThat(small.label()).isEqualTo(3);
        assertThat(small.shape())
                .isEqualTo(new ImageShape(channels, (int) Math.ceil(11.0 / times), (int) Math.ceil(14.0 / times)));
        double[] sums = new double[small.shape().elements()];
        int[] counts = new int[sums.length];
        for (int c = 0; c < channels; c++) {
            for (int y = 0; y < 11; y++) {
                for (int x = 0; x < 14; x++) {
                    int at = (c * small.shape().height() + y / times)
                                    * small.shape().width()
                            + x / times;
                    sums[at] += image.at(c, y, x);
                    counts[at]++;
                }
            }
        }
        for (int i = 0; i < sums.length; i++) {
            assertThat(small.pixels()[i] & 0xff).isEqualTo((int) Math.floor(sums[i] / counts[i] + .5));
        }
    }
}
