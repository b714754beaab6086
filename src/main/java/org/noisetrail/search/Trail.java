package org.noisetrail.search;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.noisetrail.NoisetrailException;
import org.noisetrail.files.AtomicFiles;
import org.noisetrail.model.Denoiser;
import org.noisetrail.noise.Recipe;
import org.noisetrail.sampler.EdmSampler;

/**
 * Regenerates images from the names of their noise: {@code trail.json}, a few hundred bytes an image. Immutable.
 *
 * @param denoiser the {@link Denoiser#id} it was drawn with
 * @param sampler the sampler's settings
 * @param seed the seed, 64 unsigned bits
 * @param lambda the radius of its local draws
 * @param project whether pivots were scaled back to norm sqrt(d)
 */
public record Trail(
        String denoiser, EdmSampler sampler, long seed, double lambda, boolean project, List<Entry> images) {
    /** The version of the file format that this library writes, and the newest that it reads. */
    public static final int VERSION = 1;

    private static final String FORMAT = "noisetrail-trail";
    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    public Trail {
        images = List.copyOf(images);
        Checks.range("lambda", lambda, 0, 1e6);
        for (Entry entry : images) {
            Recipe recipe = entry.recipe();
            if (recipe.steps().size() != sampler.steps()) {
                throw new IllegalArgumentException(
                        "steps of image " + entry.request().image() + " must be " + sampler.steps() + ": "
                                + recipe.steps().size());
            }
        }
    }

    /** One image's recipe. */
    public record Entry(ImageRequest request, Recipe recipe) {}

    /**
     * Draws the images again: one plain trajectory's network evaluations each, no reward ({@link ImageResult#reward} is NaN).
     *
     * @param maxBatch the most rows in one network call
     * @throws NoisetrailException if the denoiser is not the one the trail was drawn with
     * @throws SearchCancelledException if the thread is interrupted
     */
    public SearchResult replay(Denoiser denoiser, int maxBatch, SearchListener listener) {
        Checks.range("max-batch", maxBatch, 1, 65536);
        if (!denoiser.id().equals(this.denoiser)) {
            throw new NoisetrailException(
                    "the trail was drawn with another model: trail " + this.denoiser + ", model " + denoiser.id());
        }
        long start = System.nanoTime();
        SearchSettings settings = new SearchSettings(
                denoiser,
                sampler,
                null,
                seed,
                maxBatch,
                Long.MAX_VALUE,
                Double.POSITIVE_INFINITY,
                start + Long.MAX_VALUE / 2);
        List<ImageResult> results = Search.run(
                settings,
                new ReplaySearch(images.stream().map(Entry::recipe).toList(), lambda, project),
                null,
                images.stream().map(Entry::request).toList(),
                listener);
        return new SearchResult(results, this, Duration.ofNanos(System.nanoTime() - start));
    }

    /** What {@link #write} writes: one line of JSON. */
    public String toJson() {
        ObjectNode root = JSON.createObjectNode();
        root.put("format", FORMAT).put("version", VERSION).put("denoiser", denoiser);
        root.put("seed", Long.toUnsignedString(seed)).put("lambda", lambda).put("project", project);
        root.set("sampler", SamplerJson.write(sampler));
        ArrayNode list = root.putArray("images");
        for (Entry entry : images) {
            ObjectNode image = list.addObject();
            image.put("image", entry.request().image())
                    .put("class", entry.request().label());
            image.put("start", entry.recipe().start())
                    .put("chain", entry.recipe().chain());
            ArrayNode steps = image.putArray("steps");
            for (List<Recipe.Draw> draws : entry.recipe().steps()) {
                steps.add(String.join(
                        " ", draws.stream().map(Recipe.Draw::toString).toList()));
            }
        }
        return root.toString();
    }

    /** Writes the file, whole or not at all. */
    public void write(Path file) {
        AtomicFiles.write(file, (toJson() + "\n").getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Reads a file that {@link #write} wrote.
     *
     * @throws NoisetrailException if it is missing, not a trail, or of a newer version
     */
    public static Trail read(Path file) {
        try {
            return parse(file.toString(), Files.readString(file));
        } catch (NoSuchFileException e) {
            throw new NoisetrailException("no such trail: " + file, e);
        } catch (CharacterCodingException e) {
            throw new NoisetrailException(file + " is not a trail: not UTF-8", e);
        } catch (IOException e) {
            throw new NoisetrailException("cannot read " + file + ": " + e, e);
        }
    }

    /**
     * Reads what {@link #toJson} gave.
     *
     * @param source where it is from, for errors
     * @throws NoisetrailException if it is not a trail, or of a newer version
     */
    public static Trail parse(String source, String json) {
        try {
            return parse(source, JSON.readTree(json));
        } catch (JsonProcessingException e) {
            throw new NoisetrailException(source + " is not a trail: " + e.getOriginalMessage(), e);
        } catch (IllegalArgumentException e) {
            throw new NoisetrailException(source + " is not a valid trail: " + e.getMessage(), e);
        }
    }

    private static Trail parse(String file, JsonNode root) {
        if (!root.path("format").asText().equals(FORMAT)) {
            throw new NoisetrailException(file + " is not a trail: its format must be " + FORMAT);
        }
        int version = JsonFields.integer(root, "version");
        Checks.range("version", version, 1, Integer.MAX_VALUE);
        if (version > VERSION) {
            throw new NoisetrailException(file + " is of version " + version + "; this library reads up to " + VERSION
                    + ": use a newer noisetrail");
        }
        EdmSampler sampler = SamplerJson.read(JsonFields.field(root, "sampler"));
        List<Entry> images = new ArrayList<>();
        for (JsonNode image : JsonFields.list(root, "images")) {
            List<List<Recipe.Draw>> steps = new ArrayList<>();
            for (JsonNode step : JsonFields.list(image, "steps")) {
                String draws = step.asText();
                steps.add(
                        draws.isEmpty()
                                ? List.of()
                                : List.of(draws.split(" ")).stream()
                                        .map(Recipe.Draw::parse)
                                        .toList());
            }
            images.add(new Entry(
                    new ImageRequest(JsonFields.whole(image, "image"), JsonFields.integer(image, "class")),
                    new Recipe(JsonFields.integer(image, "start"), JsonFields.integer(image, "chain"), steps)));
        }
        return new Trail(
                JsonFields.text(root, "denoiser"),
                sampler,
                Long.parseUnsignedLong(JsonFields.text(root, "seed")),
                JsonFields.number(root, "lambda"),
                JsonFields.flag(root, "project"),
                images);
    }
}
