package org.noisetrail.model.diffusers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.data.Offset.offset;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.noisetrail.NoisetrailException;
import org.noisetrail.checkpoint.Safetensors;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Condition;
import org.noisetrail.model.ImageShape;
import org.noisetrail.model.Pipeline;
import org.noisetrail.model.PipelineOptions;
import org.noisetrail.noise.Draw;
import org.noisetrail.reward.Reward;
import org.noisetrail.reward.RewardText;
import org.noisetrail.reward.Rewards;
import org.noisetrail.sampler.DdimSampler;
import org.noisetrail.sampler.EulerAncestralSampler;
import org.noisetrail.sampler.Samplers;
import org.noisetrail.sampler.Spacing;
import org.noisetrail.search.BestOfN;
import org.noisetrail.search.ImageRequest;
import org.noisetrail.search.ImageResult;
import org.noisetrail.search.LocalSearch;
import org.noisetrail.search.Naive;
import org.noisetrail.search.Search;
import org.noisetrail.search.SearchListener;
import org.noisetrail.search.SearchResult;
import org.noisetrail.search.Trail;
import org.noisetrail.testing.Nets;

/** Whole pipelines against diffusers' own, from the same noise. */
class TextToImageTest {
    private static final Path MODELS = Path.of("src/test/resources/diffusers");
    private static final Path GOLDENS = Path.of("src/test/resources/golden/diffusers");
    private static final String NEGATIVE = "blurry, low quality, 4 legs";
    private static final List<String> PROMPTS =
            List.of("a photo of an astronaut riding a horse on mars", "A cat; 2 dogs, and the 3rd BIRD!");

    @TempDir
    private Path folder;

    private record Case(
            String model,
            String name,
            PipelineOptions.Builder options,
            String sampler,
            @Nullable String negative) {
        @Override
        public String toString() {
            return model + ", " + name;
        }
    }

    static Stream<Case> pipelines() {
        String ddim = "ddim:steps=10:steps-offset=1";
        return Stream.of(
                new Case("sd15", "eta1", PipelineOptions.builder(), ddim, ""),
                new Case("sd15", "eta1-negative", PipelineOptions.builder(), ddim, NEGATIVE),
                new Case("sd15", "nocfg", PipelineOptions.builder().guidance(1.0), ddim, null),
                new Case(
                        "sd15",
                        "eta0.5-rescale",
                        PipelineOptions.builder().guidanceRescale(.7),
                        ddim + ":eta=0.5",
                        null),
                new Case("sd15", "clipskip", PipelineOptions.builder().clipSkip(1), ddim + ":eta=0", null),
                new Case("sd15", "odd", PipelineOptions.builder().height(136).width(104), ddim, null),
                new Case("sd15", "euler-ancestral", PipelineOptions.builder(), "euler-ancestral:steps=10", null),
                new Case("sd21", "eta1", PipelineOptions.builder().guidance(7.5), ddim, null),
                new Case("sdxl", "eta1", PipelineOptions.builder().guidance(7.5), ddim, null),
                new Case(
                        "sdxl",
                        "eta1-negative",
                        PipelineOptions.builder().guidance(7.5).sizeCondition("200x160+4+8"),
                        ddim,
                        NEGATIVE));
    }

    @ParameterizedTest
    @MethodSource("pipelines")
    void plainDrawingIsDiffusersOwn(Case each) throws IOException {
        Safetensors golden = Safetensors.open(GOLDENS.resolve(each.model()).resolve("pipelines.safetensors"));
        try (Pipeline pipeline =
                Pipeline.load(model(each.model()), Device.CPU, each.options().build())) {
            List<Condition> asked = new ArrayList<>();
            PROMPTS.forEach(text -> asked.add(new Condition.Prompt(text, each.negative())));
            SearchResult result = Search.builder(pipeline)
                    .sampler(Samplers.parse(each.sampler(), pipeline))
                    .seed(7)
                    .build()
                    .run(ImageRequest.of(0, 2, asked));
            assertThat(Nets.relativeError(states(result), golden.floats(each.name() + ".final_latents")))
                    .isLessThan(1e-4);
            if (each.model().equals("sd15") && List.of("eta1", "odd").contains(each.name())) {
                assertAlike(pixels(result), golden.bytes(each.name() + ".final_uint8"));
            }
        }
    }

