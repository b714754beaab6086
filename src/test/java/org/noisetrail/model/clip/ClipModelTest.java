package org.noisetrail.model.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.noisetrail.NoisetrailException;
import org.noisetrail.checkpoint.ModelFiles;
import org.noisetrail.checkpoint.Safetensors;
import org.noisetrail.kernels.Device;
import org.noisetrail.testing.NativeObjects;
import org.noisetrail.testing.Nets;
import org.noisetrail.torch.Tensors;
import org.noisetrail.torch.Torch;

/** The golden has three images, of 28 x 28, 64 x 96 and 501 x 37 pixels [H, W, 3], and five texts. */
class ClipModelTest {
    private static final Path MODEL = Path.of("src/test/resources/diffusers/clip-quick-gelu");
    private static final Safetensors GOLDEN =
            Safetensors.open(Path.of("src/test/resources/golden/diffusers/clip/clip-quick-gelu.safetensors"));
    private static final int IMAGES = 3;

    @TempDir
    Path folder;

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

    @Test
    void imagesTextsAndWhatTheyMakeOfEachOtherEqualTransformers() {
        try (ClipModel clip = ClipModel.load(ModelFiles.folder(MODEL), Device.CPU);
                AestheticHead head = AestheticHead.load(ModelFiles.folder(MODEL), clip.projection(), Device.CPU);
                Tensor images = imageEmbeds(clip);
                Tensor texts = clip.textEmbeds(ids(), 5);
                Tensor scores = head.score(images)) {
            assertThat(error(images, "image_embeds")).isLessThan(1e-5);
            assertThat(error(texts, "text_embeds")).isLessThan(1e-5);
            assertThat(error(scores, "aesthetic")).isLessThan(1e-5);
            float[] cosine = GOLDEN.floats("cosine");
            float[] logits = GOLDEN.floats("logits_per_image");
            for (int text = 0; text < 5; text++) {
                try (Tensor one = texts.narrow(0, text, 1);
                        Tensor repeated = one.expand(IMAGES, clip.projection());
                        Tensor products = clip.cosine(images, repeated)) {
                    double[] values = Tensors.toDoubles(products);
                    assertThat(values).hasSize(IMAGES);
                    for (int image = 0; image < IMAGES; image++) {
                        assertThat(values[image]).isCloseTo(cosine[image * 5 + text], within(1e-5));
                        assertThat(values[image] * clip.logitScale()).isCloseTo(logits[image * 5 + text], within(1e-4));
                    }
                }
            }
        }
    }

    /** The hashes are those of the golden's crops, uint8 [3, 224, 224]. */
    @ParameterizedTest
    @CsvSource({
        "0, 0f642a8669132b7d4cc2cbbd068724a0f3ced84f4e4a0f5b2f71e857011dd58b",
        "1, 11b8ac89bba2b7cf0954247eb1c50359aa3456ebe834b1dc6fae94fba7fd8f31",
        "2, 071f5414513868dcff2d4dc221953cd8d822552b67435a1b36541ce680f9c5c7"
    })
    void cropsEqualPillowsToTheBit(int number, String hash) throws Exception {
        try (ClipPreprocessor preprocessor = new ClipPreprocessor(ModelFiles.folder(MODEL), 224, Device.CPU);
                Tensor image = image(number);
                Tensor crops = preprocessor.crops(image);
                Tensor pixels = preprocessor.pixelValues(image)) {
            assertThat(Tensors.shape(crops)).containsExactly(1, 3, 224, 224);
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(Tensors.toBytes(crops));
            assertThat(HexFormat.of().formatHex(digest)).isEqualTo(hash);
            double sum = 0;
            for (float value : Tensors.toFloats(pixels)) {
                sum += value;
            }
            double expected = GOLDEN.doubles("pixel_values_sum")[number];
            assertThat(sum).isCloseTo(expected, within(1e-6 * expected));
        }
    }

    @Test
    void aGreyImageIsItselfInAllThreeColours() {
        byte[] grey = new byte[300 * 300];
        new Random(1).nextBytes(grey);
        byte[] rgb = new byte[3 * grey.length];
        for (int c = 0; c < 3; c++) {
            System.arraycopy(grey, 0, rgb, c * grey.length, grey.length);
        }
        try (ClipModel clip = ClipModel.load(ModelFiles.folder(MODEL), Device.CPU);
                Tensor one = Tensors.bytes(Device.CPU, 1, 1, 300, 300);
                Tensor three = Tensors.bytes(Device.CPU, 1, 3, 300, 300)) {
            Tensors.copy(grey, one);
            Tensors.copy(rgb, three);
            try (Tensor a = clip.pixelValues(one);
                    Tensor b = clip.pixelValues(three)) {
                assertThat(Tensors.toFloats(a)).isEqualTo(Tensors.toFloats(b));
            }
        }
    }

    @Test
    void aCardThatCannotBeUsedIsOneClearLine() {
        assertThatThrownBy(() -> ClipModel.load(ModelFiles.folder(MODEL), new Device(1)))
                .isInstanceOf(NoisetrailException.class)
                .hasMessageStartingWith("cuda:1 cannot be used: this is LibTorch's CPU build");
    }

