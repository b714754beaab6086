package org.noisetrail.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.LongStream;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.noisetrail.NoisetrailException;
import org.noisetrail.checkpoint.Safetensors;
import org.noisetrail.checkpoint.SafetensorsWriter;
import org.noisetrail.kernels.Device;
import org.noisetrail.kernels.Kernels;
import org.noisetrail.testing.Goldens;
import org.noisetrail.testing.NativeObjects;
import org.noisetrail.testing.Nets;
import org.noisetrail.torch.Tensors;

class ModelTest {
    private static final Safetensors NAIVE =
            Safetensors.open(Path.of("src/test/resources/golden/edm/naive.safetensors"));

    @TempDir
    Path folder;

    @Test
    void fashionMnistIsEmbedded() {
        assertThat(Pipeline.embedded()).startsWith("fashion-mnist");
        try (Pipeline model = Pipeline.load("fashion-mnist", Device.CPU)) {
            assertThat(model.name()).isEqualTo("fashion-mnist");
            assertThat(model.denoiser().shape()).isEqualTo(new ImageShape(1, 28, 28));
            model.denoiser().check(Condition.label(9));
            assertThatThrownBy(() -> model.denoiser().check(Condition.label(10)))
                    .hasMessage("class must be <= 9: 10");
            assertThat(model.sampler()).isEqualTo("edm");
            assertThat(model.decoder().isIdentity()).isTrue();
            assertThat(model.takesPrompts()).isFalse();
            assertThat(model.classNames())
                    .hasSize(10)
                    .startsWith("T-shirt/top", "trouser")
                    .endsWith("bag", "ankle boot");
        }
    }

    /** The last of 18 steps is one call: the final image is D(x_17; sigma_min). */
    @Test
    void theEmbeddedModelMakesTheGoldenTrajectorysLastStep() {
        int d = 10 * 28 * 28;
        float[] steps = NAIVE.floats("x_after_step");
        float[] sigma = new float[10];
        Arrays.fill(sigma, 0.002f);
        try (Pipeline model = Pipeline.load("fashion-mnist", Device.CPU)) {
            float[] last = Nets.denoise(
                    model.denoiser(),
                    Arrays.copyOfRange(steps, 16 * d, 17 * d),
                    sigma,
                    LongStream.range(0, 10).toArray());
            float[] expected = NAIVE.floats("x");
            for (int i = 0; i < d; i++) {
                assertThat(last[i]).isCloseTo(expected[i], org.assertj.core.api.Assertions.within(1e-4f));
            }
        }
    }

    @Test
    void theEmbeddedModelTakesNoiseAwayFromItsOwnImages() {
        float[] clean = NAIVE.floats("x");
        float[] noise = Nets.normals(3, clean.length);
        float[] noisy = new float[clean.length];
        for (int i = 0; i < clean.length; i++) {
            noisy[i] = clean[i] + 0.5f * noise[i];
        }
        float[] sigma = new float[10];
        Arrays.fill(sigma, 0.5f);
        try (Pipeline model = Pipeline.load("fashion-mnist", Device.CPU)) {
            float[] denoised = Nets.denoise(
                    model.denoiser(), noisy, sigma, LongStream.range(0, 10).toArray());
            assertThat(Nets.relativeError(denoised, clean)).isLessThan(0.4 * Nets.relativeError(noisy, clean));
        }
    }

