package org.noisetrail.model.edm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.noisetrail.NoisetrailException;
import org.noisetrail.checkpoint.Digest;
import org.noisetrail.checkpoint.ModelFiles;
import org.noisetrail.checkpoint.Safetensors;
import org.noisetrail.checkpoint.Weights;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Condition;
import org.noisetrail.model.Conditioning;
import org.noisetrail.model.Denoiser;
import org.noisetrail.model.Precision;
import org.noisetrail.model.layers.Form;
import org.noisetrail.testing.NativeObjects;
import org.noisetrail.testing.Nets;
import org.noisetrail.testing.Precisions;
import org.noisetrail.torch.Tensors;
import org.noisetrail.torch.Torch;

class EdmDenoiserTest {
    private int threads;

    @BeforeEach
    void useTwoThreads() {
        threads = Torch.threads();
        Torch.setThreads(2);
    }

    @AfterEach
    void restoreThreads() {
        Torch.setThreads(threads);
    }

    @ParameterizedTest
    @ValueSource(strings = {"adm-rgb-32", "ddpmpp-rgb-16", "ncsnpp-rgb-16"})
    void theNetworkEqualsItsGoldenWithin1e4(String name) {
        Safetensors golden = Safetensors.open(Nets.GOLDEN.resolve(name).resolve("golden.safetensors"));
        try (EdmDenoiser denoiser = Nets.load(Nets.GOLDEN.resolve(name))) {
            float[] sigma = golden.floats("sigma");
            long[] labels =
                    denoiser.classes() == 0 ? null : oneHotIndices(golden.floats("class_labels"), denoiser.classes());
            float[] denoised = Nets.denoise(denoiser, golden.floats("x"), sigma, labels);
            assertThat(Nets.relativeError(denoised, golden.floats("denoised"))).isLessThan(1e-4);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "adm-rgb-32, FLOAT32",
        "ddpmpp-rgb-16, FLOAT32",
        "ncsnpp-rgb-16, FLOAT32",
        "fashion-mnist, FLOAT32",
        "ncsnpp-rgb-16, BFLOAT16",
        "fashion-mnist, BFLOAT16"
    })
    void aRowsOutputHasTheSameBitsInEveryBatch(String name, Precision precision) {
        Precisions.assume(precision);
        Path folder = name.equals("fashion-mnist") ? Nets.FASHION : Nets.GOLDEN.resolve(name);
        int rows = name.equals("fashion-mnist") ? 64 : 9;
        try (EdmDenoiser denoiser = Nets.load(folder, precision)) {
            int d = denoiser.shape().elements();
            float[] input = Nets.normals(1, rows * d);
            float[] noise = new float[rows];
            for (int r = 0; r < rows; r++) {
                noise[r] = (float) (Math.log(0.002 + 80.0 * r * r / (rows * rows)) / 4);
            }
            long[] labels = denoiser.classes() == 0
                    ? null
                    : IntStream.range(0, rows)
                            .mapToLong(r -> r % denoiser.classes())
                            .toArray();
            float[] whole = Nets.network(denoiser, input, noise, labels);
            for (int threads : new int[] {1, 2, 3}) {
                Torch.setThreads(threads);
                for (int batch : IntStream.of(1, 2, 3, 4, 7, 9, 16, 35, 64)
                        .filter(b -> b <= rows)
                        .toArray()) {
                    for (int from : new int[] {0, rows - batch}) {
                        float[] part = Nets.network(
                                denoiser,
                                Arrays.copyOfRange(input, from * d, (from + batch) * d),
                                Arrays.copyOfRange(noise, from, from + batch),
                                labels == null ? null : Arrays.copyOfRange(labels, from, from + batch));
                        assertThat(Arrays.mismatch(part, Arrays.copyOfRange(whole, from * d, (from + batch) * d)))
                                .as("%d threads, rows %d to %d", threads, from, from + batch)
                                .isEqualTo(-1);
                    }
                }
            }
        }
    }

    /** A weight has 8 bits of mantissa: 2^-9 relative, which layers average over. */
    @ParameterizedTest
    @ValueSource(strings = {"adm-rgb-32", "ddpmpp-rgb-16", "ncsnpp-rgb-16", "fashion-mnist"})
    void inBfloat16ANetworkIsWithinAFewPercentOfFloat32(String name) {
        Precisions.assume(Precision.BFLOAT16);
        Path folder = name.equals("fashion-mnist") ? Nets.FASHION : Nets.GOLDEN.resolve(name);
        try (EdmDenoiser exact = Nets.load(folder);
                EdmDenoiser rounded = Nets.load(folder, Precision.BFLOAT16)) {
            float[] input = Nets.normals(3, 4 * exact.shape().elements());
            float[] noise = {-1, -.3f, .2f, 1};
            long[] labels = exact.classes() == 0 ? null : new long[] {0, 1, 1, 0};
            assertThat(Nets.relativeError(
                            Nets.network(rounded, input, noise, labels), Nets.network(exact, input, noise, labels)))
                    .isBetween(1e-4, 3e-2);
        }
    }