    @Test
    void aRowsEmbeddingHasTheSameBitsInEveryBatch() {
        int rows = 35;
        int size = 3 * 224 * 224;
        byte[] pixels = new byte[rows * size];
        new Random(2).nextBytes(pixels);
        try (ClipModel clip = ClipModel.load(ModelFiles.folder(MODEL), Device.CPU)) {
            float[] whole = embeds(clip, pixels, rows);
            int width = clip.projection();
            for (int count : new int[] {1, 2, 3}) {
                Torch.setThreads(count);
                for (int batch : new int[] {1, 2, 5}) {
                    int from = rows - batch;
                    float[] part = embeds(clip, Arrays.copyOfRange(pixels, from * size, rows * size), batch);
                    assertThat(part)
                            .as("%d threads, rows %d to %d", count, from, rows)
                            .isEqualTo(Arrays.copyOfRange(whole, from * width, rows * width));
                }
            }
        }
    }

    private static float[] embeds(ClipModel clip, byte[] pixels, int rows) {
        try (Tensor images = Tensors.bytes(Device.CPU, rows, 3, 224, 224)) {
            Tensors.copy(pixels, images);
            try (Tensor embeds = clip.imageEmbeds(images)) {
                return Tensors.toFloats(embeds);
            }
        }
    }

    @Test
    void textsAreEmbeddedOnceAndComeInTheOrderAskedFor() {
        try (ClipModel clip = ClipModel.load(ModelFiles.folder(MODEL), Device.CPU);
                Tensor first = clip.textEmbeds(List.of("a cat", "a dog", "a cat"));
                Tensor second = clip.textEmbeds(List.of("a dog", "word ".repeat(90), "a cat"));
                Tensor alone =
                        clip.textEmbeds(clip.tokenizer().padded(clip.tokenizer().encode("a dog")), 1)) {
            float[][] a = rows(first, clip.projection());
            float[][] b = rows(second, clip.projection());
            assertThat(a[0]).isEqualTo(a[2]).isEqualTo(b[2]).isNotEqualTo(a[1]);
            assertThat(a[1]).isEqualTo(b[0]).isEqualTo(Tensors.toFloats(alone));
        }
    }

    private static float[][] rows(Tensor tensor, int width) {
        float[] values = Tensors.toFloats(tensor);
        return Stream.iterate(0, from -> from < values.length, from -> from + width)
                .map(from -> Arrays.copyOfRange(values, from, from + width))
                .toArray(float[][]::new);
    }

    @Test
    void nothingIsLeftBehind() {
        useOnce();
        long before = NativeObjects.settled();
        useOnce();
        assertThat(Pointer.totalCount()).isLessThanOrEqualTo(before);
    }

