package org.noisetrail.evaluation;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.noisetrail.NoisetrailException;
import org.noisetrail.files.AtomicFiles;
import org.noisetrail.files.Json;
import org.noisetrail.files.JsonFiles;
import org.noisetrail.files.OutputFolder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Finished searches of a comparison, each in a file that is named by what its result depends on: a later run finds those of its own settings. */
final class CellStore {
    private static final Logger LOG = LoggerFactory.getLogger(CellStore.class);
    private static final String FORMAT = "noisetrail-cell";
    /** Bytes: the pictures are in it. */
    private static final int LARGEST = 1 << 30;

    private final @Nullable OutputFolder folder;

    /** @param folder null to keep nothing */
    CellStore(@Nullable OutputFolder folder) {
        this.folder = folder;
    }

    /** Empty if it is not there, or not whole, or of other settings: a line of the log says why, and the search is made again. */
    Optional<CellResult> find(JsonNode key, CellResult.Expected expected) {
        if (folder == null) {
            return Optional.empty();
        }
        Path file = file(folder, key);
        if (!Files.isRegularFile(file)) {
            return Optional.empty();
        }
        try {
            JsonNode root = JsonFiles.read(file, LARGEST);
            if (!root.path("format").asText().equals(FORMAT)
                    || !root.path("settings").equals(key)) {
                throw new IllegalArgumentException("it is not a result of these settings");
            }
            return Optional.of(CellResult.of(root.path("result"), expected));
        } catch (NoisetrailException e) {
            LOG.warn("{}; this search is made again", e.getMessage());
        } catch (IllegalArgumentException e) {
            LOG.warn("{}: {}; this search is made again", file, e.getMessage());
        }
        return Optional.empty();
    }

    void put(JsonNode key, CellResult result) {
        if (folder == null) {
            return;
        }
        ObjectNode root = JsonNodeFactory.instance.objectNode();
        root.put("format", FORMAT);
        root.set("settings", key);
        root.set("result", result.json());
        AtomicFiles.write(file(folder, key), (root + "\n").getBytes(StandardCharsets.UTF_8));
    }

    private static Path file(OutputFolder folder, JsonNode key) {
        return folder.file("cells/" + Json.hash(key) + ".json");
    }
}
