package org.noisetrail.evaluation;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.noisetrail.NoisetrailException;
import org.noisetrail.checkpoint.Safetensors;
import org.noisetrail.files.Excerpt;
import org.noisetrail.files.JsonFields;
import org.noisetrail.files.JsonFiles;
import org.noisetrail.files.Numbers;
import org.noisetrail.model.format.Conditions;
import org.noisetrail.sampler.Affine;
import org.noisetrail.sampler.NoiseAt;
import org.noisetrail.sampler.Schedule;
import org.noisetrail.sampler.Stage;
import org.noisetrail.sampler.Step;
import org.noisetrail.search.ImageRequest;

/**
 * What rewards say of whole trajectories after each step, kept in a file: what a {@link org.noisetrail.search.TrajectoryMethod} chooses is read from it, without the model. Its
 * array is not copied: leave it alone.
 *
 * @param settings of the run that drew them
 * @param rewards their names, each once
 * @param runs the images, each with its seed
 * @param schedule what the steps cost; one that was read from a file has their noise levels, gains and costs, and draws nothing
 * @param factor network evaluations of one call of the denoiser
 * @param scores [rewards][runs][trajectories][steps], as {@link org.noisetrail.search.Search#trajectories} gives them; after the last step of the images themselves
 */
public record RewardTensor(
        Map<String, @Nullable Object> settings,
        List<String> rewards,
        List<Run> runs,
        Schedule schedule,
        int factor,
        double[][][][] scores) {
    private static final String FORMAT = "noisetrail-rewards";
    private static final int VERSION = 1;
    private static final String TENSOR = "scores";
    /** They are written and read as one array of bytes. */
    private static final int MOST_SCORES = (Integer.MAX_VALUE - 8) / Double.BYTES;

    private static final ObjectMapper JSON = new ObjectMapper();

    /** An image that was drawn with a seed. */
    public record Run(long seed, ImageRequest request) {}

    public RewardTensor {
        rewards = List.copyOf(rewards);
        runs = List.copyOf(runs);
        if (rewards.isEmpty() || new HashSet<>(rewards).size() < rewards.size()) {
            throw new IllegalArgumentException("rewards must be >= 1, each once: " + rewards);
        }
        if (runs.isEmpty()) {
            throw new IllegalArgumentException("images must be >= 1: 0");
        }
    }

    /** Of each image. */
    public int trajectories() {
        return scores[0][0].length;
    }

    /** Images that belong together, in the runs' order. */
    Groups groups() {
        return Groups.of(runs.stream().map(Run::request).toList());
    }

    /** Network evaluations of one plain trajectory. */
    public long plain() {
        return schedule.evaluations() * factor;
    }

    /** @throws IllegalArgumentException if there is no such reward */
    public int index(String reward) {
        int index = rewards.indexOf(reward);
        if (index < 0) {
            throw new IllegalArgumentException("the reward must be one that is stored (" + String.join(", ", rewards)
                    + "): " + Excerpt.of(reward));
        }
        return index;
    }

    /** Writes the file, whole or not at all: safetensors, with the rest as JSON in its header. */
    public void write(Path file) {
        double[] flat = Arrays.stream(scores)
                .flatMap(Arrays::stream)
                .flatMap(Arrays::stream)
                .flatMapToDouble(Arrays::stream)
                .toArray();
        Safetensors.writer()
                .metadata(FORMAT, head(settings, rewards, runs, schedule, factor))
                .put(TENSOR, flat, rewards.size(), runs.size(), trajectories(), schedule.size())
                .write(file);
    }

    /**
     * Refuses what {@link #write} could not write or {@link #read} not read, before it is drawn.
     *
     * @throws IllegalArgumentException that says which is too large
     */
    static void requireStorable(
            Map<String, @Nullable Object> settings,
            List<String> rewards,
            List<Run> runs,
            int trajectories,
            Schedule schedule,
            int factor) {
        double scores = (double) rewards.size() * runs.size() * trajectories * schedule.size();
        if (scores > MOST_SCORES) {
            throw new IllegalArgumentException(String.format(
                    Locale.ROOT,
                    "scores to store must be <= %d: %.0f, of %d rewards, %d images, %d trajectories each and %d steps; fewer seeds a file are less",
                    MOST_SCORES,
                    scores,
                    rewards.size(),
                    runs.size(),
                    trajectories,
                    schedule.size()));
        }
        Safetensors.writer().metadata(FORMAT, head(settings, rewards, runs, schedule, factor));
    }

    private static String head(
            Map<String, @Nullable Object> settings,
            List<String> rewards,
            List<Run> runs,
            Schedule schedule,
            int factor) {
        ObjectNode root = JsonNodeFactory.instance.objectNode();
        root.put("format", FORMAT).put("version", VERSION);
        root.set("settings", JSON.valueToTree(settings));
        root.set("rewards", JSON.valueToTree(rewards));
        ArrayNode images = root.putArray("images");
        for (Run run : runs) {
            ObjectNode image = images.addObject();
            image.put("seed", Long.toUnsignedString(run.seed()))
                    .put("image", run.request().image());
            Conditions.write(run.request().condition(), image);
        }
        root.put("evaluationsPerCall", factor).put("noiseAt", schedule.noiseAt().name());
        ArrayNode steps = root.putArray("steps");
        for (Step step : schedule.steps()) {
            ObjectNode each = steps.addObject();
            each.set("level", JSON.valueToTree(Numbers.orNull(step.level())));
            each.put("gain", step.gain()).put("evaluations", step.evaluations());
        }
        return root.toString();
    }

    /**
     * Reads what {@link #write} wrote.
     *
     * @throws NoisetrailException if it is missing, something else, or of a newer version
     */
    public static RewardTensor read(Path file) {
        Safetensors stored = Safetensors.open(file);
        String header = stored.metadata().get(FORMAT);
        if (header == null) {
            throw new NoisetrailException(
                    file + " holds no rewards of trajectories: compare --store writes such files");
        }
        JsonNode root = JsonFiles.parse(file.toString(), header);
        try {
            JsonFields.version(file.toString(), root, VERSION);
            return read(stored, root);
        } catch (IllegalArgumentException e) {
            throw new NoisetrailException(file + " is not sound: " + Excerpt.of(String.valueOf(e.getMessage())), e);
        }
    }

    private static RewardTensor read(Safetensors stored, JsonNode root) {
        List<String> rewards = new ArrayList<>();
        root.path("rewards").forEach(name -> rewards.add(name.asText()));
        List<Run> runs = new ArrayList<>();
        for (JsonNode image : root.path("images")) {
            runs.add(new Run(
                    Long.parseUnsignedLong(image.path("seed").asText()),
                    new ImageRequest(image.path("image").asLong(), Conditions.read(image))));
        }
        NoiseAt at = NoiseAt.valueOf(root.path("noiseAt").asText());
        List<Step> steps = new ArrayList<>();
        root.path("steps").forEach(step -> steps.add(step(step, at)));
        Schedule schedule = new Schedule(1, steps);
        long[] shape = stored.entry(TENSOR).shapeArray();
        if (shape.length != 4
                || shape[0] != rewards.size()
                || shape[1] != runs.size()
                || shape[2] < 1
                || shape[3] != steps.size()) {
            throw new IllegalArgumentException("its scores must be of " + rewards.size() + " rewards, " + runs.size()
                    + " images, trajectories and " + steps.size() + " steps: " + Arrays.toString(shape));
        }
        int factor = root.path("evaluationsPerCall").asInt();
        if (factor < 1) {
            throw new IllegalArgumentException("evaluationsPerCall must be >= 1: " + factor);
        }
        Map<String, @Nullable Object> settings = JSON.convertValue(
                root.path("settings"), JSON.getTypeFactory().constructMapType(Map.class, String.class, Object.class));
        return new RewardTensor(settings, rewards, runs, schedule, factor, unflat(stored.doubles(TENSOR), shape));
    }

    /** A step of that cost. */
    private static Step step(JsonNode json, NoiseAt at) {
        Stage nothing = new Stage(0, 0, Affine.NONE, Affine.NONE);
        int evaluations = json.path("evaluations").asInt();
        boolean second = evaluations > (at == NoiseAt.BEFORE ? 1 : 0);
        Step step = new Step(
                1,
                json.path("level").asDouble(Double.POSITIVE_INFINITY),
                json.path("gain").asDouble(),
                at,
                nothing,
                second ? nothing : null);
        if (step.evaluations() != evaluations) {
            throw new IllegalArgumentException("a step must not cost so many evaluations: " + evaluations);
        }
        return step;
    }

    private static double[][][][] unflat(double[] flat, long[] shape) {
        double[][][][] scores = new double[(int) shape[0]][(int) shape[1]][(int) shape[2]][];
        int steps = (int) shape[3];
        int from = 0;
        for (double[][][] reward : scores) {
            for (double[][] run : reward) {
                for (int trajectory = 0; trajectory < run.length; trajectory++) {
                    run[trajectory] = Arrays.stream(flat, from, from + steps)
                            // As a search takes it.
                            .map(score -> score == Double.POSITIVE_INFINITY ? Double.NaN : score)
                            .toArray();
                    from += steps;
                }
            }
        }
        return scores;
    }
}