    private static void useOnce() {
        try (ClipModel clip = ClipModel.load(ModelFiles.folder(MODEL), Device.CPU);
                Tensor images = imageEmbeds(clip);
                Tensor texts = clip.textEmbeds(List.of("a", "b", "c"));
                Tensor cosine = clip.cosine(images, texts)) {
            assertThat(Tensors.toDoubles(cosine)).hasSize(3);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            config.json              | "image_size": 224     | "image_size": 256     | position_embedding.weight" must have shape [65, 48]: [50, 48]
            config.json              | "patch_size": 32      | "patch_size": 256     | vision_config.patch_size must be <= image_size 224: 256
            config.json              | "text_config"         | "text"                | text_config is missing
            config.json              | "max_position_embeddings": 77 | "max_position_embeddings": 32 | max_position_embeddings must be >= 77, the tokenizer's model_max_length: 32
            config.json              | "vocab_size": 1000    | "vocab_size": 999     | vocab_size must be > 999, the tokenizer's highest id: 999
            preprocessor_config.json | "resample": 3         | "resample": 2         | resample must be 3 (bicubic): 2
            preprocessor_config.json | 0.27577711            | 0                     | image_std must be a list of 3 numbers > 0
            preprocessor_config.json | 0.27577711            | 1e999                 | image_std must be a list of 3 numbers: [0.26862954,0.26130258,
            preprocessor_config.json | "size": 224           | "size": "a"           | size must be an integer from 1 to 16384: "a"
            """)
    void aFolderWhosePartsDoNotFitIsOneLine(String file, String from, String to, String message) throws IOException {
        try (Stream<Path> files = Files.list(MODEL)) {
            for (Path each : files.toList()) {
                Files.copy(each, folder.resolve(each.getFileName()));
            }
        }
        String text = Files.readString(folder.resolve(file));
        assertThat(text).contains(from);
        Files.writeString(folder.resolve(file), text.replace(from, to));
        assertThatThrownBy(() -> ClipModel.load(ModelFiles.folder(folder), Device.CPU))
                .isInstanceOf(NoisetrailException.class)
                .hasMessageContaining(message)
                .extracting(Throwable::getMessage)
                .asString()
                .hasLineCount(1);
    }

    /** As transformers 5 writes a folder. */
    @Test
    void imagesMayBePreparedAsProcessorConfigSays() throws IOException {
        try (Stream<Path> files = Files.list(MODEL)) {
            for (Path each : files.toList()) {
                Files.copy(each, folder.resolve(each.getFileName()));
            }
        }
        Path old = folder.resolve("preprocessor_config.json");
        String text = Files.readString(old).replace("\"size\": 224", "\"size\": 300");
        Files.delete(old);
        Path later = folder.resolve("processor_config.json");
        Files.writeString(later, "{\"image_processor\": " + text + ", \"processor_class\": \"CLIPProcessor\"}");
        try (ClipPreprocessor asWritten = new ClipPreprocessor(ModelFiles.folder(folder), 224, Device.CPU);
                ClipPreprocessor usual = new ClipPreprocessor(ModelFiles.folder(MODEL), 224, Device.CPU);
                Tensor image = image(0);
                Tensor one = asWritten.crops(image);
                Tensor other = usual.crops(image)) {
            assertThat(Tensors.toBytes(one)).isNotEqualTo(Tensors.toBytes(other));
        }
        Files.writeString(later, "{\"image_processor\": " + text.replace("\"resample\": 3", "\"resample\": 2") + "}");
        assertThatThrownBy(() -> ClipModel.load(ModelFiles.folder(folder), Device.CPU))
                .isInstanceOf(NoisetrailException.class)
                .hasMessage(later + ": image_processor.resample must be 3 (bicubic): 2");
    }

    /** Files that are not read do not count, so that ids stay what they were; those in their place do. */
    @Test
    void theIdIsOfTheFilesThatAreRead() throws IOException {
        try (Stream<Path> files = Files.list(MODEL)) {
            for (Path each : files.toList()) {
                Files.copy(each, folder.resolve(each.getFileName()));
            }
        }
        String own = id(MODEL);
        Path later = folder.resolve("processor_config.json");
        Files.writeString(later, "{}");
        Files.writeString(folder.resolve("tokenizer.json"), "{}");
        assertThat(id(folder)).isEqualTo(own);
        Files.delete(folder.resolve("preprocessor_config.json"));
        String without = id(folder);
        Files.writeString(later, "{\"image_processor\": {\"size\": 300}}");
        assertThat(id(folder)).isNotEqualTo(without);
    }

    private static String id(Path folder) {
        try (ClipModel clip = ClipModel.load(ModelFiles.folder(folder), Device.CPU)) {
            return clip.id();
        }
    }

    @Test
    void weightsMayBeUnderTheNameOfAVariant() throws IOException {
        try (Stream<Path> files = Files.list(MODEL)) {
            for (Path each : files.toList()) {
                Files.copy(each, folder.resolve(each.getFileName()));
            }
        }
        Files.move(folder.resolve("model.safetensors"), folder.resolve("model.fp16.safetensors"));
        try (ClipModel own = ClipModel.load(ModelFiles.folder(MODEL), Device.CPU);
                ClipModel variant = ClipModel.load(ModelFiles.folder(folder), Device.CPU)) {
            assertThat(variant.id()).isEqualTo(own.id());
        }
        Files.delete(folder.resolve("model.fp16.safetensors"));
        assertThatThrownBy(() -> ClipModel.load(ModelFiles.folder(folder), Device.CPU))
                .isInstanceOf(NoisetrailException.class)
                .hasMessageContaining("no weights: neither diffusion_pytorch_model.safetensors nor model.safetensors");
    }

    @Test
    void aHeadForOtherEmbeddingsIsRefused() throws IOException {
        assertThatThrownBy(() -> AestheticHead.load(ModelFiles.folder(MODEL), 768, Device.CPU))
                .isInstanceOf(NoisetrailException.class)
                .hasMessageContaining("layers.0.weight\" must have shape [64, 768]: [64, 24]");
        Files.copy(MODEL.resolve("model.safetensors"), folder.resolve("aesthetic_head.safetensors"));
        assertThatThrownBy(() -> AestheticHead.load(ModelFiles.folder(folder), 24, Device.CPU))
                .isInstanceOf(NoisetrailException.class)
                .hasMessageContaining("missing tensors \"layers.N.weight\"");
    }

    private static Tensor imageEmbeds(ClipModel clip) {
        Tensor all = Tensors.floats(Device.CPU, IMAGES, clip.projection());
        for (int i = 0; i < IMAGES; i++) {
            try (Tensor image = image(i);
                    Tensor embeds = clip.imageEmbeds(image);
                    Tensor row = Tensors.rows(all, i, 1)) {
                row.copy_(embeds);
            }
        }
        return all;
    }

    private static Tensor image(int number) {
        try (Tensor last = GOLDEN.tensor("image" + number);
                Tensor first = last.permute(2, 0, 1);
                Tensor row = first.unsqueeze(0)) {
            return row.contiguous();
        }
    }

    private static long[] ids() {
        try (Tensor ids = GOLDEN.tensor("input_ids")) {
            return Tensors.toLongs(ids);
        }
    }

    private static double error(Tensor actual, String name) {
        float[] values = Tensors.toFloats(actual);
        float[] expected = GOLDEN.floats(name);
        assertThat(values).hasSameSizeAs(expected);
        return Nets.relativeError(values, expected);
    }
}