    /** A part that only sd15 brings: what is compared for the others are latents. */
    private String model(String name) throws IOException {
        if (name.equals("sd15")) {
            return MODELS.resolve(name).toString();
        }
        Path copy = folder.resolve(name);
        try (Stream<Path> files = Files.walk(MODELS.resolve(name))) {
            for (Path file : files.toList()) {
                Path target = copy.resolve(MODELS.resolve(name).relativize(file).toString());
                if (Files.isDirectory(file)) {
                    Files.createDirectories(target);
                } else {
                    Files.copy(file, target);
                }
            }
        }
        String weights = "vae/diffusion_pytorch_model.safetensors";
        Files.copy(MODELS.resolve("sd15").resolve(weights), copy.resolve(weights));
        return copy.toString();
    }

    /** The folder's own scheduler asks for a zero terminal signal-to-noise ratio here; the first step is rounding noise then (1e-3). */
    @Test
    void zeroTerminalSignalToNoiseIsDrawnAsDiffusersDoes() throws IOException {
        Path changed = Path.of(model("sd21"));
        Path scheduler = changed.resolve("scheduler/scheduler_config.json");
        String json = Files.readString(scheduler);
        Files.writeString(
                scheduler,
                json.substring(0, json.lastIndexOf('}'))
                                .replaceAll("\"(rescale_betas_zero_snr|timestep_spacing)\": [^,]*,", "")
                        + ", \"rescale_betas_zero_snr\": true, \"timestep_spacing\": \"trailing\"}");
        Safetensors golden = Safetensors.open(GOLDENS.resolve("sd21/pipelines.safetensors"));
        PipelineOptions options =
                PipelineOptions.builder().guidance(7.5).guidanceRescale(.7).build();
        try (Pipeline pipeline = Pipeline.load(changed.toString(), Device.CPU, options)) {
            SearchResult result = Search.builder(pipeline)
                    .sampler(Samplers.parse("ddim:steps=10:timestep-spacing=trailing"))
                    .seed(7)
                    .build()
                    .run(ImageRequest.prompts(0, 2, PROMPTS.toArray(String[]::new)));
            assertThat(Nets.relativeError(states(result), golden.floats("zerosnr-trailing.final_latents")))
                    .isLessThan(1e-3);
            SearchResult ancestral = Search.builder(pipeline)
                    .sampler(Samplers.parse("euler-ancestral:steps=4", pipeline))
                    .seed(7)
                    .build()
                    .run(ImageRequest.prompts(0, 1, "a cat"));
            for (float value : ancestral.images().get(0).state()) {
                assertThat(value).isFinite();
            }
        }
    }

    /** Another part's file in the place of a model's own, or another text in it. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "sd21|text_encoder|sd15|cross_attention_dim must be 32, the hidden_size of text_encoder: 48",
                "sdxl|text_encoder|sd21|cross_attention_dim must be 88, the hidden_size of text_encoder and text_encoder_2 together: 72",
                "sd21|unet|sdxl|addition_embed_type must be absent, as a pipeline of 1.x or 2.x has it: text_time",
                "sdxl|unet|sd21|addition_embed_type must be text_time, as a pipeline of XL has it: absent"
            })
    void partsThatDoNotFitEachOtherAreNamedWhenTheyAreLoaded(String model, String part, String other, String message)
            throws IOException {
        Path changed = Path.of(model(model));
        try (Stream<Path> files = Files.list(MODELS.resolve(other).resolve(part))) {
            for (Path file : files.toList()) {
                Files.copy(
                        file, changed.resolve(part).resolve(file.getFileName()), StandardCopyOption.REPLACE_EXISTING);
            }
        }
        refused(changed, message);
    }

    @Test
    void aNetworkForAnotherPooledEmbeddingIsNamedWhenItIsLoaded() throws IOException {
        Path changed = Path.of(model("sdxl"));
        write(changed.resolve("unet/config.json"), "input_dim\": 88", "input_dim\": 89");
        refused(
                changed,
                "projection_class_embeddings_input_dim must be 88, 6 times addition_time_embed_dim and"
                        + " text_encoder_2's projection_dim (40): 89");
    }

    private static void refused(Path model, String message) {
        assertThatThrownBy(() -> Pipeline.load(model.toString(), Device.CPU))
                .isInstanceOf(NoisetrailException.class)
                .hasMessage(model.resolve("unet/config.json") + ": " + message);
    }

    private static void write(Path file, String from, String to) throws IOException {
        String text = Files.readString(file);
        assertThat(text).contains(from);
        Files.writeString(file, text.replace(from, to));
    }

    /** As diffusers corrects them; XL's stay. */
    @ParameterizedTest
    @CsvSource({
        "sd21, 0.4.0, 64, 1",
        "sd21, 0.8.1.dev0, 64, 1",
        "sd21, 0.9.0, 16, 1",
        "sd21, 0.10.2, 16, 1",
        "sdxl, 0.4.0, 16, 0"
    })
    void outdatedFilesOfAFolderAreCorrectedUnlessItIsXls(String model, String version, int size, int offset)
            throws IOException {
        Path changed = Path.of(model(model));
        write(changed.resolve("unet/config.json"), "0.40.0.dev0", version);
        write(changed.resolve("scheduler/scheduler_config.json"), "\"steps_offset\": 1", "\"steps_offset\": 0");
        try (Pipeline pipeline = Pipeline.load(changed.toString(), Device.CPU)) {
            assertThat(pipeline.denoiser().shape()).isEqualTo(new ImageShape(4, size, size));
            assertThat(pipeline.sampler()).contains("steps-offset=" + offset);
        }
    }

