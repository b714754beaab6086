package org.noisetrail.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.noisetrail.files.Json;
import org.noisetrail.files.OutputFolder;
import org.noisetrail.model.ImageShape;
import org.noisetrail.search.ImageRequest;
import org.noisetrail.testing.LogLines;

class CellStoreTest {
    @RegisterExtension
    private final LogLines log = new LogLines(CellStore.class.getName());

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final CellResult.Expected EXPECTED =
            new CellResult.Expected(ImageRequest.of(0, 2, 0, 1), new ImageShape(1, 28, 28), 4);

    @TempDir
    private Path folder;

    private CellStore store;

    @BeforeEach
    void open() {
        store = new CellStore(OutputFolder.open(folder));
    }

    private static JsonNode resource(String name) throws IOException {
        try (var in = CellStoreTest.class.getResourceAsStream("/cells/" + name)) {
            return JSON.readTree(in);
        }
    }

    /** As it was before one picture and the steps' rewards were damaged. */
    private static ObjectNode whole() throws IOException {
        ObjectNode cell = (ObjectNode) resource("cell-ae28fae3-1.json");
        images(cell).set(1, resource("cell-a753cfe5-1.json").at("/result/images/1"));
        return cell;
    }

    private static ArrayNode images(JsonNode cell) {
        return (ArrayNode) cell.at("/result/images");
    }

    private static ObjectNode image(JsonNode cell) {
        return (ObjectNode) images(cell).get(0);
    }

    private Path file(JsonNode cell) throws IOException {
        Path cells = Files.createDirectories(folder.resolve("cells"));
        return cells.resolve(Json.hash(cell.get("settings")) + ".json");
    }

    private boolean isFound(JsonNode cell) throws IOException {
        Files.writeString(file(cell), cell.toString());
        return store.find(cell.get("settings"), EXPECTED).isPresent();
    }

    @Test
    void aSearchThatCouldNotBeReadBackIsRefusedBeforeItIsMade() {
        ImageShape large = new ImageShape(3, 1024, 1024);
        CellStore.requireReadable(243, large, 18);
        assertThatThrownBy(() -> CellStore.requireReadable(244, large, 18))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("images of one seed must be <= 243, of 3x1024x1024, for a search to be kept: 244;"
                        + " more seeds with fewer images each are as many");
    }

