package org.noisetrail.search;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.noisetrail.NoisetrailException;
import org.noisetrail.files.Excerpt;
import org.noisetrail.files.JsonFields;
import org.noisetrail.model.format.Conditions;
import org.noisetrail.noise.Draw;
import org.noisetrail.noise.Move;
import org.noisetrail.noise.Recipe;
import org.noisetrail.sampler.Sampler;
import org.noisetrail.sampler.Samplers;

/** A trail's file: version 2 as it is written, versions 1 and 2 as they are read. */
final class TrailJson {
    private static final String FORMAT = "noisetrail-trail";
    private static final JsonMapper JSON = new JsonMapper();

    private TrailJson() {}

    static String write(Trail trail) {
        ObjectNode root = JSON.createObjectNode();
        root.put("format", FORMAT).put("version", Trail.VERSION).put("model", trail.model());
        ObjectNode settings = root.putObject("settings");
        trail.settings().forEach(settings::put);
        root.put("seed", Long.toUnsignedString(trail.seed())).put("lambda", trail.lambda());
        root.put("project", trail.project());
        root.set("sampler", JSON.valueToTree(Samplers.registry().json(trail.sampler())));
        write(root, "reward", trail.reward());
        write(root, "heldOut", trail.heldOut());
        ArrayNode images = root.putArray("images");
        for (Trail.Entry entry : trail.images()) {
            ObjectNode image = images.addObject();
            image.put("image", entry.request().image());
            Conditions.write(entry.request().condition(), image);
            image.put("start", Move.down(entry.recipe().start()).toString());
            image.put("chain", entry.recipe().chain());
            ArrayNode moves = image.putArray("moves");
            entry.recipe().moves().forEach(move -> moves.add(move.toString()));
        }
        return root.toString();
    }

    private static void write(ObjectNode root, String field, Trail.@Nullable Judge judge) {
        if (judge != null) {
            root.putObject(field).put("name", judge.name()).put("id", judge.id());
        }
    }

    /** Trails of version 1 have none, and so have those of version 2 that were written before it kept them. */
    private static Trail.@Nullable Judge judge(JsonNode root, String field) {
        JsonNode judge = root.get(field);
        return judge == null ? null : new Trail.Judge(JsonFields.text(judge, "name"), JsonFields.text(judge, "id"));
    }

    /** How messages of JSON that is none begin. */
    static String named(String source) {
        return source + " is not a trail";
    }

    static Trail of(String source, JsonNode root) {
        try {
            return read(source, root);
        } catch (IllegalArgumentException e) {
            throw new NoisetrailException(
                    source + " is not a valid trail: " + Excerpt.of(String.valueOf(e.getMessage())), e);
        }
    }

    private static Trail read(String source, JsonNode root) {
        if (!root.path("format").asText().equals(FORMAT)) {
            throw new NoisetrailException(source + " is not a trail: its format must be " + FORMAT);
        }
        boolean old = JsonFields.version(source, root, Trail.VERSION) == 1;
        JsonNode sampler = JsonFields.field(root, "sampler");
        List<Trail.Entry> images = new ArrayList<>();
        for (JsonNode image : JsonFields.list(root, "images")) {
            images.add(old ? readVersion1(image) : readEntry(image));
        }
        Checks.once(images.stream().map(Trail.Entry::request));
        return new Trail(
                JsonFields.text(root, old ? "denoiser" : "model"),
                old ? Map.of() : texts(JsonFields.field(root, "settings")),
                old ? SamplerJson.readVersion1(sampler) : readSampler(sampler),
                Long.parseUnsignedLong(JsonFields.text(root, "seed")),
                JsonFields.number(root, "lambda"),
                JsonFields.flag(root, "project"),
                judge(root, "reward"),
                judge(root, "heldOut"),
                images);
    }

    private static Sampler readSampler(JsonNode node) {
        Map<String, String> texts = texts(node);
        String name = JsonFields.text(node, "name");
        texts.remove("name");
        return Samplers.registry().kind(name).make(texts);
    }

    private static Map<String, String> texts(JsonNode node) {
        Map<String, String> texts = new LinkedHashMap<>();
        node.properties().forEach(field -> {
            if (!field.getValue().isValueNode()) {
                throw new IllegalArgumentException("field \"" + Excerpt.of(field.getKey()) + "\" must be a value");
            }
            String text = field.getValue().asText();
            texts.put(field.getKey(), text.equals("Infinity") ? "inf" : text);
        });
        return texts;
    }

    private static Trail.Entry readEntry(JsonNode image) {
        List<Move> moves = new ArrayList<>();
        for (JsonNode move : JsonFields.list(image, "moves")) {
            if (!move.isTextual()) {
                throw new IllegalArgumentException("moves must be texts: " + Excerpt.of(move.toString()));
            }
            moves.add(Move.parse(move.textValue()));
        }
        return new Trail.Entry(
                new ImageRequest(JsonFields.whole(image, "image"), Conditions.read(image)),
                new Recipe(draws(JsonFields.text(image, "start")), JsonFields.integer(image, "chain"), moves));
    }

    /** Of a state or a step that nothing goes up to. */
    private static List<Draw> draws(String text) {
        Move move = Move.parse(text);
        if (move.isUp()) {
            throw new IllegalArgumentException("draws must be like g3.1 l4.0: " + text);
        }
        return move.draws();
    }

    private static Trail.Entry readVersion1(JsonNode image) {
        List<List<Draw>> steps = new ArrayList<>();
        for (JsonNode step : JsonFields.list(image, "steps")) {
            steps.add(draws(step.asText()));
        }
        return new Trail.Entry(
                new ImageRequest(JsonFields.whole(image, "image"), JsonFields.integer(image, "class")),
                Recipe.steps(JsonFields.integer(image, "start"), JsonFields.integer(image, "chain"), steps));
    }
}