    private static float[] states(SearchResult result) {
        int d = result.images().get(0).state().length;
        float[] all = new float[d * result.images().size()];
        for (int i = 0; i < result.images().size(); i++) {
            System.arraycopy(result.images().get(i).state(), 0, all, i * d, d);
        }
        return all;
    }

    private static byte[] pixels(SearchResult result) {
        int d = result.images().get(0).pixels().pixels().length;
        byte[] all = new byte[d * result.images().size()];
        for (int i = 0; i < result.images().size(); i++) {
            System.arraycopy(result.images().get(i).pixels().pixels(), 0, all, i * d, d);
        }
        return all;
    }

    /** At most one level, in at most half a percent of the values. */
    private static void assertAlike(byte[] actual, byte[] expected) {
        assertThat(actual).hasSameSizeAs(expected);
        int other = 0;
        for (int i = 0; i < actual.length; i++) {
            int difference = Math.abs((actual[i] & 0xff) - (expected[i] & 0xff));
            assertThat(difference).isLessThanOrEqualTo(1);
            other += difference;
        }
        assertThat(other).isLessThanOrEqualTo(actual.length / 200);
    }

    @ParameterizedTest
    @ValueSource(strings = {"eps-greedy", "zero-order"})
    void localSearchChoosesAsTheIndependentOneDid(String method) throws IOException {
        JsonNode golden = new ObjectMapper()
                .readTree(GOLDENS.resolve("sd15/search-" + method + ".json").toFile());
        JsonNode settings = golden.get("settings");
        LocalSearch search = LocalSearch.builder()
                .candidates(settings.get("N").asInt())
                .rounds(settings.get("K").asInt())
                .epsilon(settings.get("eps").asDouble())
                .lambda(settings.get("lam").asDouble())
                .keepPivot(settings.get("keep").asBoolean())
                .build();
        List<Condition> asked = new ArrayList<>();
        golden.get("prompts")
                .forEach(text -> asked.add(new Condition.Prompt(
                        text.asText(), golden.get("negative").asText())));
        PipelineOptions options = PipelineOptions.builder()
                .guidance(settings.get("guidance").asDouble())
                .build();
        try (Pipeline pipeline = Pipeline.load(model("sd15"), Device.CPU, options);
                Reward brightness = Rewards.brightness()) {
            SearchResult result = Search.builder(pipeline)
                    .sampler(Samplers.parse("ddim:steps-offset=1:steps="
                            + settings.get("steps").asInt() + ":eta="
                            + settings.get("eta").asDouble()))
                    .method(search)
                    .reward(brightness)
                    .seed(golden.get("seed").asLong())
                    .build()
                    .run(ImageRequest.of(settings.get("images").get(0).asLong(), asked.size(), asked));
            float[] states = Safetensors.open(GOLDENS.resolve("sd15/search-" + method + ".safetensors"))
                    .floats("x");
            int clear = 0;
            for (int image = 0; image < asked.size(); image++) {
                ImageResult drawn = result.images().get(image);
                assertThat(drawn.costs().networkEvaluations())
                        .isEqualTo(golden.get("network_evaluations_per_image").asLong());
                if (!clear(golden, image)) {
                    continue;
                }
                clear++;
                assertChoices(golden, image, drawn);
                assertThat(drawn.reward())
                        .isCloseTo(golden.get("final_reward").get(image).asDouble(), offset(1e-5));
                int d = drawn.state().length;
                float[] expected = Arrays.copyOfRange(states, image * d, (image + 1) * d);
                assertThat(Nets.relativeError(drawn.state(), expected)).isLessThan(1e-4);
            }
            assertThat(clear).isPositive();
        }
    }