    @Test
    void bothClassifiersKnowTheGoldenImages() {
        byte[] pixels = Goldens.images();
        try (Pipeline model = Pipeline.load("fashion-mnist", Device.CPU);
                Tensor images = Tensors.bytes(Device.CPU, 10, 1, 28, 28)) {
            Tensors.copy(pixels, images);
            for (Classifier classifier :
                    new Classifier[] {model.classifier("classifier.pt"), model.classifier("heldout.pt")}) {
                try (Tensor logits = classifier.logits(images)) {
                    assertThat(Tensors.shape(logits)).containsExactly(10, 10);
                    float[] values = Tensors.toFloats(logits);
                    int right = 0;
                    for (int r = 0; r < 10; r++) {
                        int best = 0;
                        for (int c = 1; c < 10; c++) {
                            best = values[r * 10 + c] > values[r * 10 + best] ? c : best;
                        }
                        right += best == r ? 1 : 0;
                    }
                    assertThat(right).isGreaterThanOrEqualTo(8);
                }
            }
            assertThat(model.classifier("classifier.pt")).isSameAs(model.classifier("classifier.pt"));
            assertThat(model.classifier("classifier.pt").id())
                    .matches("[0-9a-f]{64}")
                    .isNotEqualTo(model.classifier("heldout.pt").id());
            assertThat(Tensors.toBytes(images)).isEqualTo(pixels);
        }
    }

    @Test
    void aFolderIsAModelOfTheSameIdWhateverItsNamesAre() throws IOException {
        Files.copy(Nets.FASHION.resolve("model.safetensors"), folder.resolve("model.safetensors"));
        String config = Files.readString(Nets.FASHION.resolve("config.json"));
        Files.writeString(folder.resolve("config.json"), config.replace("\"trouser\"", "\"trousers\""));
        try (Pipeline model = Pipeline.load(folder.toString(), Device.CPU);
                Pipeline embedded = Pipeline.load("fashion-mnist", Device.CPU)) {
            assertThat(model.denoiser().id()).isEqualTo(embedded.denoiser().id());
            assertThat(model.classNames()).contains("trousers");
            assertThatThrownBy(() -> model.classifier("classifier.pt"))
                    .hasMessage("model " + folder.getFileName() + " has no classifier.pt");
        }
    }

    @Test
    void whatIsMissingIsNamed() throws IOException {
        Path pickle = Files.writeString(folder.resolve("v1-5.ckpt"), "PK");
        refused(
                pickle.toString(),
                pickle + " is a file, not a model: v1-5.ckpt is a pickle, which can run code and is never read:"
                        + " save the model as safetensors");
        refused(
                "no-such",
                "no model \"no-such\": neither a folder nor one of " + String.join(", ", Pipeline.embedded()));
        assertThatThrownBy(() -> Pipeline.load(folder.toString(), Device.CPU))
                .isInstanceOf(NoisetrailException.class)
                .hasMessageStartingWith(
                        folder + " is not a model: it has neither model_index.json, nor model.safetensors,"
                                + " nor model.pt; v1-5.ckpt is a pickle");
        Files.copy(Nets.FASHION.resolve("model.safetensors"), folder.resolve("model.safetensors"));
        refused(folder.toString(), "cannot read " + folder.resolve("config.json") + ": no such file or folder");
    }

    @Test
    void aConfigThatIsNotSoundNamesTheKey() throws IOException {
        Files.copy(Nets.FASHION.resolve("model.safetensors"), folder.resolve("model.safetensors"));
        String config = Files.readString(Nets.FASHION.resolve("config.json"));
        Path file = folder.resolve("config.json");
        Map<String, String> cases = new LinkedHashMap<>();
        cases.put(config.replace("\"img_resolution\": 28,", ""), "img_resolution is missing");
        cases.put(
                config.replace("\"img_resolution\": 28", "\"img_resolution\": 16384")
                        .replace("\"img_channels\": 1", "\"img_channels\": 8"),
                "img_resolution must be such that an image of 8 channels has < 2^31 elements: 16384");
        cases.put(config.replace("DhariwalUNet", "UNet2"), "model_type must be DhariwalUNet or SongUNet: \"UNet2\"");
        cases.put(config.replace("EDMPrecond", "VPPrecond"), "preconditioning must be EDMPrecond: \"VPPrecond\"");
        cases.put(
                config.replace("\"label_dim\": 10", "\"label_dim\": -1"),
                "label_dim must be an integer from 0 to 1000000: -1");
        cases.put(config.replace("\"sigma_data\": 0.5", "\"sigma_data\": 0"), "sigma_data must be a number > 0: 0");
        cases.put(config.replace("\"bag\",", ""), "class_names must be a list of 10 names (label_dim)");
        cases.put("[" + config + "]", "must be a JSON object");
        cases.put("{\"a\": ", "not sound JSON");
        for (Map.Entry<String, String> each : cases.entrySet()) {
            Files.writeString(file, each.getKey());
            assertThatThrownBy(() -> Pipeline.load(folder.toString(), Device.CPU))
                    .isInstanceOf(NoisetrailException.class)
                    .hasMessageStartingWith(file + ": ")
                    .hasMessageContaining(each.getValue())
                    .hasMessageNotContaining("\n");
        }
    }

