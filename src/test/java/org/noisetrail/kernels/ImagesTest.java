package org.noisetrail.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.noisetrail.kernels.Table.CPU;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Iterator;
import java.util.Random;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Quantising, luminance and the exact JPEG size. */
class ImagesTest {
    @Test
    void quantisingTruncatesClipsAndSendsNanToZero() {
        float[] x = {
            -1f,
            1f,
            0f,
            Float.NaN,
            Float.POSITIVE_INFINITY,
            Float.NEGATIVE_INFINITY,
            1e30f,
            -1e30f,
            -1.0039216f,
            -1.0039215f,
            -.9960784f,
            -.99607846f,
            .99607843f,
            .9960784f,
            2f,
            -2f,
            Float.MIN_VALUE,
            -Float.MIN_VALUE,
            -0f
        };
        float[] all = new float[x.length + 4099];
        System.arraycopy(x, 0, all, 0, x.length);
        System.arraycopy(Table.random(1, 4099, .8), 0, all, x.length, 4099);
        try (FloatPointer in = new FloatPointer(all);
                BytePointer out = new BytePointer(all.length)) {
            CPU.quantise(in, 1, all.length, out, null);
            for (int i = 0; i < all.length; i++) {
                float v = all[i] * 127.5f + 128;
                int expected = Float.isNaN(v) ? 0 : (int) Math.max(0, Math.min(255, v));
                assertThat(out.get(i) & 255).as("%s", all[i]).isEqualTo(expected);
            }
            assertThat(new int[] {out.get(0) & 255, out.get(1) & 255, out.get(2) & 255, out.get(3) & 255})
                    .containsExactly(0, 255, 128, 0);
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "5, 784", "3, 8193", "2, 40000"})
    void rowsThatHoldNanOrInfinityAreMarkedAndPenalised(int rows, int elements) {
        int n = rows * elements;
        for (float unusable :
                new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, Float.MAX_VALUE}) {
            float[] x = Table.random(1, n, 1);
            x[n - 1] = unusable;
            try (FloatPointer in = new FloatPointer(x);
                    BytePointer out = new BytePointer(n);
                    IntPointer bad = new IntPointer(new int[rows]);
                    DoublePointer scores = new DoublePointer(rows)) {
                bad.put(0, 7);
                CPU.quantise(in, rows, elements, out, bad);
                byte[] marked = new byte[n], plain = new byte[n];
                out.get(marked);
                CPU.quantise(in, rows, elements, out, null);
                out.get(plain);
                assertThat(marked).isEqualTo(plain);
                for (int r = 0; r < rows; r++) {
                    scores.put(r, r + .5);
                }
                CPU.penalise(scores, bad, rows);
                for (int r = 0; r < rows; r++) {
                    boolean expected = r == rows - 1 && unusable != Float.MAX_VALUE;
                    assertThat(bad.get(r)).isEqualTo(expected ? 1 : 0);
                    assertThat(scores.get(r)).isEqualTo(expected ? Double.NEGATIVE_INFINITY : r + .5);
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 28, 28", "3, 64, 64", "3, 7, 5", "1, 1, 1", "4, 9, 3", "2, 300, 301"})
    void luminanceIsTheWeightedMeanOverTheWholeImage(int channels, int height, int width) {
        int rows = 5, plane = height * width;
        byte[] pixels = new byte[rows * channels * plane];
        new Random(2).nextBytes(pixels);
        java.util.Arrays.fill(pixels, 0, channels * plane, (byte) 255);
        double[] weights = {.2126, .7152, .0722};
        try (BytePointer images = new BytePointer(pixels);
                DoublePointer out = new DoublePointer(rows)) {
            CPU.luminance(images, rows, channels, height, width, out);
            for (int r = 0; r < rows; r++) {
                double sum = 0;
                for (int i = 0; i < channels * plane; i++) {
                    double weight = channels == 3 ? weights[i / plane] : 1.0 / channels;
                    sum += weight * (pixels[r * channels * plane + i] & 255);
                }
                assertThat(out.get(r)).isCloseTo(sum / plane / 255, within(1e-13));
            }
            assertThat(out.get(0)).isCloseTo(1, within(1e-15));
        }
    }

    @Test
    void jpegSizesAreThoseThatPillowWrites() throws IOException {
        byte[] all;
        try (InputStream in = ImagesTest.class.getResourceAsStream("/golden/jpeg/pillow.safetensors")) {
            all = in.readAllBytes();
        }
        ByteBuffer file = ByteBuffer.wrap(all).order(ByteOrder.LITTLE_ENDIAN);
        int data = 8 + (int) file.getLong(0);
        JsonNode header = new ObjectMapper().readTree(all, 8, data - 8);
        int checked = 0;
        for (Iterator<String> names = header.fieldNames(); names.hasNext(); ) {
            String name = names.next();
            JsonNode entry = header.get(name);
            if (name.startsWith("__") || !entry.get("dtype").asText().equals("U8")) {
                continue;
            }
            JsonNode shape = entry.get("shape");
            JsonNode sizes = header.get(name.replace("images", "bytes"));
            assertThat(sizes).as(name).isNotNull();
            int rows = shape.get(0).asInt(),
                    channels = shape.get(1).asInt(),
                    height = shape.get(2).asInt(),
                    width = shape.get(3).asInt();
            int from = data + entry.get("data_offsets").get(0).asInt();
            int expected = data + sizes.get("data_offsets").get(0).asInt();
            boolean wide = sizes.get("dtype").asText().equals("I64");
            try (BytePointer images = new BytePointer(
                            java.util.Arrays.copyOfRange(all, from, from + rows * channels * height * width));
                    IntPointer bytes = new IntPointer(rows);
                    DoublePointer score = new DoublePointer(rows)) {
                CPU.jpegSize(images, rows, channels, height, width, 1000, bytes, score);
                for (int r = 0; r < rows; r++) {
                    long size = wide ? file.getLong(expected + 8 * r) : file.getInt(expected + 4 * r);
                    assertThat((long) bytes.get(r)).as("%s %d", name, r).isEqualTo(size);
                    assertThat(score.get(r)).isEqualTo(1 - Math.min(1, size / 1000.0));
                    checked++;
                }
            }
        }
        assertThat(checked).isGreaterThanOrEqualTo(100);
    }

    @Test
    void jpegSizesDoNotDependOnTheBatch() {
        int rows = 9, size = 3 * 33 * 47;
        byte[] pixels = new byte[rows * size];
        new Random(4).nextBytes(pixels);
        try (BytePointer images = new BytePointer(pixels);
                IntPointer all = new IntPointer(rows);
                IntPointer one = new IntPointer(1)) {
            CPU.jpegSize(images, rows, 3, 33, 47, 1, all, null);
            for (int r = 0; r < rows; r++) {
                CPU.jpegSize(images.position((long) r * size), 1, 3, 33, 47, 1, one, null);
                assertThat(one.get(0)).isEqualTo(all.get(r));
            }
            images.position(0);
        }
    }
}
