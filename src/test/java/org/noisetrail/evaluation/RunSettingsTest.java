package org.noisetrail.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.noisetrail.files.Json;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Condition;
import org.noisetrail.sampler.EdmSampler;
import org.noisetrail.search.ImageRequest;

class RunSettingsTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    private static RunSettings.Builder builder(String denoiser, String decoder, Map<String, String> asked) {
        return RunSettings.builder(
                        "generate", new RunSettings.Model("a model", denoiser, decoder, null, asked), Device.CPU)
                .batches(32, 16)
                .seeds(-1, 7)
                .images(ImageRequest.of(
                        3, 5, List.of(Condition.prompt("a \"coat\""), new Condition.Prompt("a bag", "blurry"))))
                .sampler(EdmSampler.DEFAULT.withSteps(6))
                .reward(new RunSettings.Judge("class", "class ab12"))
                .heldOut(new RunSettings.Judge("heldout", "heldout cd34"))
                .option("budget", 2000L)
                .option("method", "eps-greedy")
                .option("lambda", .15)
                .option("targetReward", null);
    }

    private static RunSettings.Builder builder() {
        return builder("0ed4 guidance 5.0", "77aa", Map.of("guidance", "5"));
    }

    @Test
    void whatIsReadIsWhatWasWritten() throws Exception {
        RunSettings settings = builder().build();
        RunSettings read = RunSettings.of(JSON.readTree(Json.pretty(settings.json())));
        assertThat(read).isEqualTo(settings);
        assertThat(read.hash()).isEqualTo(settings.hash());
        assertThat(Json.pretty(read.json())).isEqualTo(Json.pretty(settings.json()));
        assertThat(settings.json().get("conditions").toString())
                .isEqualTo("[{prompt=a \"coat\"}, {prompt=a bag, negative=blurry}]");
    }

    /** The shortest list that, taken in turn, is the whole one: ababa is ab, abaab is abaab's first three. */
    @ParameterizedTest
    @CsvSource({"a,a", "aaaa,a", "ababa,ab", "abaab,aba", "abac,abac", "aabaaab,aaba", "abcabcab,abc", "aaab,aaab"})
    void conditionsAreToldByTheShortestListTakenInTurn(String words, String shortest) {
        List<ImageRequest> images = new ArrayList<>();
        for (int i = 0; i < words.length(); i++) {
            images.add(new ImageRequest(i, Condition.prompt(words.substring(i, i + 1))));
        }
        List<String> expected =
                shortest.chars().mapToObj(c -> "{prompt=" + (char) c + "}").toList();
        assertThat(builder().images(images).build().json().get("conditions").toString())
                .isEqualTo(expected.toString());
    }

    @Test
    void whatCanChangeAPixelOrAScoreChangesTheHash() {
        Map<String, String> asked = Map.of("guidance", "5");
        List<UnaryOperator<RunSettings.Builder>> changes = List.of(
                b -> b.seeds(-1, 8),
                b -> b.images(
                        ImageRequest.of(4, 5, List.of(Condition.prompt("a \"coat\""), Condition.prompt("a bag")))),
                b -> b.images(ImageRequest.of(3, 5, List.of(Condition.prompt("a \"coat\"")))),
                b -> b.images(ImageRequest.of(3, 6, List.of(Condition.prompt("a \"coat\"")))),
                b -> b.sampler(EdmSampler.DEFAULT.withSteps(7)),
                b -> b.reward(new RunSettings.Judge("brightness", "brightness")),
                b -> b.heldOut(new RunSettings.Judge("brightness", "brightness")),
                b -> b.option("budget", 2001L));
        Set<String> hashes = new HashSet<>(List.of(
                builder().build().hash(),
                builder("another", "77aa", asked).build().hash(),
                builder("0ed4 guidance 5.0", "another", asked).build().hash(),
                builder("0ed4 guidance 5.0", "77aa", Map.of("guidance", "6"))
                        .build()
                        .hash()));
        changes.forEach(change -> hashes.add(change.apply(builder()).build().hash()));
        assertThat(hashes).hasSize(4 + changes.size());
        assertThat(builder().batches(1, 1).model("elsewhere").build().hash())
                .isEqualTo(builder().build().hash());
    }

    @Test
    void consecutiveImagesHaveTheHashThatTheyAlwaysHad() {
        assertThat(builder().build().hash()).isEqualTo("0e04865e39dd046cc35a5ad3");
        assertThat(builder().build().json()).doesNotContainKey("imageNumbers");
    }

    @Test
    void imagesOfOtherNumbersAreOtherRuns() throws Exception {
        Set<String> hashes = new HashSet<>();
        for (long second : new long[] {1, 2, 900, 0xFFFFFFFFL}) {
            RunSettings settings = builder()
                    .images(List.of(new ImageRequest(0, 1), new ImageRequest(second, 4)))
                    .build();
            hashes.add(settings.hash());
            RunSettings read = RunSettings.of(JSON.readTree(Json.pretty(settings.json())));
            assertThat(read).isEqualTo(settings);
            assertThat(read.hash()).isEqualTo(settings.hash());
        }
        RunSettings downward = builder()
                .images(List.of(new ImageRequest(0xFFFFFFFFL, 1), new ImageRequest(0, 4)))
                .build();
        assertThat(RunSettings.of(JSON.readTree(Json.pretty(downward.json())))).isEqualTo(downward);
        hashes.add(downward.hash());
        assertThat(hashes).hasSize(5);

        ObjectNode json = JSON.valueToTree(downward.json());
        for (Object numbers : new Object[] {List.of(1), List.of(1, 2, 3), List.of(1, "2"), List.of(1, 2.5), "1, 2"}) {
            json.set("imageNumbers", JSON.valueToTree(numbers));
            assertThatThrownBy(() -> RunSettings.of(json))
                    .hasMessage(
                            "field \"imageNumbers\" must be a list of 2 whole numbers: " + json.get("imageNumbers"));
        }
    }

    @Test
    void whatIsMissingIsNamed() {
        ObjectNode json = JSON.valueToTree(builder().build().json());
        for (String field : List.of("denoiser", "decoder", "seeds", "conditions", "rewards", "sampler", "firstImage")) {
            ObjectNode without = json.deepCopy();
            without.remove(field);
            assertThatThrownBy(() -> RunSettings.of(without)).hasMessage("field \"" + field + "\" is missing");
        }
        json.put("threads", "many");
        assertThatThrownBy(() -> RunSettings.of(json)).hasMessage("field \"threads\" must be a number >= 1: \"many\"");
        assertThatThrownBy(() -> RunSettings.of(JSON.valueToTree(Arrays.asList(1, 2))))
                .hasMessage("settings must be an object: [1,2]");
    }
}