    @Test
    void tensorsThatDoNotFitTheConfigAreNamed() throws IOException {
        Path net = Nets.GOLDEN.resolve("ncsnpp-rgb-16");
        Files.copy(net.resolve("config.json"), folder.resolve("config.json"));
        String file = folder.resolve("model.safetensors").toString();
        String conv = "model.enc.8x8_block0.conv0.weight";
        rewrite(net, tensors -> tensors.remove(conv));
        refused(folder.toString(), file + ": missing tensor \"" + conv + "\" of shape [64, 32, 3, 3]");
        rewrite(net, tensors -> tensors.put("model.extra", new float[1]));
        refused(folder.toString(), file + ": unknown tensor model.extra: config.json describes a network without");
        rewrite(net, tensors -> tensors.put("model.map_layer0.bias", new float[1]));
        refused(folder.toString(), file + ": tensor \"model.map_layer0.bias\" must have shape [128]: [1]");
    }

    private void rewrite(Path net, Consumer<Map<String, float[]>> change) {
        Safetensors original = Safetensors.open(net.resolve("model.safetensors"));
        Map<String, float[]> tensors = new LinkedHashMap<>();
        original.entries().keySet().forEach(name -> tensors.put(name, original.floats(name)));
        change.accept(tensors);
        SafetensorsWriter writer = Safetensors.writer();
        tensors.forEach((name, values) -> {
            Safetensors.Entry entry = original.entries().get(name);
            boolean same = entry != null && entry.elements() == values.length;
            writer.put(name, values, same ? entry.shapeArray() : new long[] {values.length});
        });
        writer.write(folder.resolve("model.safetensors"));
    }

    @Test
    void aTorchScriptDenoiserIsGivenWhatItsConfigSays() throws IOException {
        Files.writeString(
                folder.resolve("config.json"),
                "{\"img_resolution\": 2, \"img_channels\": 3, \"label_dim\": 4, \"preconditioning\": \"none\"}");
        ScriptFile.write(folder.resolve("model.pt"), """
                def forward(self: __torch__.M, x: Tensor, sigma: Tensor, labels: Tensor) -> Tensor:
                  return torch.add(torch.mul(x, torch.reshape(sigma, [-1, 1, 1, 1])), torch.reshape(labels, [-1, 1, 1, 1]))
                """);
        try (Pipeline model = Pipeline.load(folder.toString(), Device.CPU)) {
            Denoiser denoiser = model.denoiser();
            assertThat(denoiser.parameterisation().at(1, 3)).isEqualTo(new Parameterisation.Scaling(1, 3, 0, 1));
            assertThat(model.classNames()).containsExactly("0", "1", "2", "3");
            float[] x = Nets.normals(1, 24);
            float[] out = Nets.network(denoiser, x, new float[] {2, 0.5f}, new long[] {3, 1});
            for (int i = 0; i < 24; i++) {
                assertThat(out[i]).isEqualTo(i < 12 ? 2 * x[i] + 3 : 0.5f * x[i] + 1);
            }
            long before = NativeObjects.settled();
            Nets.network(denoiser, x, new float[] {2, 0.5f}, new long[] {3, 1});
            assertThat(Pointer.totalCount()).isLessThanOrEqualTo(before);
        }
    }