    /** Whether every choice of an image was by more than float rounding: gaps are [step x round][image]. */
    private static boolean clear(JsonNode golden, int image) {
        for (JsonNode gap : golden.get("gaps")) {
            if (gap.get(image).asDouble() <= 1e-6) {
                return false;
            }
        }
        return true;
    }

    private static void assertChoices(JsonNode golden, int image, ImageResult drawn) {
        for (int step = 0; step < golden.get("choices").size(); step++) {
            List<Draw> draws = drawn.recipe().moves().get(step).draws();
            JsonNode rounds = golden.get("choices").get(step);
            for (Draw draw : draws) {
                Draw.Named named = (Draw.Named) draw;
                assertThat(named.candidate())
                        .as("step %d, round %d", step, named.round())
                        .isEqualTo(rounds.get(named.round() - 1).get(image).asInt());
            }
        }
    }

    @Test
    void theTrainedModelDrawsWhatDiffusersDrawsOfIt() throws IOException {
        JsonNode golden = new ObjectMapper()
                .readTree(Path.of("src/test/resources/golden/fashion-scenes-naive-and-best-of-4.json")
                        .toFile());
        List<Condition> asked = new ArrayList<>();
        golden.get("prompts")
                .forEach(text -> asked.add(new Condition.Prompt(
                        text.asText(), golden.get("negative").asText())));
        try (Pipeline pipeline = Pipeline.load("fashion-scenes", Device.CPU);
                Reward clip = RewardText.parse("clip").build(() -> pipeline);
                Reward heldOut = RewardText.parse("clip-heldout").build(() -> pipeline)) {
            Search.Builder search = Search.builder(pipeline)
                    .reward(clip)
                    .heldOut(heldOut)
                    .seed(golden.get("seed").asLong());
            SearchResult naive = search.method(new Naive()).build().run(ImageRequest.of(0, 4, asked));
            SearchResult best = search.method(new BestOfN(4)).build().run(ImageRequest.of(0, 4, asked));
            for (int i = 0; i < 4; i++) {
                ImageResult plain = naive.images().get(i);
                ImageResult chosen = best.images().get(i);
                assertThat(plain.reward()).isCloseTo(golden.get("clip").get(i).asDouble(), offset(1e-4));
                assertThat(plain.heldOut().orElseThrow())
                        .isCloseTo(golden.get("heldout").get(i).asDouble(), offset(1e-4));
                JsonNode four = golden.get("best_of_4");
                assertThat(chosen.recipe().chain())
                        .isEqualTo(four.get("chain").get(i).asInt());
                assertThat(chosen.reward()).isCloseTo(four.get("clip").get(i).asDouble(), offset(1e-4));
                assertThat(chosen.heldOut().orElseThrow())
                        .isCloseTo(four.get("heldout").get(i).asDouble(), offset(1e-4));
                assertThat(chosen.costs().networkEvaluations()).isEqualTo(160);
                assertThat(chosen.costs().decoderCalls()).isEqualTo(4 + 1);
            }
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"guidance\": \"strong\"}|guidance must be a number: \"strong\"",
                "{\"guidance\": -1}|guidance must be from 0 to 10000: -1.0",
                "{\"guidance\": 1e5}|guidance must be from 0 to 10000: 100000.0",
                "{\"guidence\": 3}|unknown option guidence: 3",
                "{\"sampler\": 3}|sampler must be a text: 3",
                "[]|must be a JSON object"
            })
    void aFoldersOwnDefaultsAreRefusedByFileAndKeyWhenItIsLoaded(String json, String message) throws IOException {
        String model = model("sd21");
        Path file = Path.of(model).resolve("noisetrail.json");
        Files.writeString(file, json);
        assertThatThrownBy(() -> Pipeline.load(model, Device.CPU))
                .isInstanceOf(NoisetrailException.class)
                .hasMessage(file + ": " + message);
    }

