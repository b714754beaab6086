package org.noisetrail.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.noisetrail.files.PngFile;
import org.noisetrail.model.Condition;
import org.noisetrail.model.ImageShape;
import org.noisetrail.reward.Image;

public class PngTest {
    public static Image noise(int channels, int height, int width) {
        ImageShape shape = new ImageShape(channels, height, width);
        byte[] pixels = new byte[shape.elements()];
        new Random(1).nextBytes(pixels);
        return new Image(shape, pixels, Condition.NONE);
    }

    @Test
    void everyValueComesBackAsItWas() throws IOException {
        for (int channels : new int[] {1, 3}) {
            Image image = noise(channels, 16, 16);
            byte[] png = Png.encode(image.toBufferedImage(), Map.of());
            BufferedImage read = ImageIO.read(new ByteArrayInputStream(png));
            assertThat(read.getRaster().getNumBands()).isEqualTo(channels);
            for (int c = 0; c < channels; c++) {
                for (int y = 0; y < 16; y++) {
                    for (int x = 0; x < 16; x++) {
                        assertThat(read.getRaster().getSample(x, y, c)).isEqualTo(image.at(c, y, x));
                    }
                }
            }
        }
    }

    @Test
    void textChunksAreReadBack(@TempDir Path folder) throws IOException {
        Map<String, String> text = Map.of("Reward", "0.25", "Trail", "{\"format\":\"x y\"}".repeat(500));
        Path file =
                Files.write(folder.resolve("a.png"), Png.encode(noise(1, 4, 4).toBufferedImage(), text));
        assertThat(Png.isPng(file)).isTrue();
        assertThat(PngFile.texts(file))
                .hasSize(3)
                .containsAll(text.entrySet().stream()
                        .map(entry -> new PngFile.Text(entry.getKey(), entry.getValue()))
                        .toList())
                .extracting(PngFile.Text::keyword)
                .startsWith("Software");
    }

    @Test
    void fourChannelsAreNoPicture() {
        assertThatThrownBy(() -> noise(4, 2, 2).toBufferedImage()).hasMessage("a picture's channels must be 1 or 3: 4");
    }

    @Test
    void aGridShowsEachImageEnlargedByAWholeNumberInItsPlace() {
        List<Image> images = List.of(noise(3, 28, 28), noise(3, 28, 28), noise(3, 28, 28));
        BufferedImage grid = Grid.draw(images, 2);
        assertThat(grid.getWidth()).isEqualTo(4 + 2 * (112 + 4));
        assertThat(grid.getHeight()).isEqualTo(4 + 2 * (112 + 4));
        Image third = images.get(2);
        for (int y = 0; y < 112; y++) {
            for (int x = 0; x < 112; x++) {
                int expected =
                        third.at(0, y / 4, x / 4) << 16 | third.at(1, y / 4, x / 4) << 8 | third.at(2, y / 4, x / 4);
                assertThat(grid.getRGB(4 + x, 4 + 116 + y) & 0xffffff).isEqualTo(expected);
            }
        }
    }

    @Test
    void classesTakenInTurnStandInColumns() {
        assertThat(Grid.columns(20, 10)).isEqualTo(10);
        assertThat(Grid.columns(20, 1)).isEqualTo(5);
        assertThat(Grid.columns(3, 10)).isEqualTo(2);
        assertThat(Grid.columns(1, 1)).isEqualTo(1);
    }
}
