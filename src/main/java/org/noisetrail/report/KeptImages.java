package org.noisetrail.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.noisetrail.NoisetrailException;
import org.noisetrail.files.Json;
import org.noisetrail.files.JsonFiles;
import org.noisetrail.files.OutputFolder;
import org.noisetrail.files.PngFile;
import org.noisetrail.search.ImageRequest;
import org.noisetrail.search.Trail;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Pictures that say in a text chunk what {@code result.json} says of them, and of which settings they are: a later run takes them as they are. */
final class KeptImages {
    private static final Logger LOG = LoggerFactory.getLogger(KeptImages.class);

    private static final String KEYWORD = "Result";

    private KeptImages() {}

    /** The text chunk of an image that was drawn with such settings. */
    static Map<String, String> chunk(Finished image, String settings) {
        Map<String, @Nullable Object> result = new LinkedHashMap<>();
        result.put("settings", settings);
        result.putAll(Report.json(image));
        return Map.of(KEYWORD, TrailFiles.ascii(Json.sorted(result).toString()));
    }

    /**
     * Those of a run's images that are in its folder. A picture that is damaged is as good as not there.
     *
     * @throws IllegalArgumentException if a picture of one of them is there that was drawn with other settings
     */
    static List<Finished> in(OutputFolder folder, List<ImageRequest> requests, Trail run, String settings) {
        List<Finished> kept = new ArrayList<>();
        for (ImageRequest request : requests) {
            String name = Finished.file(request);
            if (folder.has(name)) {
                Finished image = read(folder.file(name), run, settings);
                if (image != null && !image.request().equals(request)) {
                    throw other(folder.path().resolve(name));
                }
                if (image != null) {
                    kept.add(image);
                }
            }
        }
        return kept;
    }

    private static @Nullable Finished read(Path file, Trail run, String settings) {
        try {
            Map<String, String> texts = new LinkedHashMap<>();
            for (PngFile.Text text : PngFile.texts(file)) {
                texts.putIfAbsent(text.keyword(), text.value());
            }
            String result = texts.get(KEYWORD);
            String trail = texts.get(TrailFiles.KEYWORD);
            if (result == null || trail == null) {
                throw other(file);
            }
            JsonNode json = JsonFiles.parse(file.toString(), result);
            if (!json.path("settings").asText().equals(settings)) {
                throw other(file);
            }
            // What a grid and the run's trail are made of when all is drawn, maybe hours later.
            Png.read(file);
            return finished(file, json, run, Trail.parse(file.toString(), trail));
        } catch (NoisetrailException e) {
            LOG.warn("{}; this image is drawn again", e.getMessage());
            return null;
        }
    }

    private static Finished finished(Path file, JsonNode json, Trail run, Trail trail) {
        if (trail.images().size() != 1) {
            throw new NoisetrailException(file + " must have the trail of one image: it has that of "
                    + trail.images().size());
        }
        try {
            Finished image = Finished.of(json, trail.images().get(0).recipe());
            TrailFiles.of(run, List.of(image));
            return image;
        } catch (IllegalArgumentException e) {
            throw new NoisetrailException(file + " does not say what it is: " + e.getMessage(), e);
        }
    }

    private static IllegalArgumentException other(Path file) {
        return new IllegalArgumentException(
                file + " was drawn with other settings: give another --out, or --overwrite");
    }
}