    @Test
    void aFoldersOwnSamplerIsItsSearchesAndOneThatIsNoneIsRefusedWithTheFolder() throws IOException {
        String model = model("sd21");
        Path file = Path.of(model).resolve("noisetrail.json");
        Files.writeString(file, "{\"sampler\": \"ddim:steps=3:steps-offset=1\", \"guidance\": 2}");
        try (Pipeline pipeline = Pipeline.load(model, Device.CPU)) {
            assertThat(Search.builder(pipeline).build().schedule().size()).isEqualTo(3);
            assertThat(pipeline.denoiser().id()).endsWith(" guidance 2.0");
        }
        Files.writeString(file, "{\"sampler\": \"ddim:stops=3\"}");
        try (Pipeline pipeline = Pipeline.load(model, Device.CPU)) {
            assertThatThrownBy(() -> Search.builder(pipeline))
                    .isInstanceOf(NoisetrailException.class)
                    .hasMessageStartingWith(model + ": sampler: ddim has no setting \"stops\"; it has: ");
        }
    }

    /** As SDXL-Turbo's, whose one step of leading spacing would be timestep 0. */
    @Test
    void howTimestepsAreSpacedIsTheFoldersToSayWhicheverSamplerDraws() throws IOException {
        String model = model("sdxl");
        write(
                Path.of(model).resolve("scheduler/scheduler_config.json"),
                "\"timestep_spacing\": \"leading\"",
                "\"timestep_spacing\": \"trailing\"");
        DdimSampler own = new DdimSampler(50, 1, Spacing.TRAILING, 1, false);
        try (Pipeline pipeline = Pipeline.load(model, Device.CPU)) {
            assertThat(Samplers.of(pipeline)).isEqualTo(own);
            assertThat(Samplers.parse(pipeline.sampler())).isEqualTo(own);
            // Its 50 steps are DDIM's.
            assertThat(Samplers.parse("euler-ancestral", pipeline))
                    .isEqualTo(new EulerAncestralSampler(20, 1, Spacing.TRAILING, 1));
            assertThat(Samplers.parse("euler-ancestral:steps=1:timestep-spacing=linspace", pipeline))
                    .isEqualTo(new EulerAncestralSampler(1, 1, Spacing.LINSPACE, 1));
            assertThat(Samplers.parse("flow-sde:steps=3", pipeline)).isEqualTo(Samplers.parse("flow-sde:steps=3"));
        }
        Path file = Path.of(model).resolve("noisetrail.json");
        Files.writeString(file, "{\"sampler\": \"euler-ancestral:steps=4:eta=0.5:steps-offset=3\"}");
        try (Pipeline pipeline = Pipeline.load(model, Device.CPU)) {
            assertThat(Samplers.of(pipeline)).isEqualTo(new EulerAncestralSampler(4, .5, Spacing.TRAILING, 3));
            assertThat(Samplers.parse("ddim", pipeline)).isEqualTo(new DdimSampler(20, 1, Spacing.TRAILING, 3, false));
        }
    }

    /** As diffusers' from_config fills what a file of Stable Diffusion 1.x omits. */
    @Test
    void whereTheFolderIsSilentEachSamplerHasItsOwnSpacing() throws IOException {
        String model = model("sd21");
        Path scheduler = Path.of(model).resolve("scheduler/scheduler_config.json");
        assertThat(Files.readString(scheduler)).doesNotContain("timestep_spacing");
        try (Pipeline pipeline = Pipeline.load(model, Device.CPU)) {
            assertThat(Samplers.of(pipeline)).isEqualTo(new DdimSampler(50, 1, Spacing.LEADING, 1, false));
            assertThat(Samplers.parse("euler-ancestral", pipeline))
                    .isEqualTo(new EulerAncestralSampler(20, 1, Spacing.LINSPACE, 1));
        }
        Files.writeString(
                Path.of(model).resolve("noisetrail.json"), "{\"sampler\": \"ddim:timestep-spacing=trailing\"}");
        try (Pipeline pipeline = Pipeline.load(model, Device.CPU)) {
            assertThat(Samplers.of(pipeline)).isEqualTo(new DdimSampler(20, 1, Spacing.TRAILING, 1, false));
            assertThat(Samplers.parse("euler-ancestral", pipeline))
                    .isEqualTo(new EulerAncestralSampler(20, 1, Spacing.TRAILING, 1));
        }
    }