    /** The operations for a card, run on the CPU. */
    @ParameterizedTest
    @CsvSource({"FLOAT32, 0, 1e-5", "TF32, 0, 1e-5", "BFLOAT16, 1e-4, 3e-2", "FLOAT16, 1e-5, 3e-3"})
    void writtenForACardItIsTheSameNetwork(Precision precision, double least, double most) {
        for (String name : List.of("adm-rgb-32", "ddpmpp-rgb-16", "ncsnpp-rgb-16", "fashion-mnist")) {
            Path folder = name.equals("fashion-mnist") ? Nets.FASHION : Nets.GOLDEN.resolve(name);
            try (EdmDenoiser cpu = Nets.load(folder);
                    EdmDenoiser card = Nets.load(folder, new Form(Device.CPU, precision, true))) {
                float[] input = Nets.normals(3, 4 * cpu.shape().elements());
                float[] noise = {-1, -.3f, .2f, 1};
                long[] labels = cpu.classes() == 0 ? null : new long[] {0, 1, 1, 0};
                double error = Nets.relativeError(
                        Nets.network(card, input, noise, labels), Nets.network(cpu, input, noise, labels));
                assertThat(error).as(name).isBetween(least, most);
            }
        }
    }

    /** A side path whose layers are zero changes nothing; with other weights it does. */
    @Test
    void theSkipEncoderAndDecoderAddWhatTheirLayersSay() {
        float[] standard = song("standard", "standard", 1);
        assertThat(song("skip", "standard", 0)).isEqualTo(standard);
        assertThat(song("standard", "skip", 0)).isEqualTo(standard);
        assertThat(Nets.relativeError(song("skip", "standard", 1), standard)).isGreaterThan(1e-3);
        assertThat(Nets.relativeError(song("standard", "skip", 1), standard)).isGreaterThan(1e-3);
    }

    private static float[] song(String encoder, String decoder, double side) {
        String json = """
            {"img_resolution": 16, "img_channels": 2, "model_type": "SongUNet", "model_channels": 16, "channel_mult": [1, 2, 2],
             "num_blocks": 1, "attn_resolutions": [], "resample_filter": [1, 3, 3, 1], "encoder_type": "%s", "decoder_type": "%s"}
            """.formatted(encoder, decoder);
        NetworkConfig config =
                NetworkConfig.parse("test", json.getBytes(java.nio.charset.StandardCharsets.UTF_8), false);
        Weights weights = new Weights() {
            @Override
            public Tensor get(String name, long... shape) {
                long count = Arrays.stream(shape).reduce(1, (a, b) -> a * b);
                float[] values = Nets.normals(name.hashCode(), (int) count);
                boolean zeroed = name.matches(".*(aux_skip|(4x4|8x8)_aux_conv).*");
                double scale = (zeroed ? side : 1) / Math.sqrt(shape.length > 1 ? (double) count / shape[0] : 1);
                for (int i = 0; i < count; i++) {
                    values[i] *= (float) scale;
                }
                return Tensors.of(Device.CPU, values, shape);
            }

            @Override
            public void requireAllUsed() {}
        };
        Digest id = new Digest("test", ModelFiles.folder(Path.of(".")), "none");
        try (Denoiser denoiser = new EdmDenoiser(config, weights, id, Device.CPU)) {
            return Nets.network(denoiser, Nets.normals(9, 2 * 2 * 16 * 16), new float[] {0.1f, -0.5f}, null);
        }
    }

