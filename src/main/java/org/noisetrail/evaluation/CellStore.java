package org.noisetrail.evaluation;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.noisetrail.NoisetrailException;
import org.noisetrail.files.AtomicFiles;
import org.noisetrail.files.Json;
import org.noisetrail.files.JsonFiles;
import org.noisetrail.files.OutputFolder;
import org.noisetrail.model.ImageShape;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Finished searches of a comparison, each in a file that is named by what its result depends on: a later run finds those of its own settings. */
final class CellStore {
    private static final Logger LOG = LoggerFactory.getLogger(CellStore.class);
    private static final String FORMAT = "noisetrail-cell";
    private static final String CELLS = "cells";
    private static final String SETTINGS = "settings";
    /** Bytes: the pictures are in it. */
    private static final int LARGEST = 1 << 30;

    /** What of a key results do not depend on, but seconds do. */
    private static final List<String> MACHINE = List.of("device", "threads", "maxBatch", "decodeBatch");

    private static final ObjectReader JSON = new ObjectMapper().reader();

    private final @Nullable OutputFolder folder;
    /** Keys of what was there at the first search that was not, by what they are without the machine. */
    private @Nullable Map<JsonNode, JsonNode> kept;

    private final String machine;
    private boolean told;
    private boolean toldOfMachine;

    /** @param folder null to keep nothing */
    CellStore(@Nullable OutputFolder folder) {
        this(folder, MachineProfile.machine());
    }

    /** @param machine that searches are timed on */
    CellStore(@Nullable OutputFolder folder, String machine) {
        this.folder = folder;
        this.machine = machine;
    }

    /**
     * Refuses searches that could not be read back: pictures as large as their values, in base 64, and some numbers for each.
     *
     * @throws IllegalArgumentException that says what would be less
     */
    static void requireReadable(int images, ImageShape shape, int steps) {
        long bytes = 7L * shape.elements() / 5 + 4096 + 32L * steps;
        long most = Math.min(LARGEST / bytes, JsonFiles.LARGE_TOKENS / (64 + steps));
        if (images > most) {
            throw new IllegalArgumentException("images of one seed must be <= " + most + ", of " + shape
                    + ", for a search to be kept: " + images + "; more seeds with fewer images each are as many");
        }
    }

    /** Empty if it is not there, or not whole, or of other settings: a line of the log says why, and the search is made again. */
    Optional<CellResult> find(JsonNode key, CellResult.Expected expected) {
        if (folder == null) {
            return Optional.empty();
        }
        Path file = file(folder, key);
        if (!Files.isRegularFile(file)) {
            tellOfOthers(folder, key);
            return Optional.empty();
        }
        try {
            JsonNode root = JsonFiles.parseLarge(file.toString(), JsonFiles.bytes(file, LARGEST));
            if (!root.path("format").asText().equals(FORMAT)
                    || !root.path(SETTINGS).equals(key)) {
                throw new IllegalArgumentException("it is not a result of these settings");
            }
            CellResult found = CellResult.of(root.path("result"), expected);
            tellOfMachine(folder, root.path("machine").asText(machine));
            return Optional.of(found);
        } catch (NoisetrailException e) {
            LOG.warn("{}; this search is made again", e.getMessage());
        } catch (IllegalArgumentException e) {
            LOG.warn("{}: {}; this search is made again", file, e.getMessage());
        }
        return Optional.empty();
    }

    /** Once: the search is taken, its seconds are not this machine's. */
    private synchronized void tellOfMachine(OutputFolder folder, String other) {
        if (!other.equals(machine) && !toldOfMachine) {
            toldOfMachine = true;
            LOG.warn(
                    "{} has searches that were timed on another machine ({}; this is {}): all but their seconds can be compared",
                    folder.path().resolve(CELLS),
                    other,
                    machine);
        }
    }

    /** Once: a search that was made on another device, or with other threads or batches, is made again, where its seconds are not this one's. */
    private synchronized void tellOfOthers(OutputFolder folder, JsonNode key) {
        if (told) {
            return;
        }
        if (kept == null) {
            kept = keys(folder);
        }
        JsonNode other = kept.get(withoutMachine(key));
        if (other != null) {
            told = true;
            LOG.warn(
                    "{} has this search by {}: it is made again, since seconds are compared",
                    folder.path().resolve(CELLS),
                    MACHINE.stream()
                            .filter(name -> !other.path(name).equals(key.path(name)))
                            .map(name -> name + " " + other.path(name).asText() + ", not "
                                    + key.path(name).asText())
                            .collect(Collectors.joining("; ")));
        }
    }

    private static JsonNode withoutMachine(JsonNode key) {
        return key instanceof ObjectNode object ? object.deepCopy().without(MACHINE) : key;
    }

    private static Map<JsonNode, JsonNode> keys(OutputFolder folder) {
        Map<JsonNode, JsonNode> keys = new HashMap<>();
        for (String name : folder.names(CELLS)) {
            JsonNode key = key(folder.path().resolve(CELLS).resolve(name));
            keys.put(withoutMachine(key), key);
        }
        return keys;
    }

    /** Without the pictures, which come later in the file. Of one that is broken nothing is said here. */
    private static JsonNode key(Path file) {
        try (JsonParser parser = JSON.createParser(file.toFile())) {
            while (parser.nextToken() != null) {
                if (parser.currentToken() == JsonToken.FIELD_NAME
                        && parser.currentName().equals(SETTINGS)) {
                    parser.nextToken();
                    return parser.readValueAsTree();
                }
            }
        } catch (IOException e) {
            LOG.debug("{}: {}", file, e.getMessage());
        }
        return MissingNode.getInstance();
    }

    /** @param pngs the images as files */
    void put(JsonNode key, CellResult result, List<byte[]> pngs) {
        if (folder == null) {
            return;
        }
        ObjectNode root = JsonNodeFactory.instance.objectNode();
        root.put("format", FORMAT);
        root.put("machine", machine);
        root.set(SETTINGS, key);
        root.set("result", result.json(pngs));
        AtomicFiles.write(file(folder, key), (root + "\n").getBytes(StandardCharsets.UTF_8));
    }

    private static Path file(OutputFolder folder, JsonNode key) {
        return folder.file(CELLS + "/" + Json.hash(key) + ".json");
    }
}