    @Test
    void aWholeCellIsFound() throws IOException {
        assertThat(isFound(whole())).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"cell-1d31f443-1.json", "cell-a753cfe5-1.json", "cell-ae28fae3-1.json"})
    void aDamagedCellIsNotBelieved(String name) throws IOException {
        assertThat(isFound(resource(name))).isFalse();
    }

    @Test
    void whatWasTimedOnAnotherMachineIsTakenAndToldOnce() throws IOException {
        ObjectNode cell = whole();
        JsonNode key = cell.get("settings");
        CellStore here = new CellStore(OutputFolder.open(folder), "2 x here");
        here.put(key, here(cell), pngs(cell));
        CellStore there = new CellStore(OutputFolder.open(folder), "64 x there");
        for (int i = 0; i < 2; i++) {
            assertThat(here.find(key, EXPECTED)).isPresent();
            assertThat(there.find(key, EXPECTED)).isPresent();
        }
        assertThat(log.messages())
                .containsExactly(
                        folder.resolve("cells")
                                + " has searches that were timed on another machine (2 x here; this is 64 x there): all but their seconds can be compared");
        // Searches of before say nothing of it.
        Files.writeString(file(cell), cell.toString());
        assertThat(new CellStore(OutputFolder.open(folder), "64 x there").find(key, EXPECTED))
                .isPresent();
        assertThat(log.messages()).hasSize(1);
    }

    private static List<byte[]> pngs(JsonNode cell) throws IOException {
        List<byte[]> pngs = new ArrayList<>();
        for (JsonNode image : images(cell)) {
            pngs.add(image.get("png").binaryValue());
        }
        return pngs;
    }

    private static CellResult here(JsonNode cell) {
        return CellResult.of(cell.get("result"), EXPECTED);
    }

    private List<String> told(CellStore store, JsonNode... keys) {
        int before = log.messages().size();
        for (JsonNode key : keys) {
            assertThat(store.find(key, EXPECTED)).isEmpty();
        }
        return log.messages().subList(before, log.messages().size());
    }

    @Test
    void whatAnotherMachineHasMadeIsToldOnceAndMadeAgain() throws IOException {
        ObjectNode cell = whole();
        Files.writeString(file(cell), cell.toString());
        Files.writeString(folder.resolve("cells/broken.json"), "{\"format\": \"nois");
        ObjectNode key = cell.get("settings").deepCopy();
        int threads = key.get("threads").asInt();
        ObjectNode twice = key.deepCopy().put("threads", 2 * threads);
        ObjectNode card = twice.deepCopy().put("device", "cuda").put("maxBatch", 7);
        assertThat(told(new CellStore(OutputFolder.open(folder)), twice, card))
                .containsExactly(folder.resolve("cells") + " has this search by threads " + threads + ", not "
                        + 2 * threads + ": it is made again, since seconds are compared");
        assertThat(told(new CellStore(OutputFolder.open(folder)), card))
                .containsExactly(folder.resolve("cells") + " has this search by device cpu, not cuda; threads "
                        + threads + ", not " + 2 * threads + "; maxBatch "
                        + key.get("maxBatch").asText() + ", not 7: it is made again, since seconds are compared");
        assertThat(told(new CellStore(OutputFolder.open(folder)), twice.put("seed", 123)))
                .isEmpty();
    }

    private static String png(int width, int type) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            ImageIO.write(new BufferedImage(width, 28, type), "png", bytes);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return Base64.getEncoder().encodeToString(bytes.toByteArray());
    }

    @Test
    void eachPartIsLookedAt() throws IOException {
        Map<String, Consumer<ObjectNode>> damages = Map.ofEntries(
                Map.entry("an image is missing", cell -> images(cell).remove(1)),
                Map.entry(
                        "an image is twice there",
                        cell -> images(cell).set(1, images(cell).get(0))),
                Map.entry(
                        "an image too many",
                        cell -> images(cell).add(images(cell).get(0))),
                Map.entry("images are no list", cell -> ((ObjectNode) cell.get("result")).put("images", 2)),
                Map.entry("another number", cell -> image(cell).put("id", 5)),
                Map.entry("another condition", cell -> image(cell).put("class", 1)),
                Map.entry("no condition", cell -> image(cell).remove("class")),
                Map.entry("a reward is a word", cell -> image(cell).put("reward", "high")),
                Map.entry("a reward is missing", cell -> image(cell).remove("reward")),
                Map.entry("a count is a fraction", cell -> image(cell).put("transitions", 2.5)),
                Map.entry("a count is below 0", cell -> image(cell).put("rewardCalls", -1)),
                Map.entry("a step is missing", cell -> ((ArrayNode) image(cell).get("rewardByStep")).remove(0)),
                Map.entry(
                        "a step is a word",
                        cell -> ((ArrayNode) image(cell).get("rewardByStep")).set(0, JSON.valueToTree("x"))),
                Map.entry("no base 64", cell -> image(cell).put("png", "*")),
                Map.entry("no text", cell -> image(cell).put("png", 3)),
                Map.entry("no picture", cell -> image(cell).put("png", "AAAA")),
                Map.entry(
                        "a picture of another size",
                        cell -> image(cell).put("png", png(27, BufferedImage.TYPE_BYTE_GRAY))),
                Map.entry("a picture in colours", cell -> image(cell).put("png", png(28, BufferedImage.TYPE_INT_RGB))),
                Map.entry("no seconds", cell -> ((ObjectNode) cell.get("result")).putNull("seconds")),
                Map.entry("no result", cell -> cell.remove("result")),
                Map.entry("another format", cell -> cell.put("format", "noisetrail-trail")));
        for (Map.Entry<String, Consumer<ObjectNode>> damage : damages.entrySet()) {
            ObjectNode cell = whole();
            damage.getValue().accept(cell);
            assertThat(isFound(cell)).as(damage.getKey()).isFalse();
        }
    }

    @Test
    void aCellOfOtherSettingsUnderThisNameIsNotBelieved() throws IOException {
        ObjectNode cell = whole();
        Path file = file(cell);
        JsonNode key = cell.get("settings").deepCopy();
        ((ObjectNode) cell.get("settings")).put("seed", 1);
        Files.writeString(file, cell.toString());
        assertThat(store.find(key, EXPECTED)).isEmpty();
    }

    @Test
    void aFileThatIsCutAnywhereIsNotBelieved() throws IOException {
        ObjectNode cell = whole();
        String text = cell.toString();
        for (int length = 0; length < text.length(); length += 499) {
            Files.writeString(file(cell), text.substring(0, length));
            assertThat(store.find(cell.get("settings"), EXPECTED))
                    .as("%d characters", length)
                    .isEmpty();
        }
    }

    @Test
    void whatIsMissingIsSaidByName() throws IOException {
        JsonNode result = whole().get("result");
        ((ObjectNode) result).remove("diversity");
        assertThatThrownBy(() -> CellResult.of(result, EXPECTED))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("field \"diversity\" is missing");
    }
}