    @Test
    void callsFromTwoThreadsAtOnceGiveWhatOneThreadGives() throws Exception {
        var pool = Executors.newFixedThreadPool(2);
        try (Denoiser denoiser = Nets.load(Nets.FASHION)) {
            int d = denoiser.shape().elements();
            List<float[]> expected = new ArrayList<>();
            for (int seed = 0; seed < 2; seed++) {
                expected.add(Nets.network(
                        denoiser, Nets.normals(seed, 3 * d), new float[] {1, 0, -1}, new long[] {0, 5, 9}));
            }
            List<Future<Boolean>> answers = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                int seed = i % 2;
                answers.add(pool.submit(() -> Arrays.equals(
                        expected.get(seed),
                        Nets.network(
                                denoiser, Nets.normals(seed, 3 * d), new float[] {1, 0, -1}, new long[] {0, 5, 9}))));
            }
            for (Future<Boolean> answer : answers) {
                assertThat(answer.get()).isTrue();
            }
        } finally {
            pool.shutdown();
        }
    }

    @Test
    void aCallLeavesNothingBehindAndNeitherDoesTheModel() {
        forwards(1, 1);
        long before = NativeObjects.settled();
        forwards(2, 3);
        assertThat(Pointer.totalCount()).isLessThanOrEqualTo(before);
    }

    private static void forwards(int models, int calls) {
        for (int m = 0; m < models; m++) {
            try (Denoiser denoiser = Nets.load(Nets.GOLDEN.resolve("adm-rgb-32"))) {
                for (int i = 0; i < calls; i++) {
                    Nets.network(denoiser, new float[3 * 32 * 32], new float[1], new long[1]);
                }
            }
        }
    }

    @Test
    void theIdNamesTheWeightsAndTheNetworkButNotTheFolder(@org.junit.jupiter.api.io.TempDir Path folder)
            throws Exception {
        Path original = Nets.GOLDEN.resolve("ncsnpp-rgb-16");
        for (String file : List.of("config.json", "model.safetensors")) {
            java.nio.file.Files.copy(original.resolve(file), folder.resolve(file));
        }
        try (Denoiser a = Nets.load(original);
                Denoiser b = Nets.load(folder);
                Denoiser other = Nets.load(Nets.GOLDEN.resolve("ddpmpp-rgb-16"))) {
            assertThat(a.id()).matches("[0-9a-f]{64}").isEqualTo(b.id()).isNotEqualTo(other.id());
        }
    }

    @Test
    void impossibleInputsAreRefusedInOneLine() {
        try (Denoiser denoiser = Nets.load(Nets.GOLDEN.resolve("adm-rgb-32"));
                Tensor x = Tensors.of(Device.CPU, new float[2 * 3 * 32 * 32], 2, 3, 32, 32);
                Tensor grey = Tensors.of(Device.CPU, new float[32 * 32], 1, 1, 32, 32);
                Tensor noise = Tensors.of(Device.CPU, new float[2], 2);
                Tensor one = Tensors.of(Device.CPU, new float[1], 1);
                Conditioning zero = denoiser.encode(List.of(Condition.label(0)));
                Tensor entries = Tensors.of(Device.CPU, new long[2], 2);
                Tensor words = Tensors.of(Device.CPU, new int[2], 2);
                Tensor beyond = Tensors.of(Device.CPU, new long[] {0, 5}, 2)) {
            assertThatThrownBy(() -> denoiser.encode(List.of(Condition.label(0), Condition.NONE)))
                    .hasMessage("the model draws 5 classes, so each image needs one: none");
            assertThatThrownBy(() -> denoiser.encode(List.of(Condition.label(0), Condition.label(5))))
                    .hasMessage("class must be <= 4: 5");
            assertThatThrownBy(() -> denoiser.check(Condition.prompt("a cat")))
                    .hasMessage("the model draws 5 classes, so each image needs one: prompt \"a cat\"");
            assertThatThrownBy(() -> denoiser.network(grey, noise, zero, entries))
                    .hasMessage("input must be [rows >= 1, 3x32x32]: [1, 1, 32, 32]");
            assertThatThrownBy(() -> denoiser.network(x, one, zero, entries)).hasMessage("level must be [2]: [1]");
            assertThatThrownBy(() -> denoiser.network(x, noise, zero, words))
                    .hasMessage("entries must be int64 [2]: [2]");
            assertThatThrownBy(() -> denoiser.network(x, noise, zero, beyond))
                    .isInstanceOf(NoisetrailException.class)
                    .hasMessageContaining("index out of range")
                    .hasMessageNotContaining("\n");
        }
    }

    @Test
    void aClosedModelSaysSo() {
        Denoiser denoiser = Nets.load(Nets.GOLDEN.resolve("ncsnpp-rgb-16"));
        denoiser.close();
        denoiser.close();
        assertThatThrownBy(() -> Nets.network(denoiser, new float[3 * 16 * 16], new float[1], null))
                .hasMessage("the model was closed");
    }

    private static long[] oneHotIndices(float[] oneHot, int classes) {
        long[] indices = new long[oneHot.length / classes];
        for (int r = 0; r < indices.length; r++) {
            for (int c = 0; c < classes; c++) {
                if (oneHot[r * classes + c] == 1) {
                    indices[r] = c;
                }
            }
        }
        return indices;
    }
}
