package org.noisetrail.reward;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.noisetrail.NoisetrailException;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Classifier;
import org.noisetrail.model.Condition;
import org.noisetrail.model.ImageShape;
import org.noisetrail.testing.NativeObjects;
import org.noisetrail.torch.Tensors;

class RewardsTest {
    private static final ImageShape GREY = new ImageShape(1, 28, 28);
    private static final ImageShape RGB = new ImageShape(3, 45, 71);

    /** Pixels of a batch, all from one seed. */
    static byte[] pixels(ImageShape shape, int rows) {
        byte[] pixels = new byte[rows * shape.elements()];
        new Random(7).nextBytes(pixels);
        return pixels;
    }

    static double[] score(Reward reward, ImageShape shape, byte[] pixels, int... classes) {
        try (Tensor images =
                        Tensors.bytes(Device.CPU, classes.length, shape.channels(), shape.height(), shape.width());
                Tensor labels = Tensors.ints(Device.CPU, classes.length);
                Tensor scores = Tensors.doubles(Device.CPU, classes.length)) {
            Tensors.copy(pixels, images);
            Tensors.copy(classes, labels);
            reward.score(new ImageBatch(Device.CPU, shape, images, labels, conditions(classes)), scores);
            return Tensors.toDoubles(scores);
        }
    }

    private static List<Condition> conditions(int... classes) {
        return Arrays.stream(classes)
                .mapToObj(label -> label < 0 ? Condition.NONE : Condition.label(label))
                .toList();
    }

    @Test
    void brightnessIsTheMeanLuminance() {
        byte[] pixels = pixels(RGB, 3);
        double[] scores = score(Rewards.brightness(), RGB, pixels, 0, 0, 0);
        int plane = RGB.height() * RGB.width();
        for (int row = 0; row < 3; row++) {
            double sum = 0;
            for (int i = 0; i < plane; i++) {
                int at = row * 3 * plane + i;
                sum += .2126 * (pixels[at] & 255)
                        + .7152 * (pixels[at + plane] & 255)
                        + .0722 * (pixels[at + 2 * plane] & 255);
            }
            assertThat(scores[row]).isCloseTo(sum / plane / 255, within(1e-12));
        }
    }

    @Test
    void brightnessOfGreyIsItsMean() {
        byte[] pixels = new byte[2 * GREY.elements()];
        Arrays.fill(pixels, 0, GREY.elements(), (byte) 255);
        assertThat(score(Rewards.brightness(), GREY, pixels, 0, 0)).containsExactly(1, 0);
    }

    /** Says these scores of any images, and counts how often it is asked. */
    private static Reward other(AtomicInteger asked, double... said) {
        return new Reward() {
            @Override
            public String name() {
                return "other";
            }

            @Override
            public void score(ImageBatch images, Tensor scores) {
                asked.incrementAndGet();
                Tensors.copy(said, scores);
            }
        };
    }

    @Test
    void theWorstIsTheLowestOfEachImageAndNotANumberWhereOneIsNot() {
        byte[] pixels = pixels(GREY, 3);
        Arrays.fill(pixels, 0, GREY.elements(), (byte) 10);
        double[] bright = score(Rewards.brightness(), GREY, pixels, 0, 0, 0);
        AtomicInteger asked = new AtomicInteger();
        Reward other = other(asked, .3, .3, Double.NaN);
        for (List<Reward> order : List.of(List.of(other, Rewards.brightness()), List.of(Rewards.brightness(), other))) {
            assertThat(score(Rewards.worst(order), GREY, pixels, 0, 0, 0)).containsExactly(bright[0], .3, Double.NaN);
        }
        assertThat(asked).hasValue(2);
        // A part that has overflowed is no more sound for being the highest.
        Reward endless = other(asked, Double.POSITIVE_INFINITY, .1, Double.NEGATIVE_INFINITY);
        for (List<Reward> order :
                List.of(List.of(endless, Rewards.brightness()), List.of(Rewards.brightness(), endless))) {
            assertThat(score(Rewards.worst(order), GREY, pixels, 0, 0, 0))
                    .containsExactly(Double.NaN, .1, Double.NEGATIVE_INFINITY);
        }
        assertThat(bright[0]).isLessThan(.3);
        assertThat(bright[1]).isGreaterThan(.3);
    }

