package org.noisetrail.evaluation;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.noisetrail.files.Json;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Classifier;
import org.noisetrail.model.Decoder;
import org.noisetrail.model.ImageShape;
import org.noisetrail.model.Networks;
import org.noisetrail.reward.Reward;
import org.noisetrail.reward.RewardText;
import org.noisetrail.sampler.EdmSampler;
import org.noisetrail.search.ExactMixture;
import org.noisetrail.search.ImageRequest;
import org.noisetrail.search.Search;
import org.noisetrail.testing.Blocks;
import org.noisetrail.testing.Wrapped;
import org.noisetrail.torch.Tensors;
import org.noisetrail.torch.Torch;

/** What is kept of a comparison is found again by all that it was made of, and by nothing else. */
class CellKeysTest {
    private static final ImageShape LATENT = new ImageShape(2, 2, 3);
    private static final Decoder BLOCKS = Blocks.of(LATENT);
    private static final Decoder INVERTED = Blocks.inverted(LATENT);

    private final List<String> begun = new ArrayList<>();

    private static Networks networks(Decoder decoder, @Nullable Decoder preview) {
        return new Networks(new ExactMixture(LATENT, true, .2, -.4, 0, .4), decoder, preview);
    }

    private Comparison.Builder plan(Path folder, Networks networks, Map<String, String> asked) {
        return new Comparison.Builder(
                        new Comparison.Drawn(
                                "model",
                                networks,
                                asked,
                                () -> Search.builder(networks.denoiser())
                                        .decoder(networks.decoder())
                                        .preview(networks.preview())),
                        EdmSampler.DEFAULT.withSteps(3),
                        CellKeysTest::reward)
                .methods("naive")
                .reward("brightness")
                .images(ImageRequest.of(0, 2, 0, 1))
                .folder(folder)
                .watcher((cell, cells, title) -> {
                    begun.add(title);
                    return () -> {};
                });
    }

    private static Reward reward(RewardText text) {
        return text.build(() -> {
            throw new AssertionError("no reward asks for a model");
        });
    }

    private static Classifier features(String id) {
        return new Classifier() {
            @Override
            public String id() {
                return id;
            }

            @Override
            public Device device() {
                return Device.CPU;
            }

            @Override
            public Tensor logits(Tensor images) {
                int rows = (int) images.size(0);
                return Tensors.of(Device.CPU, new float[rows], rows, 1);
            }

            @Override
            public void close() {}
        };
    }

    /** Runs it twice; whether it made its search the first time, and not the second. */
    private boolean isNew(Comparison.Builder plan) {
        begun.clear();
        plan.build().run();
        int first = begun.size();
        plan.build().run();
        assertThat(begun).as("made again").hasSize(first);
        return first == 1;
    }

    @Test
    void eachPartThatDiffersMakesOtherCells(@TempDir Path folder) {
        Networks networks = networks(BLOCKS, null);
        assertThat(isNew(plan(folder, networks, Map.of()))).isTrue();
        assertThat(isNew(plan(folder, networks(BLOCKS, null), Map.of())))
                .as("the same")
                .isFalse();
        Networks other = networks.with(new Wrapped(networks.denoiser()) {
            @Override
            public String id() {
                return "another";
            }
        });
        Map<String, Comparison.Builder> changed = Map.of(
                "denoiser", plan(folder, other, Map.of()),
                "decoder", plan(folder, networks(INVERTED, null), Map.of()),
                "preview", plan(folder, networks(BLOCKS, BLOCKS), Map.of()),
                "another preview", plan(folder, networks(BLOCKS, INVERTED), Map.of()),
                "model settings", plan(folder, networks, Map.of("guidance", "5")),
                "other model settings", plan(folder, networks, Map.of("guidance", "6")),
                "features", plan(folder, networks, Map.of()).features(features("one")),
                "other features", plan(folder, networks, Map.of()).features(features("two")));
        changed.forEach((what, plan) -> assertThat(isNew(plan)).as(what).isTrue());
        List<UnaryOperator<Comparison.Builder>> choices = List.of(
                plan -> plan.maxBatch(7),
                plan -> plan.decodeBatch(7),
                plan -> plan.images(ImageRequest.of(1, 2, 0, 1)),
                plan -> plan.images(ImageRequest.of(0, 2, 0, 2)),
                plan -> plan.sampler(EdmSampler.DEFAULT.withSteps(4)),
                plan -> plan.seeds(1));
        for (int i = 0; i < choices.size(); i++) {
            assertThat(isNew(choices.get(i).apply(plan(folder, networks, Map.of()))))
                    .as("choice %d", i)
                    .isTrue();
        }
        int threads = Torch.threads();
        try {
            Torch.setThreads(threads + 1);
            assertThat(isNew(plan(folder, networks, Map.of()))).as("threads").isTrue();
        } finally {
            Torch.setThreads(threads);
        }
        assertThat(isNew(plan(folder, networks, Map.of())))
                .as("the first again")
                .isFalse();
    }

    /** Whoever changes this key makes all that users have kept anew. */
    @Test
    void aSearchIsFoundByTheKeyThatItAlwaysHad(@TempDir Path folder) throws Exception {
        plan(folder, networks(BLOCKS, INVERTED), Map.of("guidance", "5"))
                .features(features("one"))
                .build()
                .run();
        try (Stream<Path> files = Files.list(folder.resolve("cells"))) {
            Path file = files.findFirst().orElseThrow();
            JsonNode settings = new ObjectMapper().readTree(file.toFile()).get("settings");
            assertThat(file.getFileName()).hasToString(Json.hash(settings) + ".json");
            ObjectNode key = settings.deepCopy();
            assertThat(key.get("noisetrail").asText()).isEqualTo(Version.NOISETRAIL);
            assertThat(key.get("threads").asInt()).isEqualTo(Torch.threads());
            key.put("noisetrail", "1").put("threads", 2);
            assertThat(key.toString())
                    .isEqualTo(
                            "{\"budget\":null,\"conditions\":[\"class 0\",\"class 1\"],\"decodeBatch\":16,\"decoder\":\"blocks\","
                                    + "\"denoiser\":\"exact-mixture\",\"device\":\"cpu\",\"features\":\"one\",\"heldOut\":null,\"heldOutId\":null,"
                                    + "\"images\":[0,1],\"maxBatch\":64,\"method\":{\"name\":\"naive\"},\"modelSettings\":{\"guidance\":\"5\"},"
                                    + "\"noisetrail\":\"1\",\"previewDecoder\":\"inverted blocks\",\"reward\":\"brightness\","
                                    + "\"rewardId\":\"brightness\",\"sampler\":{\"name\":\"edm\",\"rho\":7.0,\"sChurn\":40.0,\"sMax\":50.0,\"sMin\":0.05,"
                                    + "\"sNoise\":1.003,\"sigmaMax\":80.0,\"sigmaMin\":0.002,\"steps\":3},\"seed\":0,\"threads\":2}");
            assertThat(Json.hash(key)).isEqualTo("79fe1099583c8a949893fac1");
        }
    }
}
