package org.noisetrail.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Pipeline;
import org.noisetrail.noise.Draw;
import org.noisetrail.noise.Recipe;
import org.noisetrail.reward.Rewards;
import org.noisetrail.testing.Goldens;

/** The methods against an independent implementation (golden/edm), on the embedded model. */
class GoldenSearchTest {
    private static final double EIGHT_BIT_ROUNDING = 1e-5;
    private static Pipeline model;

    @BeforeAll
    static void load() {
        model = Pipeline.load("fashion-mnist", Device.CPU);
    }

    @AfterAll
    static void close() {
        model.close();
    }

    private static JsonNode json(String name) throws IOException {
        try (InputStream in = GoldenSearchTest.class.getResourceAsStream("/golden/edm/" + name + ".json")) {
            return new ObjectMapper().readTree(in);
        }
    }

    private static List<ImageRequest> requests(JsonNode golden, JsonNode images) {
        List<ImageRequest> requests = new ArrayList<>();
        for (int i = 0; i < images.size(); i++) {
            requests.add(new ImageRequest(
                    images.get(i).asLong(), golden.get("classes").get(i).asInt()));
        }
        return requests;
    }

    @Test
    void theNaiveTrajectoryEndsWhereTheReferenceEnds() throws IOException {
        JsonNode golden = json("naive");
        SearchResult result = Search.builder(model.denoiser())
                .seed(golden.get("seed").asLong())
                .reward(Rewards.brightness())
                .build()
                .run(requests(golden, golden.get("images")));
        float[] expected = Goldens.floats("edm/naive.safetensors", "x");
        float[] brightness = Goldens.floats("edm/naive.safetensors", "brightness");
        double sum = 0;
        for (int i = 0; i < 10; i++) {
            ImageResult image = result.images().get(i);
            for (int e = 0; e < 784; e++) {
                double difference = Math.abs(image.state()[e] - expected[i * 784 + e]);
                assertThat(difference).isLessThan(2e-3);
                sum += difference;
            }
            assertThat(image.reward()).isCloseTo(brightness[i], within(1e-3));
            assertThat(image.costs().networkEvaluations()).isEqualTo(35);
            assertThat(image.costs().transitions()).isEqualTo(18);
        }
        assertThat(sum / 7840).isLessThan(2e-4);
    }

    @ParameterizedTest
    @ValueSource(strings = {"search-eps-greedy", "search-zero-order", "search-random"})
    void localSearchChoosesWhatTheReferenceChooses(String name) throws IOException {
        JsonNode golden = json(name);
        JsonNode settings = golden.get("settings");
        int n = settings.get("N").asInt();
        int k = settings.get("K").asInt();
        List<ImageRequest> requests = requests(golden, settings.get("images"));
        SearchResult result = Search.builder(model.denoiser())
                .seed(golden.get("seed").asLong())
                .reward(Rewards.brightness())
                .method(LocalSearch.builder()
                        .candidates(n)
                        .rounds(k)
                        .epsilon(settings.get("eps").asDouble())
                        .lambda(settings.get("lam").asDouble())
                        .keepPivot(settings.get("keep_pivot").asBoolean())
                        .build())
                .build()
                .run(requests);
        float[] expected = Goldens.floats("edm/" + name + ".safetensors", "x");
        for (int i = 0; i < requests.size(); i++) {
            ImageResult image = result.images().get(i);
            assertThat(image.costs().networkEvaluations())
                    .isEqualTo(golden.get("network_evaluations_per_image").asLong());
            if (chosenAlike(golden, i, image.recipe(), k)) {
                assertClose(image.state(), Arrays.copyOfRange(expected, i * 784, (i + 1) * 784));
            }
            assertThat(image.reward())
                    .isCloseTo(golden.get("final_brightness").get(i).asDouble(), within(2e-3));
        }
    }

    /** What local search and beams are made of: accepted candidates. */
    private static List<Draw.Named> named(Recipe recipe, int step) {
        return recipe.moves().get(step).draws().stream()
                .map(Draw.Named.class::cast)
                .toList();
    }

    private static void assertClose(float[] actual, float[] expected) {
        for (int e = 0; e < expected.length; e++) {
            assertThat(actual[e]).isCloseTo(expected[e], within(1e-2f));
        }
    }

