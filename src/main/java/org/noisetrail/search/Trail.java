package org.noisetrail.search;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.noisetrail.NoisetrailException;
import org.noisetrail.files.AtomicFiles;
import org.noisetrail.files.JsonFiles;
import org.noisetrail.model.Denoiser;
import org.noisetrail.model.Pipeline;
import org.noisetrail.noise.Recipe;
import org.noisetrail.reward.Reward;
import org.noisetrail.sampler.Sampler;

/**
 * Regenerates images from the names of their noise: {@code trail.json}, a few hundred bytes an image. Immutable.
 *
 * @param model names what they were drawn with: {@link Search#modelId}
 * @param settings how the model was asked, by name: guidance and the like; for who loads it again
 * @param sampler with its settings
 * @param seed the seed, 64 unsigned bits
 * @param lambda the radius of its local draws
 * @param project whether pivots were scaled back to norm sqrt(d)
 * @param reward what was searched for; null where there was nothing, or the trail does not say it (those of version 1 do not)
 * @param heldOut what judged the final images besides; null likewise
 */
public record Trail(
        String model,
        Map<String, String> settings,
        Sampler sampler,
        long seed,
        double lambda,
        boolean project,
        @Nullable Judge reward,
        @Nullable Judge heldOut,
        List<Entry> images) {
    /** The version of the file format that this library writes, and the newest that it reads. */
    public static final int VERSION = 2;

    /** Bytes: 512 MiB, some thirty thousand images of the longest recipes that are usual (ascent by 64 candidates). */
    private static final int LARGEST_FILE = 512 << 20;

    public Trail {
        settings = Collections.unmodifiableMap(new LinkedHashMap<>(settings));
        images = List.copyOf(images);
        Checks.range("lambda", lambda, 0, 1e6);
        for (Entry entry : images) {
            try {
                entry.recipe().check(sampler.steps());
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException("image " + entry.request().image() + ": " + e.getMessage(), e);
            }
        }
    }

    /** One that does not say what its images were judged by. */
    public Trail(
            String model,
            Map<String, String> settings,
            Sampler sampler,
            long seed,
            double lambda,
            boolean project,
            List<Entry> images) {
        this(model, settings, sampler, seed, lambda, project, null, null, images);
    }

    /** The trail of other images, drawn with the same. */
    public Trail with(List<Entry> images) {
        return new Trail(model, settings, sampler, seed, lambda, project, reward, heldOut, images);
    }

    /**
     * A reward, for who computes it again.
     *
     * @param name its words, as {@code RewardText} reads them, but without the folders of its files: a picture goes round
     * @param id of all it is made of: {@link Reward#id}
     */
    public record Judge(String name, String id) {
        private static final Pattern FOLDERS = Pattern.compile("(?<=:)[^:;()]*/");

        static @Nullable Judge of(@Nullable Reward reward) {
            return reward == null
                    ? null
                    : new Judge(
                            FOLDERS.matcher(said("name", reward.name(), reward)).replaceAll(""),
                            said("id", reward.id(), reward));
        }

        private static String said(String what, @Nullable String value, Reward reward) {
            if (value == null) {
                throw new IllegalArgumentException("a reward must have a " + what + ": "
                        + reward.getClass().getName() + " says null");
            }
            return value;
        }
    }

    /** One image's recipe. */
    public record Entry(ImageRequest request, Recipe recipe) {}

    /**
     * Draws the images again, without a reward ({@link ImageResult#reward} is NaN). Each costs the network evaluations of the steps that its recipe takes: one plain trajectory's, and more only where it says
     * so. What went up comes down again; a noise that was moved by way of clean estimates ({@code ascent:direction=image}) takes those of its M candidates again, in every such step.
     *
     * @param pipeline the one it was drawn with
     * @param maxBatch the most rows in one network call
     * @throws NoisetrailException if it is another one
     * @throws SearchCancelledException if the thread is interrupted
     */
    public SearchResult replay(Pipeline pipeline, int maxBatch, SearchListener listener) {
        return replay(Search.builder(pipeline).listener(listener), maxBatch);
    }

    /** For a denoiser whose states are images; otherwise as above. */
    public SearchResult replay(Denoiser denoiser, int maxBatch, SearchListener listener) {
        return replay(Search.builder(denoiser).listener(listener), maxBatch);
    }

    /**
     * As {@link #replay(Pipeline, int, SearchListener)}, but keeps no image: the listener gets them.
     *
     * @param decodeBatch the most images that are decoded at once
     */
    public void draw(Pipeline pipeline, int maxBatch, int decodeBatch, SearchListener listener) {
        search(Search.builder(pipeline).decodeBatch(decodeBatch).listener(listener), maxBatch)
                .draw(images.stream().map(Entry::request).toList());
    }

    /**
     * As {@link #replay(Pipeline, int, SearchListener)}, and tells what rewards say of the images.
     *
     * @param search of the model that it was drawn with, how it is to be judged, and who listens; its sampler, method, seed and max-batch become this replay's
     * @throws NoisetrailException if it is of another model
     * @throws IllegalArgumentException if it has a time limit, a guard, a screening or a budget: what they end early is not what the trail names
     */
    public SearchResult replay(Search.Builder search, int maxBatch) {
        SearchResult result = search(search, maxBatch)
                .each(images.stream().map(Entry::request).toList());
        return new SearchResult(result.images(), this, result.elapsed());
    }

    private Search search(Search.Builder search, int maxBatch) {
        // First: of another model's sampler nothing else need be true.
        if (!search.modelId().equals(model)) {
            throw new NoisetrailException("the trail was drawn with another model, or with other settings of it: trail "
                    + model + ", model " + search.modelId());
        }
        search.checkReplays();
        return search.sampler(sampler)
                .method(new ReplaySearch(images.stream().map(Entry::recipe).toList(), lambda, project))
                .seed(seed)
                .maxBatch(maxBatch)
                .build();
    }

    /** What {@link #write} writes: one line of JSON. */
    public String toJson() {
        return TrailJson.write(this);
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
        if (Files.notExists(file)) {
            throw new NoisetrailException("no such trail: " + file);
        }
        String source = file.toString();
        return TrailJson.of(source, JsonFiles.parseLarge(TrailJson.named(source), JsonFiles.bytes(file, LARGEST_FILE)));
    }

    /**
     * Reads what {@link #toJson} gave.
     *
     * @param source where it is from, for errors
     * @throws NoisetrailException if it is not a trail, or of a newer version
     */
    public static Trail parse(String source, String json) {
        return TrailJson.of(source, JsonFiles.parse(TrailJson.named(source), json));
    }
}