    @Test
    void theLogarithmIsOfEachImageAndNotANumberWhereThereIsNone() {
        Reward other = other(new AtomicInteger(), .5, Math.E, 0, -1, Double.NaN, Double.POSITIVE_INFINITY);
        byte[] pixels = pixels(GREY, 6);
        double[] logs = score(Rewards.log(other), GREY, pixels, 0, 0, 0, 0, 0, 0);
        assertThat(logs).hasSize(6);
        assertThat(logs[0]).isCloseTo(-.6931471805599453, within(1e-15));
        assertThat(logs[1]).isCloseTo(1, within(1e-15));
        assertThat(Arrays.copyOfRange(logs, 2, 6)).containsOnly(Double.NaN);
        // Nor does a negative weight make it win.
        double[] sum = score(
                Rewards.weighted(List.of(new Rewards.Part(Rewards.log(other), -1.0))), GREY, pixels, 0, 0, 0, 0, 0, 0);
        assertThat(sum[0]).isCloseTo(.6931471805599453, within(1e-15));
        assertThat(Arrays.copyOfRange(sum, 2, 6)).containsOnly(Double.NaN);
    }

    /** Moved by a pixel (64 / 32 = 2 in height), a border row is there twice and the opposite one is gone. */
    @Test
    void shiftedIsTheMeanOverFiveViewsWithRepeatedBorders() {
        ImageShape shape = new ImageShape(1, 64, 20);
        byte[] pixels = pixels(shape, 1);
        double[] rows = new double[64];
        double[] columns = new double[20];
        double all = 0;
        for (int y = 0; y < 64; y++) {
            for (int x = 0; x < 20; x++) {
                int value = pixels[y * 20 + x] & 255;
                rows[y] += value;
                columns[x] += value;
                all += value;
            }
        }
        double down = all + 2 * rows[0] - rows[63] - rows[62];
        double up = all + 2 * rows[63] - rows[0] - rows[1];
        double right = all + columns[0] - columns[19];
        double left = all + columns[19] - columns[0];
        double expected = (all + down + up + right + left) / 5 / (64 * 20) / 255;
        assertThat(score(Rewards.shifted(Rewards.brightness()), shape, pixels, 0)[0])
                .isCloseTo(expected, within(1e-12));
    }

    @ParameterizedTest
    @ValueSource(strings = {"1x28x28", "3x32x32", "3x45x71", "3x64x64", "3x256x192"})
    void jpegSizesAreThoseOfPillow(String shapeText) throws IOException {
        ImageShape shape = shape(shapeText);
        byte[] images = golden("images_" + shapeText);
        ByteBuffer expected = ByteBuffer.wrap(golden("bytes_" + shapeText)).order(ByteOrder.LITTLE_ENDIAN);
        int rows = images.length / shape.elements();
        assertThat(expected.capacity()).isEqualTo(8 * rows);
        double[] sizes = score(Rewards.jpegBytes(), shape, images, new int[rows]);
        double[] ownLimit = score(Rewards.compressibility(1000), shape, images, new int[rows]);
        double[] papersLimit = score(Rewards.compressibility(0), shape, images, new int[rows]);
        double limit = shape.height() <= 64 && shape.width() <= 64 ? 3000 : 150000;
        for (int row = 0; row < rows; row++) {
            double bytes = expected.getLong(8 * row);
            assertThat(sizes[row]).as("row %d", row).isEqualTo(bytes);
            assertThat(ownLimit[row]).isCloseTo(1 - Math.min(bytes / 1000, 1), within(1e-12));
            if (!shapeText.equals("3x45x71")) {
                assertThat(papersLimit[row]).isCloseTo(1 - Math.min(bytes / limit, 1), within(1e-12));
            }
        }
    }

    @Test
    void theSmallLimitHoldsUpTo64x64Pixels() {
        // 45 x 71 is 3195 pixels: the small limit, although 71 is above 64.
        byte[] pixels = pixels(RGB, 1);
        double bytes = score(Rewards.jpegBytes(), RGB, pixels, 0)[0];
        assertThat(bytes).isGreaterThan(3000);
        assertThat(score(Rewards.compressibility(0), RGB, pixels, 0)).containsExactly(0);
        ImageShape larger = new ImageShape(1, 64, 65);
        byte[] grey = pixels(larger, 1);
        double largerBytes = score(Rewards.jpegBytes(), larger, grey, 0)[0];
        assertThat(score(Rewards.compressibility(0), larger, grey, 0)[0])
                .isCloseTo(1 - largerBytes / 150000, within(1e-12));
    }

