package org.noisetrail.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.noisetrail.kernels.Table.CPU;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.Random;
import org.bytedeco.javacpp.BytePointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Pillow's bicubic resize of 8-bit images. */
class ResizeTest {
    private static final String GOLDEN = "/golden/diffusers/clip/resize";

    @Test
    void cropsAreClipsImageProcessorsByteForByte() throws Exception {
        byte[] file = read(GOLDEN + ".safetensors");
        int header = (int) ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getLong(0);
        JsonNode inputs = new ObjectMapper().readTree(file, 8, header);
        JsonNode expected = new ObjectMapper().readTree(read(GOLDEN + ".json"));
        for (Iterator<String> names = expected.fieldNames(); names.hasNext(); ) {
            String name = names.next();
            JsonNode shape = inputs.get(name).get("shape"),
                    resized = expected.get(name).get("resized");
            int from = 8 + header + inputs.get(name).get("data_offsets").get(0).asInt();
            byte[] planes =
                    planes(file, from, shape.get(0).asInt(), shape.get(1).asInt());
            byte[] crop = resize(
                    planes,
                    1,
                    3,
                    shape.get(0).asInt(),
                    shape.get(1).asInt(),
                    resized.get(0).asInt(),
                    resized.get(1).asInt(),
                    224,
                    224);
            String digest = HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(crop));
            assertThat(digest).as(name).isEqualTo(expected.get(name).get("crop").asText());
        }
    }

    private static byte[] read(String resource) throws IOException {
        try (InputStream in = ResizeTest.class.getResourceAsStream(resource)) {
            return in.readAllBytes();
        }
    }

    /** [H, W, 3] -> [3, H, W] */
    private static byte[] planes(byte[] pixels, int from, int height, int width) {
        byte[] planes = new byte[3 * height * width];
        for (int i = 0; i < height * width; i++) {
            for (int c = 0; c < 3; c++) {
                planes[c * height * width + i] = pixels[from + 3 * i + c];
            }
        }
        return planes;
    }

    private static byte[] resize(
            byte[] images,
            int rows,
            int channels,
            int height,
            int width,
            int toHeight,
            int toWidth,
            int cropHeight,
            int cropWidth) {
        byte[] out = new byte[rows * channels * cropHeight * cropWidth];
        try (BytePointer in = new BytePointer(images);
                BytePointer to = new BytePointer(out.length)) {
            CPU.resize(in, rows, channels, height, width, toHeight, toWidth, cropHeight, cropWidth, to);
            to.get(out);
        }
        return out;
    }

    @Test
    void theSameSizeLeavesEveryPixel() {
        byte[] pixels = new byte[2 * 3 * 17 * 23];
        new Random(1).nextBytes(pixels);
        assertThat(resize(pixels, 2, 3, 17, 23, 17, 23, 17, 23)).isEqualTo(pixels);
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 9, 5", "40, 30, 7, 3", "7, 300, 70, 9", "512, 512, 1, 1"})
    void aPlainImageStaysPlain(int height, int width, int toHeight, int toWidth) {
        byte[] pixels = new byte[height * width];
        Arrays.fill(pixels, (byte) 201);
        byte[] expected = new byte[toHeight * toWidth];
        Arrays.fill(expected, (byte) 201);
        assertThat(resize(pixels, 1, 1, height, width, toHeight, toWidth, toHeight, toWidth))
                .isEqualTo(expected);
    }

    @Test
    void aCropIsThatPartOfTheWhole() {
        int rows = 3, channels = 2, height = 37, width = 50, toHeight = 21, toWidth = 64;
        byte[] pixels = new byte[rows * channels * height * width];
        new Random(2).nextBytes(pixels);
        byte[] whole = resize(pixels, rows, channels, height, width, toHeight, toWidth, toHeight, toWidth);
        for (int[] crop : new int[][] {{21, 64}, {1, 1}, {10, 33}, {20, 1}}) {
            byte[] part = resize(pixels, rows, channels, height, width, toHeight, toWidth, crop[0], crop[1]);
            int top = (toHeight - crop[0]) / 2, left = (toWidth - crop[1]) / 2;
            for (int i = 0; i < part.length; i++) {
                int plane = i / (crop[0] * crop[1]), y = i / crop[1] % crop[0], x = i % crop[1];
                assertThat(part[i]).isEqualTo(whole[(plane * toHeight + top + y) * toWidth + left + x]);
            }
        }
    }
}