    /**
     * Checks the choices of an image up to the first that rounding could turn; true if there is none. A recipe leaves out what a later global draw replaced.
     */
    private static boolean chosenAlike(JsonNode golden, int image, Recipe recipe, int rounds) {
        JsonNode choices = golden.get("choices");
        int round = 0;
        for (int step = 0; step < choices.size(); step++) {
            if (choices.get(step).isEmpty()) {
                assertThat(recipe.moves().get(step).draws()).isEmpty();
                continue;
            }
            List<Integer> expected = new ArrayList<>();
            for (int k = 0; k < rounds; k++) {
                if (golden.get("gaps").get(round++).get(image).asDouble() < EIGHT_BIT_ROUNDING) {
                    return false;
                }
                expected.add(choices.get(step).get(k).get(image).asInt());
            }
            List<Draw.Named> draws = named(recipe, step);
            int first = draws.get(0).local() ? 1 : draws.get(0).round();
            int next = 0;
            for (int k = first; k <= rounds; k++) {
                if (expected.get(k - 1) >= 0) {
                    assertThat(draws.get(next).round()).isEqualTo(k);
                    assertThat(draws.get(next).candidate())
                            .as("step %d round %d image %d", step, k, image)
                            .isEqualTo(expected.get(k - 1));
                    next++;
                }
            }
            assertThat(next).isEqualTo(draws.size());
        }
        return true;
    }

    /** Whatever rounding turns in a search: the reference's own choices, as a trail. */
    @ParameterizedTest
    @ValueSource(strings = {"search-zero-order", "search-random"})
    void theReferencesChoicesReplayToItsStates(String name) throws IOException {
        JsonNode golden = json(name);
        JsonNode settings = golden.get("settings");
        boolean local = settings.get("eps").asDouble() == 0;
        List<ImageRequest> requests = requests(golden, settings.get("images"));
        List<Trail.Entry> entries = new ArrayList<>();
        for (int i = 0; i < requests.size(); i++) {
            List<List<Draw>> steps = new ArrayList<>();
            for (JsonNode rounds : golden.get("choices")) {
                List<Draw> draws = new ArrayList<>();
                for (int k = 0; k < rounds.size(); k++) {
                    int candidate = rounds.get(k).get(i).asInt();
                    if (candidate >= 0) {
                        draws.add(new Draw.Named(k + 1, candidate, local));
                    }
                }
                steps.add(draws);
            }
            entries.add(new Trail.Entry(requests.get(i), Recipe.steps(0, 0, steps)));
        }
        Search search = Search.builder(model.denoiser())
                .seed(golden.get("seed").asLong())
                .reward(Rewards.brightness())
                .method(LocalSearch.builder()
                        .lambda(settings.get("lam").asDouble())
                        .build())
                .build();
        SearchResult result = search.trail(List.of()).with(entries).replay(model.denoiser(), 64, SearchListener.NONE);
        float[] expected = Goldens.floats("edm/" + name + ".safetensors", "x");
        for (int i = 0; i < requests.size(); i++) {
            assertClose(result.images().get(i).state(), Arrays.copyOfRange(expected, i * 784, (i + 1) * 784));
        }
    }

    @Test
    void aBeamChoosesWhatTheReferenceChooses() throws IOException {
        JsonNode golden = json("search-beam");
        JsonNode settings = golden.get("settings");
        Beam method = new Beam(settings.get("N").asInt(), settings.get("B").asInt());
        List<ImageRequest> requests = requests(golden, settings.get("images"));
        SearchResult result = Search.builder(model.denoiser())
                .seed(golden.get("seed").asLong())
                .reward(Rewards.brightness())
                .method(method)
                .build()
                .run(requests);
        float[] expected = Goldens.floats("edm/search-beam.safetensors", "x");
        for (int i = 0; i < requests.size(); i++) {
            ImageResult image = result.images().get(i);
            assertThat(image.costs().networkEvaluations())
                    .isEqualTo(golden.get("network_evaluations_per_image").asLong());
            assertThat(image.reward())
                    .isCloseTo(golden.get("final_brightness").get(i).asDouble(), within(2e-3));
            int certain = certainSteps(golden, i);
            assertThat(isTrajectory(image.recipe(), golden.get("choices"), i, method.candidates(), certain))
                    .as("image %d up to step %d", i, certain)
                    .isTrue();
            if (certain == golden.get("choices").size()) {
                assertClose(image.state(), Arrays.copyOfRange(expected, i * 784, (i + 1) * 784));
            }
        }
    }