    @ParameterizedTest
    @CsvSource({"256, 512, 150000", "512, 512, 150000", "512, 1024, 300000", "1024, 1024, 600000"})
    void theLimitOfImagesAbove512x512IsInProportionToTheirPixels(int height, int width, double limit) {
        ImageShape shape = new ImageShape(1, height, width);
        byte[] pixels = new byte[height * width];
        // Noise, in a part of the image.
        byte[] noise = pixels(new ImageShape(1, height / 8, width), 1);
        System.arraycopy(noise, 0, pixels, 0, noise.length);
        double bytes = score(Rewards.jpegBytes(), shape, pixels, 0)[0];
        assertThat(bytes).isBetween(limit / 100, limit);
        assertThat(score(Rewards.compressibility(0), shape, pixels, 0)[0]).isCloseTo(1 - bytes / limit, within(1e-12));
    }

    @Test
    void compressibilityRefusesLimitsThatAreNone() {
        for (double limit : new double[] {-1, Double.NaN, Double.POSITIVE_INFINITY}) {
            assertThatThrownBy(() -> Rewards.compressibility(limit))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("max bytes must be >= 0 and finite: " + limit);
        }
    }

    @Test
    void aJpegOfTwoChannelsIsRefused() {
        ImageShape two = new ImageShape(2, 8, 8);
        assertThatThrownBy(() -> score(Rewards.jpegBytes(), two, pixels(two, 1), 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("channels of a JPEG must be 1 or 3: 2");
        assertThatThrownBy(() -> Rewards.compressibility(0).check(two, conditions(0)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void whatIsTooLargeForAJpegIsRefusedBeforeAnyWork() {
        for (Reward reward : List.of(Rewards.jpegBytes(), Rewards.compressibility(0))) {
            reward.check(new ImageShape(1, 16384, 1), conditions(0));
            ImageShape high = new ImageShape(1, 16385, 1);
            ImageShape wide = new ImageShape(3, 2, 20000);
            String message = "height and width of a JPEG must be <= 16384: ";
            assertThatThrownBy(() -> reward.check(high, conditions(0)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage(message + "16385 x 1");
            assertThatThrownBy(() -> reward.check(wide, conditions(0))).hasMessage(message + "2 x 20000");
            assertThatThrownBy(() -> score(reward, high, pixels(high, 1), 0)).hasMessage(message + "16385 x 1");
        }
    }

    @Test
    void aBatchHasAnImage() {
        assertThatThrownBy(() -> score(Rewards.brightness(), GREY, new byte[0]))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("images must be >= 1: 0");
    }

    /** Class c's logit is the image's pixel c, over 100. */
    private static class PixelClassifier implements Classifier {
        final int classes;
        final AtomicInteger calls = new AtomicInteger();

        PixelClassifier(int classes) {
            this.classes = classes;
        }

        @Override
        public String id() {
            return "pixels";
        }

        @Override
        public Device device() {
            return Device.CPU;
        }

        @Override
        public Tensor logits(Tensor images) {
            calls.incrementAndGet();
            byte[] pixels = Tensors.toBytes(images);
            int rows = (int) images.size(0);
            float[] logits = new float[rows * classes];
            for (int i = 0; i < logits.length; i++) {
                logits[i] = (pixels[i / classes * (pixels.length / rows) + i % classes] & 255) / 100f;
            }
            Tensor result = Tensors.floats(Device.CPU, rows, classes);
            Tensors.copy(logits, result);
            return result;
        }

        @Override
        public void close() {
            throw new AssertionError("the classifier is the caller's to close");
        }
    }

    @Test
    void classProbabilityIsTheSoftmaxAtTheImagesOwnClass() {
        byte[] pixels = pixels(GREY, 4);
        int[] classes = {0, 9, 3, 3};
        try (Reward reward = Rewards.classProbability("class", new PixelClassifier(10))) {
            double[] scores = score(reward, GREY, pixels, classes);
            for (int row = 0; row < 4; row++) {
                double sum = 0;
                for (int c = 0; c < 10; c++) {
                    sum += Math.exp((pixels[row * GREY.elements() + c] & 255) / 100f);
                }
                double own = Math.exp((pixels[row * GREY.elements() + classes[row]] & 255) / 100f);
                assertThat(scores[row]).isCloseTo(own / sum, within(1e-6));
            }
        }
    }

    @Test
    void anImageWithoutAClassIsRefusedBeforeAnyWork() {
        PixelClassifier classifier = new PixelClassifier(10);
        Reward reward = Rewards.classProbability("class", classifier);
        assertThatThrownBy(() -> score(reward, GREY, pixels(GREY, 2), 1, -1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("reward class needs images that have a class: none");
        assertThat(classifier.calls).hasValue(0);
    }

    @Test
    void aClassTheClassifierDoesNotKnowIsRefused() {
        PixelClassifier classifier = new PixelClassifier(10);
        Reward reward = Rewards.classProbability("class", classifier);
        String message = "class must be < 10, the number of classes that reward class knows: 10";
        assertThatThrownBy(() -> reward.check(GREY, conditions(3, 10)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
        int asked = classifier.calls.get();
        assertThatThrownBy(() -> score(reward, GREY, pixels(GREY, 2), 3, 10))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
        assertThat(classifier.calls)
                .as("refused without asking the classifier again")
                .hasValue(asked);
        assertThatThrownBy(() -> score(Rewards.classProbability("class", classifier), GREY, pixels(GREY, 1), 10))
                .as("also where nobody checked first")
                .hasMessage(message);
    }

    /** What a classifier may give where float32 logits should be. */
    static Map<String, UnaryOperator<Tensor>> wrongLogits() {
        Map<String, UnaryOperator<Tensor>> wrongs = new LinkedHashMap<>();
        wrongs.put("[2, classes >= 1]: [2, 0]", logits -> Tensors.floats(Device.CPU, 2, 0));
        wrongs.put("[2, classes >= 1]: [1, 10]", logits -> Tensors.rows(logits, 0, 1));
        wrongs.put("[2, classes >= 1]: [20]", logits -> logits.view(-1));
        wrongs.put("float32: Half", logits -> logits.to(ScalarType.Half));
        wrongs.put("float32: Double", logits -> logits.to(ScalarType.Double));
        wrongs.put("contiguous", logits -> logits.narrow(1, 0, 5));
        wrongs.put("on the device of its input", logits -> {
            try (var other = new org.bytedeco.pytorch.Device("meta")) {
                return logits.to(other, ScalarType.Float);
            }
        });
        return wrongs;
    }

    @Test
    void logitsThatAreNoneOfTheImagesAreOneLine() {
        wrongLogits().forEach((wrong, change) -> {
            PixelClassifier classifier = new PixelClassifier(10) {
                @Override
                public Tensor logits(Tensor images) {
                    try (Tensor logits = super.logits(images)) {
                        return change.apply(logits);
                    }
                }
            };
            assertThatThrownBy(() -> score(Rewards.classProbability("class", classifier), GREY, pixels(GREY, 2), 1, 2))
                    .isInstanceOf(NoisetrailException.class)
                    .hasMessage("classifier pixels must give a tensor that is " + wrong);
        });
    }

    @Test
    void weightedSumsAddTheirPartsInOrder() {
        byte[] pixels = pixels(RGB, 5);
        List<Rewards.Part> parts = new ArrayList<>();
        parts.add(new Rewards.Part(Rewards.brightness(), .7));
        parts.add(new Rewards.Part(Rewards.compressibility(40000), .3));
        parts.add(new Rewards.Part(Rewards.jpegBytes(), -2.0));
        int[] classes = new int[5];
        try (Reward sum = Rewards.weighted(parts)) {
            assertThat(sum.name()).isEqualTo("0.7*brightness + 0.3*compressibility:max-bytes=40000 - 2*jpeg-bytes");
            double[] scores = score(sum, RGB, pixels, classes);
            double[] brightness = score(Rewards.brightness(), RGB, pixels, classes);
            double[] compressibility = score(Rewards.compressibility(40000), RGB, pixels, classes);
            double[] bytes = score(Rewards.jpegBytes(), RGB, pixels, classes);
            for (int row = 0; row < 5; row++) {
                double expected = .7 * brightness[row] + .3 * compressibility[row] - 2 * bytes[row];
                assertThat(scores[row]).isCloseTo(expected, within(1e-9));
            }
        }
    }

    @Test
    void nanPassesThroughASum() {
        List<Rewards.Part> parts = new ArrayList<>();
        parts.add(new Rewards.Part(Reward.of("odd", image -> image.label() == 1 ? Double.NaN : 2), 1.0));
        parts.add(new Rewards.Part(Rewards.brightness(), 1.0));
        double[] scores = score(Rewards.weighted(parts), GREY, new byte[3 * GREY.elements()], 0, 1, 2);
        assertThat(scores).containsExactly(2, Double.NaN, 2);
    }

    @Test
    void aSumRefusesWhatIsNoWeight() {
        assertThatThrownBy(() -> Rewards.weighted(List.of()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("a weighted reward must have parts: none");
        assertThatThrownBy(() -> Rewards.weighted(List.of(new Rewards.Part(Rewards.brightness(), Double.NaN))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("weight of brightness must be finite and not 0: NaN");
        for (double zero : new double[] {0, -0.0}) {
            assertThatThrownBy(() -> Rewards.weighted(List.of(new Rewards.Part(Rewards.brightness(), zero))))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("weight of brightness must be finite and not 0: " + zero);
        }
    }

    private static Reward sum(Reward first, double weight, Reward second, double other) {
        List<Rewards.Part> parts = new ArrayList<>();
        parts.add(new Rewards.Part(first, weight));
        parts.add(new Rewards.Part(second, other));
        return Rewards.weighted(parts);
    }

    @Test
    void aSumOfSumsIsNamedByAllThatIsAddedUp() {
        Reward bright = Rewards.brightness();
        Reward bytes = Rewards.jpegBytes();
        Reward half = Rewards.weighted(List.of(new Rewards.Part(sum(bright, .5, bytes, 3), .5)));
        Reward whole = sum(Rewards.weighted(List.of(new Rewards.Part(bright, .5))), .5, bytes, 3);
        assertThat(half.id()).isEqualTo("0.25*brightness + 1.5*jpeg-bytes");
        assertThat(whole.id()).isEqualTo("0.25*brightness + 3.0*jpeg-bytes");
        byte[] pixels = pixels(RGB, 2);
        assertThat(score(half, RGB, pixels, 0, 0)).isEqualTo(score(sum(bright, .25, bytes, 1.5), RGB, pixels, 0, 0));
        assertThat(RewardText.parse(half.name()).build(Device.CPU)).isEqualTo(half);
    }

    @Test
    void aSumClosesAllItsPartsEvenIfOneFails() {
        AtomicInteger closed = new AtomicInteger();
        List<Rewards.Part> parts = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            parts.add(new Rewards.Part(
                    new Reward() {
                        @Override
                        public String name() {
                            return "part";
                        }

                        @Override
                        public void score(ImageBatch images, Tensor scores) {}

                        @Override
                        public void close() {
                            closed.incrementAndGet();
                            throw new NoisetrailException("does not close");
                        }
                    },
                    1));
        }
        assertThatThrownBy(() -> Rewards.weighted(parts).close())
                .hasMessage("does not close")
                .satisfies(e -> assertThat(e.getSuppressed()).hasSize(2));
        assertThat(closed).hasValue(3);
    }

    @Test
    void scoresOfAnotherSizeOrTypeAreRefused() {
        for (Reward reward : new Reward[] {
            Rewards.brightness(),
            Rewards.compressibility(0),
            Rewards.jpegBytes(),
            Reward.of("own", image -> 0),
            Rewards.weighted(List.of(new Rewards.Part(Rewards.brightness(), 1.0))),
            Rewards.classProbability("class", new PixelClassifier(10))
        }) {
            try (Tensor images = Tensors.bytes(Device.CPU, 2, 1, 28, 28);
                    Tensor labels = Tensors.ints(Device.CPU, 2);
                    Tensor one = Tensors.doubles(Device.CPU, 1);
                    Tensor floats = Tensors.floats(Device.CPU, 2);
                    Tensor wide = Tensors.doubles(Device.CPU, 2, 2);
                    Tensor apart = wide.select(1, 0);
                    var meta = new org.bytedeco.pytorch.Device("meta");
                    Tensor elsewhere = apart.to(meta, ScalarType.Double)) {
                Tensors.copy(new int[2], labels);
                ImageBatch batch = new ImageBatch(Device.CPU, GREY, images, labels, conditions(0, 0));
                assertThatThrownBy(() -> reward.score(batch, one))
                        .as(reward.name())
                        .hasMessage("scores must have 2 elements: 1");
                assertThatThrownBy(() -> reward.score(batch, floats))
                        .as(reward.name())
                        .hasMessage("scores must be Double: Float");
                assertThatThrownBy(() -> reward.score(batch, elsewhere))
                        .as(reward.name())
                        .hasMessage("scores must be on the device of the pixels");
                assertThatThrownBy(() -> reward.score(batch, apart))
                        .as(reward.name())
                        .hasMessage("scores must be contiguous");
            }
        }
    }

    @Test
    void aBatchThatDoesNotFitItsShapeIsRefused() {
        try (Tensor images = Tensors.bytes(Device.CPU, 1, 1, 28, 28);
                Tensor labels = Tensors.ints(Device.CPU, 2)) {
            assertThatThrownBy(() -> new ImageBatch(Device.CPU, GREY, images, labels, conditions(0, 0)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("pixels must have 1568 elements: 784");
        }
    }

    /** Kernels read them as bytes and int32, whatever they are. */
    @Test
    void aBatchOfOtherTypesOrOnTwoDevicesIsRefused() {
        try (Tensor images = Tensors.bytes(Device.CPU, 2, 1, 28, 28);
                Tensor labels = Tensors.ints(Device.CPU, 2);
                Tensor floats = Tensors.floats(Device.CPU, 2, 1, 28, 28);
                Tensor longs = Tensors.longs(Device.CPU, 2);
                Tensor turned = images.transpose(2, 3);
                var meta = new org.bytedeco.pytorch.Device("meta");
                Tensor elsewhere = labels.to(meta, ScalarType.Int)) {
            refused(images, longs, "labels must be Int: Long");
            refused(floats, labels, "pixels must be Byte: Float");
            refused(turned, labels, "pixels must be contiguous");
            refused(images, elsewhere, "labels must be on the device of the pixels");
            assertThatThrownBy(() -> new ImageBatch(new Device(0), GREY, images, labels, conditions(0, 0)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("pixels must be on cuda:0");
        }
    }

    private static void refused(Tensor pixels, Tensor labels, String message) {
        assertThatThrownBy(() -> new ImageBatch(Device.CPU, GREY, pixels, labels, conditions(0, 0)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }

    @Test
    void scoringLeavesNothingBehind() {
        List<Rewards.Part> parts = new ArrayList<>();
        parts.add(new Rewards.Part(Rewards.brightness(), 1.0));
        parts.add(new Rewards.Part(Rewards.compressibility(0), 1.0));
        parts.add(new Rewards.Part(Rewards.jpegBytes(), 1.0));
        parts.add(new Rewards.Part(Rewards.classProbability("class", new PixelClassifier(10)), 1.0));
        parts.add(new Rewards.Part(Reward.of("own", image -> image.at(0, 0, 0)), 1.0));
        Reward reward = Rewards.weighted(parts);
        byte[] pixels = pixels(GREY, 4);
        score(reward, GREY, pixels, 0, 1, 2, 3);
        long before = NativeObjects.settled();
        for (int i = 0; i < 50; i++) {
            score(reward, GREY, pixels, 0, 1, 2, 3);
        }
        assertThat(Pointer.totalCount()).isLessThanOrEqualTo(before);
    }

    private static ImageShape shape(String text) {
        int[] sizes = Arrays.stream(text.split("x")).mapToInt(Integer::parseInt).toArray();
        return new ImageShape(sizes[0], sizes[1], sizes[2]);
    }

    /** A tensor's bytes, read without the library's own reader. */
    private static byte[] golden(String name) throws IOException {
        try (InputStream in = RewardsTest.class.getResourceAsStream("/golden/jpeg/pillow.safetensors")) {
            byte[] file = in.readAllBytes();
            int header =
                    (int) ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getLong();
            JsonNode offsets =
                    new ObjectMapper().readTree(file, 8, header).get(name).get("data_offsets");
            return Arrays.copyOfRange(
                    file,
                    8 + header + offsets.get(0).asInt(),
                    8 + header + offsets.get(1).asInt());
        }
    }
}