    @Test
    void aTorchScriptNetworkThatFailsOrReturnsAnotherShapeSaysSoInOneLine() throws IOException {
        Files.writeString(folder.resolve("config.json"), "{\"img_resolution\": 2, \"img_channels\": 1}");
        ScriptFile.write(folder.resolve("model.pt"), """
                def forward(self: __torch__.M, x: Tensor, noise: Tensor) -> Tensor:
                  return torch.reshape(x, [-1, 4])
                """);
        try (Pipeline model = Pipeline.load(folder.toString(), Device.CPU)) {
            assertThat(model.denoiser().parameterisation().at(1, 0.5).skip()).isEqualTo(0.5);
            assertThatThrownBy(() -> Nets.network(model.denoiser(), new float[4], new float[1], null))
                    .isInstanceOf(NoisetrailException.class)
                    .hasMessage("the TorchScript network must give a tensor that is [1, 1x2x2]: [1, 4]");
        }
        ScriptFile.write(folder.resolve("model.pt"), """
                def forward(self: __torch__.M, x: Tensor, noise: Tensor) -> Tensor:
                  return torch.reshape(x, [3, 5])
                """);
        try (Pipeline model = Pipeline.load(folder.toString(), Device.CPU)) {
            assertThatThrownBy(() -> Nets.network(model.denoiser(), new float[4], new float[1], null))
                    .isInstanceOf(NoisetrailException.class)
                    .hasMessageContaining("shape '[3, 5]' is invalid")
                    .hasMessageNotContaining("\n");
        }
    }

    @Test
    void aFileThatIsNotTorchScriptSaysWhatItIs() throws IOException {
        Files.writeString(folder.resolve("config.json"), "{\"img_resolution\": 2, \"img_channels\": 1}");
        Path file = folder.resolve("model.pt");
        ScriptFile.writeStateDict(file);
        String pickle = ": a pickle of torch.save (a state dict or a whole module)";
        assertThatThrownBy(() -> Pipeline.load(folder.toString(), Device.CPU))
                .hasMessageStartingWith(file + pickle)
                .hasMessageContaining("model.safetensors");
        Files.write(file, new byte[] {(byte) 0x80, 2, '}', '.'});
        assertThatThrownBy(() -> Pipeline.load(folder.toString(), Device.CPU)).hasMessageStartingWith(file + pickle);
        Files.writeString(file, "hello");
        refused(folder.toString(), file + ": not a whole TorchScript file (torch.jit.save)");
        byte[] classifier = Files.readAllBytes(Nets.FASHION.resolve("classifier.pt"));
        Files.write(file, Arrays.copyOf(classifier, classifier.length / 2));
        assertThatThrownBy(() -> Pipeline.load(folder.toString(), Device.CPU))
                .isInstanceOf(NoisetrailException.class)
                .hasMessageStartingWith(file + ": ")
                .hasMessageNotContaining("\n");
    }

    @Test
    void loadingAndClosingLeavesNothingBehind() {
        use();
        long before = NativeObjects.settled();
        for (int i = 0; i < 3; i++) {
            use();
        }
        assertThat(Pointer.totalCount()).isLessThanOrEqualTo(before);
    }

    private static void use() {
        try (Pipeline model = Pipeline.load("fashion-mnist", Device.CPU);
                Tensor images = Tensors.bytes(Device.CPU, 2, 1, 28, 28)) {
            Tensors.copy(new byte[2 * 784], images);
            model.classifier("classifier.pt").logits(images).close();
            Nets.network(model.denoiser(), new float[784], new float[1], new long[1]);
        }
    }

    private static void refused(String model, String message) {
        assertThatThrownBy(() -> Pipeline.load(model, Device.CPU))
                .isInstanceOf(NoisetrailException.class)
                .hasMessage(message);
    }

    @Test
    void aCardThatIsNotThereIsOneClearLine() {
        Assumptions.assumeTrue(Kernels.cudaDevices() == 0, "there is a card");
        assertThatThrownBy(() -> Pipeline.load("fashion-mnist", Device.parse("cuda")))
                .isInstanceOf(NoisetrailException.class)
                .hasMessageStartingWith("cuda:0 cannot be used: ");
    }
}
