package org.noisetrail.evaluation;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.noisetrail.engine.StepEngine;
import org.noisetrail.files.Excerpt;
import org.noisetrail.files.Json;
import org.noisetrail.files.JsonFields;
import org.noisetrail.files.JsonFiles;
import org.noisetrail.files.Numbers;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Condition;
import org.noisetrail.model.Networks;
import org.noisetrail.model.Pipeline;
import org.noisetrail.model.format.Conditions;
import org.noisetrail.reward.Reward;
import org.noisetrail.sampler.EdmSampler;
import org.noisetrail.sampler.Sampler;
import org.noisetrail.sampler.Samplers;
import org.noisetrail.search.ImageRequest;
import org.noisetrail.torch.Torch;

/**
 * All that a run was told or took by default, as its files say it: every part that can change a pixel or a score by the hash of what it is made of. Plain values, the same when
 * they come back from JSON. Immutable.
 *
 * @param command that ran
 * @param images what was drawn; conditions are taken in turn
 * @param seeds each draws all images
 * @param sampler its name and settings
 * @param rewards that were searched for; empty where there was none
 * @param heldOut that judged final images besides
 * @param options what else the command was told: the method and its settings, budgets and the like
 */
public record RunSettings(
        String command,
        Model model,
        Machine machine,
        List<ImageRequest> images,
        List<Long> seeds,
        Map<String, @Nullable Object> sampler,
        List<Judge> rewards,
        List<Judge> heldOut,
        Map<String, @Nullable Object> options) {
    private static final ObjectMapper JSON = new ObjectMapper();
    /** Of images that are not numbered one after the other. */
    private static final String NUMBERS = "imageNumbers";

    /**
     * What was drawn with.
     *
     * @param name as it was asked for
     * @param denoiser hash of networks, text encoders, tokenizers, scheduler and LoRAs, with guidance
     * @param decoder hash; empty where states are images
     * @param previewDecoder hash; null for none
     * @param settings how the model was asked
     */
    public record Model(
            String name,
            String denoiser,
            String decoder,
            @Nullable String previewDecoder,
            Map<String, String> settings) {
        public Model {
            settings = Collections.unmodifiableMap(new LinkedHashMap<>(settings));
        }

        static Model of(String name, Networks networks, Map<String, String> settings) {
            return new Model(name, networks.denoiser().id(), networks.decoder().id(), networks.previewId(), settings);
        }
    }

    /** Where it ran: results do not depend on it, but seconds do. */
    public record Machine(String device, int threads, int maxBatch, int decodeBatch) {}

    /** @param id of all it is made of: {@link Reward#id} */
    public record Judge(String name, String id) {}

    public RunSettings {
        images = List.copyOf(images);
        seeds = List.copyOf(seeds);
        sampler = plain(sampler);
        rewards = List.copyOf(rewards);
        heldOut = List.copyOf(heldOut);
        options = plain(options);
        if (images.isEmpty()) {
            throw new IllegalArgumentException("images must be >= 1: 0");
        }
    }

    /** Values as JSON has them, so that they are equal to themselves read back. */
    private static Map<String, @Nullable Object> plain(Map<String, @Nullable Object> values) {
        try {
            // Through text: a number is of the type that it is read as.
            return Collections.unmodifiableMap(map(JSON.readTree(JSON.writeValueAsString(values))));
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("settings must be values that JSON has: " + e.getOriginalMessage(), e);
        }
    }

    private static Map<String, @Nullable Object> map(JsonNode node) {
        return JSON.convertValue(
                node, JSON.getTypeFactory().constructMapType(LinkedHashMap.class, String.class, Object.class));
    }

    /** Of a pipeline's run. */
    public static Builder builder(String command, Pipeline pipeline) {
        return builder(command, Model.of(pipeline.name(), pipeline.networks(), pipeline.settings()), pipeline.device())
                .sampler(Samplers.of(pipeline));
    }

    static Builder builder(String command, Model model, Device device) {
        return new Builder(command, model, device);
    }

    /** For {@code settings} of a file. */
    public Map<String, @Nullable Object> json() {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("command", command);
        json.put("model", model.name());
        json.put("denoiser", model.denoiser());
        json.put("decoder", model.decoder());
        json.put("previewDecoder", model.previewDecoder());
        json.put("modelSettings", model.settings());
        json.put("device", machine.device());
        json.put("threads", machine.threads());
        json.put("maxBatch", machine.maxBatch());
        json.put("decodeBatch", machine.decodeBatch());
        json.put("seeds", seeds.stream().map(Numbers::unsigned).toList());
        json.put("images", images.size());
        json.put("firstImage", images.get(0).image());
        if (!isConsecutive()) {
            json.put(NUMBERS, numbers());
        }
        json.put("conditions", inTurn(images).stream().map(RunSettings::json).toList());
        json.put("sampler", sampler);
        json.put("rewards", rewards.stream().map(RunSettings::json).toList());
        json.put("heldOut", heldOut.stream().map(RunSettings::json).toList());
        json.put("hash", hash());
        options.forEach(json::putIfAbsent);
        return json;
    }

    private List<Long> numbers() {
        return images.stream().map(ImageRequest::image).toList();
    }

    /** Whether the first number and how many there are say them all. */
    private boolean isConsecutive() {
        long first = images.get(0).image();
        return numbers()
                .equals(LongStream.range(first, first + images.size()).boxed().toList());
    }

    private static Map<String, @Nullable Object> json(Condition condition) {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        Conditions.write(condition, json);
        return json;
    }

    /** A judge, as {@link #json()} has it. */
    public static Map<String, String> json(Judge judge) {
        Map<String, String> json = new LinkedHashMap<>();
        json.put("name", judge.name());
        json.put("id", judge.id());
        return json;
    }

    /** The fewest conditions that, taken in turn, are those of the images. */
    private static List<Condition> inTurn(List<ImageRequest> images) {
        List<Condition> all = images.stream().map(ImageRequest::condition).toList();
        // borders[i]: of the first i + 1, the longest part that they both begin and end with (Knuth, Morris and Pratt).
        int[] borders = new int[all.size()];
        for (int i = 1; i < borders.length; i++) {
            int border = borders[i - 1];
            while (border > 0 && !all.get(i).equals(all.get(border))) {
                border = borders[border - 1];
            }
            borders[i] = all.get(i).equals(all.get(border)) ? border + 1 : 0;
        }
        return all.subList(0, all.size() - borders[borders.length - 1]);
    }

    /** Names all that can change a pixel or a score: runs of one hash draw the same, wherever. */
    public String hash() {
        ObjectNode key = imageKey();
        key.put("firstImage", images.get(0).image()).put("images", images.size());
        if (!isConsecutive()) {
            key.set(NUMBERS, JSON.valueToTree(numbers()));
        }
        key.set(
                "conditions",
                JSON.valueToTree(inTurn(images).stream().map(RunSettings::json).toList()));
        return Json.hash(key);
    }

    /** Names all that an image's bits can depend on besides its own number and condition: runs of one such name may take each other's images. */
    public String imageHash() {
        ObjectNode key = imageKey();
        // Bits do depend on the kind of device, where pixels that people see do not.
        key.set(
                "devices",
                JSON.valueToTree(Stream.of(machine.device().split(","))
                        .map(device -> device.replaceFirst(":.*", ""))
                        .distinct()
                        .sorted()
                        .toList()));
        key.put("noisetrail", Version.NOISETRAIL);
        return Json.hash(key);
    }

    private ObjectNode imageKey() {
        ObjectNode key = JSON.createObjectNode();
        key.put("denoiser", model.denoiser()).put("decoder", model.decoder());
        key.put("previewDecoder", model.previewDecoder());
        key.set("modelSettings", JSON.valueToTree(model.settings()));
        key.set("seeds", JSON.valueToTree(seeds));
        key.set("sampler", JSON.valueToTree(sampler));
        key.set("rewards", JSON.valueToTree(rewards.stream().map(Judge::id).toList()));
        key.set("heldOut", JSON.valueToTree(heldOut.stream().map(Judge::id).toList()));
        key.set("options", JSON.valueToTree(options));
        return key;
    }

    /**
     * Reads what {@link #json} gave, as text.
     *
     * @throws IllegalArgumentException that names what is missing or of another type
     */
    public static RunSettings parse(String json) {
        return of(JsonFiles.parse("settings", json));
    }

    static RunSettings of(JsonNode json) {
        if (!(json instanceof ObjectNode root)) {
            throw new IllegalArgumentException("settings must be an object: " + Excerpt.of(json.toString()));
        }
        ObjectNode rest = root.deepCopy();
        Model model = new Model(
                text(rest, "model"),
                text(rest, "denoiser"),
                text(rest, "decoder"),
                take(rest, "previewDecoder").isNull()
                        ? null
                        : root.get("previewDecoder").asText(),
                texts(take(rest, "modelSettings")));
        Machine machine = new Machine(
                text(rest, "device"), count(rest, "threads"), count(rest, "maxBatch"), count(rest, "decodeBatch"));
        List<Long> seeds = new ArrayList<>();
        take(rest, "seeds").forEach(seed -> seeds.add(Long.parseUnsignedLong(seed.asText())));
        List<Condition> conditions = new ArrayList<>();
        take(rest, "conditions").forEach(condition -> conditions.add(Conditions.read(condition)));
        List<ImageRequest> images = images(rest, conditions);
        String command = text(rest, "command");
        Map<String, @Nullable Object> sampler = map(take(rest, "sampler"));
        List<Judge> rewards = judges(take(rest, "rewards"));
        List<Judge> heldOut = judges(take(rest, "heldOut"));
        rest.remove("hash");
        return new RunSettings(command, model, machine, images, seeds, sampler, rewards, heldOut, map(rest));
    }

    private static List<ImageRequest> images(ObjectNode rest, List<Condition> conditions) {
        long first = take(rest, "firstImage").asLong();
        int count = count(rest, "images");
        JsonNode numbers = rest.remove(NUMBERS);
        if (numbers == null) {
            return ImageRequest.of(first, count, conditions);
        }
        List<ImageRequest> images = new ArrayList<>();
        for (ImageRequest inTurn : ImageRequest.of(0, count, conditions)) {
            JsonNode number = numbers.path(images.size());
            if (!number.isIntegralNumber() || numbers.size() != count) {
                throw new IllegalArgumentException("field \"" + NUMBERS + "\" must be a list of " + count
                        + " whole numbers: " + Excerpt.of(numbers.toString()));
            }
            images.add(new ImageRequest(number.asLong(), inTurn.condition()));
        }
        return images;
    }

    private static JsonNode take(ObjectNode json, String name) {
        JsonNode value = json.remove(name);
        if (value == null) {
            throw new IllegalArgumentException("field \"" + name + "\" is missing");
        }
        return value;
    }

    private static String text(ObjectNode json, String name) {
        String value = JsonFields.text(json, name);
        json.remove(name);
        return value;
    }

    private static int count(ObjectNode json, String name) {
        JsonNode value = take(json, name);
        if (!value.isInt() || value.intValue() < 1) {
            throw new IllegalArgumentException(
                    "field \"" + name + "\" must be a number >= 1: " + Excerpt.of(value.toString()));
        }
        return value.intValue();
    }

    private static Map<String, String> texts(JsonNode node) {
        Map<String, String> texts = new LinkedHashMap<>();
        node.properties()
                .forEach(field -> texts.put(field.getKey(), field.getValue().asText()));
        return texts;
    }

    private static List<Judge> judges(JsonNode list) {
        List<Judge> judges = new ArrayList<>();
        for (JsonNode judge : list) {
            judges.add(new Judge(JsonFields.text(judge, "name"), JsonFields.text(judge, "id")));
        }
        return judges;
    }

    /** Collects them. */
    public static final class Builder {
        private final String command;
        private List<Device> devices;
        private Model model;
        private int maxBatch = 64;
        private int decodeBatch = StepEngine.DECODE_BATCH;
        private List<ImageRequest> images = List.of();
        private List<Long> seeds = List.of();
        private Sampler sampler = EdmSampler.DEFAULT;
        private final List<Judge> rewards = new ArrayList<>();
        private final List<Judge> heldOut = new ArrayList<>();
        private final Map<String, @Nullable Object> options = new LinkedHashMap<>();

        private Builder(String command, Model model, Device device) {
            this.command = command;
            this.model = model;
            devices = List.of(device);
        }

        /** As the model was asked for; by default its own name. */
        public Builder model(String name) {
            model = new Model(name, model.denoiser(), model.decoder(), model.previewDecoder(), model.settings());
            return this;
        }

        /** Where a search's workers are, each; by default one, where the pipeline is. */
        public Builder devices(List<Device> devices) {
            this.devices = devices;
            return this;
        }

        /** The most rows in one network call, and in one call of the decoder and the rewards; by default 64 and {@link StepEngine#DECODE_BATCH}. */
        public Builder batches(int maxBatch, int decodeBatch) {
            this.maxBatch = maxBatch;
            this.decodeBatch = decodeBatch;
            return this;
        }

        /** What is drawn. */
        public Builder images(List<ImageRequest> images) {
            this.images = images;
            return this;
        }

        /** Of the searches, one after the other. */
        public Builder seeds(long... seeds) {
            this.seeds = LongStream.of(seeds).boxed().toList();
            return this;
        }

        /** By default the pipeline's. */
        public Builder sampler(Sampler sampler) {
            this.sampler = sampler;
            return this;
        }

        /** Adds one that is searched for. */
        public Builder reward(String name, Reward reward) {
            return reward(new Judge(name, reward.id()));
        }

        /** Adds one that is searched for. */
        public Builder reward(Judge reward) {
            rewards.add(reward);
            return this;
        }

        /** Adds a held-out one; nothing where it is null. */
        public Builder heldOut(String name, @Nullable Reward reward) {
            return reward == null ? this : heldOut(new Judge(name, reward.id()));
        }

        /** Adds a held-out one. */
        public Builder heldOut(Judge reward) {
            heldOut.add(reward);
            return this;
        }

        /** Adds what else the command was told. */
        public Builder option(String name, @Nullable Object value) {
            options.put(name, value);
            return this;
        }

        /** As {@link #option}, several. */
        public Builder options(Map<String, @Nullable Object> values) {
            options.putAll(values);
            return this;
        }

        /** @throws IllegalArgumentException if there is no image */
        public RunSettings build() {
            return new RunSettings(
                    command,
                    model,
                    new Machine(
                            devices.stream().map(Device::toString).collect(Collectors.joining(",")),
                            Torch.threads(),
                            maxBatch,
                            decodeBatch),
                    images,
                    seeds,
                    new LinkedHashMap<>(Samplers.registry().json(sampler)),
                    rewards,
                    heldOut,
                    options);
        }
    }
}