    /** diffusers' LCMScheduler goes 999, 759, 499, 259 there. */
    @Test
    void aFolderOfFewStepsStartsAtTheLastTimestep() throws IOException {
        String model = model("sdxl");
        write(Path.of(model).resolve("scheduler/scheduler_config.json"), "EulerDiscreteScheduler", "LCMScheduler");
        try (Pipeline pipeline = Pipeline.load(model, Device.CPU)) {
            DdimSampler own = (DdimSampler) Samplers.of(pipeline);
            assertThat(own.withSteps(4)
                            .schedule(pipeline.denoiser().parameterisation())
                            .steps())
                    .extracting(step -> step.first().conditioning())
                    .containsExactly(999.0, 749.0, 499.0, 249.0);
        }
    }

    @Test
    void anotherGuidanceIsNamedAsIfTheModelHadBeenLoadedSo() throws IOException {
        String model = model("sd21");
        PipelineOptions options = PipelineOptions.builder().guidance(3.0).build();
        try (Pipeline pipeline = Pipeline.load(model, Device.CPU);
                Pipeline loaded = Pipeline.load(model, Device.CPU, options)) {
            Pipeline guided = pipeline.guided(3);
            assertThat(guided.denoiser().id()).isEqualTo(loaded.denoiser().id());
            assertThat(pipeline.guided(3))
                    .as("its name is remembered")
                    .isSameAs(guided)
                    .isSameAs(guided.guided(4).guided(3));
            Path config = Path.of(model).resolve("unet/config.json");
            Files.writeString(config, Files.readString(config) + "\n");
            assertThatThrownBy(() -> pipeline.guided(5).denoiser().id())
                    .isInstanceOf(NoisetrailException.class)
                    .hasMessage(config + " has changed since it was loaded");
        }
    }

    /** SHA-256 of the words, then of each file its name, its bytes and their number, all but bytes ended by a zero; by Python's hashlib. */
    @Test
    void aModelIsKnownByItsSettingsAndItsFiles() throws IOException {
        try (Pipeline pipeline = Pipeline.load(model("sd15"), Device.CPU)) {
            assertThat(pipeline.denoiser().id())
                    .isEqualTo("a1cee891811552ef46a7a32d586ca9b069043750586e0fb898c45b43485563c9 guidance 7.5");
            assertThat(pipeline.guided(3).denoiser().id())
                    .isEqualTo("ec6daff58630bfae0970e377e0d688211688ab44f4c8d5dbfef197ed7b5b0cbd guidance 3.0");
        }
    }

    @Test
    void aTrailWithPromptsReplaysBitForBit() throws IOException {
        PipelineOptions options = PipelineOptions.builder().guidance(3.0).build();
        try (Pipeline pipeline = Pipeline.load(model("sd15"), Device.CPU, options);
                Reward brightness = Rewards.brightness()) {
            SearchResult result = Search.builder(pipeline)
                    .sampler(Samplers.parse("ddim:steps=4:steps-offset=1"))
                    .method(LocalSearch.builder().candidates(2).rounds(2).build())
                    .reward(brightness)
                    .build()
                    .run(ImageRequest.prompts(5, 3, "a cat", "a dog"));
            SearchResult again = Trail.parse("test", result.trail().toJson()).replay(pipeline, 64, SearchListener.NONE);
            for (int i = 0; i < 3; i++) {
                assertThat(again.images().get(i).state())
                        .isEqualTo(result.images().get(i).state());
                assertThat(again.images().get(i).costs().networkEvaluations()).isEqualTo(8);
            }
        }
    }
}