    /** How many steps come before the first whose choice rounding could turn. */
    private static int certainSteps(JsonNode golden, int image) {
        JsonNode choices = golden.get("choices");
        int searched = 0;
        for (int step = 0; step < choices.size(); step++) {
            if (!choices.get(step).isEmpty()
                    && golden.get("gaps").get(searched++).get(image).asDouble() < EIGHT_BIT_ROUNDING) {
                return step;
            }
        }
        return choices.size();
    }

    /** Whether a recipe is, for some steps, the way of one of the reference's beams: of each step's choices, one whose parent is the one before. */
    private static boolean isTrajectory(Recipe recipe, JsonNode choices, int image, int candidates, int steps) {
        int parent = 0;
        for (int step = 0; step < steps; step++) {
            List<Draw> draws = recipe.moves().get(step).draws();
            if (choices.get(step).isEmpty()) {
                if (!draws.isEmpty()) {
                    return false;
                }
                continue;
            }
            Draw.Named draw = named(recipe, step).get(0);
            JsonNode beams = choices.get(step).get(image);
            int rank = -1;
            for (int b = 0; b < beams.size(); b++) {
                rank = beams.get(b).asInt() == draw.candidate() ? b : rank;
            }
            if (rank < 0 || draw.candidate() / candidates != parent || draw.round() != 1 || draw.local()) {
                return false;
            }
            parent = rank;
        }
        return true;
    }

    @Test
    void epsGreedyWithItsDefaultsCosts2089NetworkEvaluations() {
        SearchResult result = Search.builder(model.denoiser())
                .seed(1)
                .reward(Rewards.brightness())
                .method(LocalSearch.epsGreedy())
                .build()
                .run(ImageRequest.of(0, 1, 3));
        assertThat(result.images().get(0).costs().networkEvaluations()).isEqualTo(2089);
        assertThat(result.images().get(0).costs().transitions()).isEqualTo(13 * 80 + 5);
        assertThat(result.images().get(0).costs().rewardCalls()).isEqualTo(13 * 80 + 1);
    }

    @Test
    void aTrailGivesTheSameBitsInAnotherBatchForAPlainTrajectorysPrice() {
        SearchResult searched = Search.builder(model.denoiser())
                .seed(77)
                .reward(Rewards.brightness())
                .method(LocalSearch.builder()
                        .candidates(3)
                        .rounds(2)
                        .project(true)
                        .build())
                .maxBatch(7)
                .build()
                .run(ImageRequest.of(40, 3, 1, 5));
        SearchResult replayed = searched.trail().replay(model.denoiser(), 2, SearchListener.NONE);
        for (int i = 0; i < 3; i++) {
            assertThat(replayed.images().get(i).state())
                    .containsExactly(searched.images().get(i).state());
            assertThat(replayed.images().get(i).costs().networkEvaluations()).isEqualTo(35);
            assertThat(replayed.images().get(i).pivotNorm())
                    .isEqualTo(searched.images().get(i).pivotNorm());
        }
    }

    @Test
    void aRoundAllocatesAtMostTenKilobytesInJava() {
        long few = allocated(4);
        long many = allocated(14);
        assertThat((many - few) / (13 * 10)).as("bytes a round").isLessThan(10 * 1024);
    }

    /** What a second search of that many rounds a step allocates on this thread. */
    private static long allocated(int rounds) {
        Search search = Search.builder(model.denoiser())
                .reward(Rewards.brightness())
                .method(LocalSearch.builder().rounds(rounds).build())
                .build();
        com.sun.management.ThreadMXBean threads =
                (com.sun.management.ThreadMXBean) java.lang.management.ManagementFactory.getThreadMXBean();
        search.run(ImageRequest.of(0, 1, 0));
        long before = threads.getCurrentThreadAllocatedBytes();
        search.run(ImageRequest.of(0, 1, 0));
        return threads.getCurrentThreadAllocatedBytes() - before;
    }
}
