package org.noisetrail.evaluation;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.noisetrail.files.AtomicFiles;
import org.noisetrail.files.OutputFolder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Finished searches of a comparison, each in a file that is named by what its result depends on: a later run finds those of its own settings. */
public final class CellStore {
    private static final Logger LOG = LoggerFactory.getLogger(CellStore.class);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String FORMAT = "noisetrail-cell";

    private final OutputFolder folder;

    public CellStore(OutputFolder folder) {
        this.folder = folder;
    }

    /** Empty if it is not there, or not whole, or of other settings. */
    public Optional<CellResult> find(JsonNode key) {
        Path file = file(key);
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        try {
            JsonNode root = JSON.readTree(Files.readAllBytes(file));
            if (!root.path("format").asText().equals(FORMAT)
                    || !root.path("settings").equals(key)) {
                LOG.warn("{} is not a result of these settings; it is made again", file);
                return Optional.empty();
            }
            return Optional.of(CellResult.of(root.path("result")));
        } catch (IOException | IllegalArgumentException e) {
            LOG.warn("{} cannot be read, and is made again: {}", file, e.getMessage());
            return Optional.empty();
        }
    }

    public void put(JsonNode key, CellResult result) {
        ObjectNode root = JsonNodeFactory.instance.objectNode();
        root.put("format", FORMAT);
        root.set("settings", key);
        root.set("result", result.json());
        AtomicFiles.write(file(key), (root + "\n").getBytes(StandardCharsets.UTF_8));
    }

    private Path file(JsonNode key) {
        return folder.file("cells/" + Cell.hash(key) + ".json");
    }
}
