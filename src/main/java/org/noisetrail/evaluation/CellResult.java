package org.noisetrail.evaluation;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.function.ToDoubleFunction;
import javax.imageio.ImageIO;
import org.noisetrail.files.Numbers;
import org.noisetrail.model.Condition;
import org.noisetrail.search.Conditions;
import org.noisetrail.search.ImageResult;
import org.noisetrail.trace.Costs;

/**
 * What one search of a comparison has given.
 *
 * @param seconds wall-clock time of all its images
 * @param diversity of its images; NaN where there is no classifier to tell
 */
public record CellResult(double seconds, double diversity, List<Drawn> images) {
    public CellResult {
        images = List.copyOf(images);
        if (images.isEmpty()) {
            throw new IllegalArgumentException("images must be >= 1: 0");
        }
    }

    /**
     * One image.
     *
     * @param heldOut NaN where none was named
     * @param byStep the reward of the clean estimate after each step; NaN where the method did not judge it
     * @param png the image as a file
     */
    public record Drawn(
            long id,
            Condition condition,
            double reward,
            double heldOut,
            double pivotNorm,
            long nanScores,
            Costs costs,
            double[] byStep,
            byte[] png) {
        static Drawn of(ImageResult image, double[] byStep) {
            return new Drawn(
                    image.request().image(),
                    image.request().condition(),
                    image.reward(),
                    image.heldOut().orElse(Double.NaN),
                    image.pivotNorm(),
                    image.nanScores(),
                    image.costs(),
                    byStep,
                    png(image.pixels().toBufferedImage()));
        }

        private static byte[] png(BufferedImage picture) {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            try {
                ImageIO.write(picture, "png", bytes);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return bytes.toByteArray();
        }

        public BufferedImage picture() {
            try {
                BufferedImage picture = ImageIO.read(new ByteArrayInputStream(png));
                if (picture == null) {
                    throw new IllegalArgumentException("png must be a picture");
                }
                return picture;
            } catch (IOException e) {
                throw new IllegalArgumentException("png must be a picture: " + e.getMessage(), e);
            }
        }

        private ObjectNode json() {
            ObjectNode json = JsonNodeFactory.instance.objectNode();
            json.put("id", id);
            Conditions.write(condition, json);
            json.put("reward", Numbers.orNull(reward)).put("heldOut", Numbers.orNull(heldOut));
            json.put("pivotNorm", Numbers.orNull(pivotNorm)).put("nanScores", nanScores);
            json.put("networkEvaluations", costs.networkEvaluations()).put("transitions", costs.transitions());
            json.put("decoderCalls", costs.decoderCalls()).put("rewardCalls", costs.rewardCalls());
            json.put("heldOutCalls", costs.heldOutCalls());
            ArrayNode steps = json.putArray("rewardByStep");
            for (double value : byStep) {
                steps.add(Numbers.orNull(value));
            }
            return json.put("png", Base64.getEncoder().encodeToString(png));
        }

        private static Drawn of(JsonNode json) {
            JsonNode steps = field(json, "rewardByStep");
            double[] byStep = new double[steps.size()];
            for (int i = 0; i < byStep.length; i++) {
                byStep[i] = number(steps.get(i));
            }
            return new Drawn(
                    field(json, "id").longValue(),
                    Conditions.read(json),
                    number(json, "reward"),
                    number(json, "heldOut"),
                    number(json, "pivotNorm"),
                    field(json, "nanScores").longValue(),
                    new Costs(
                            field(json, "networkEvaluations").longValue(),
                            field(json, "transitions").longValue(),
                            field(json, "decoderCalls").longValue(),
                            field(json, "rewardCalls").longValue(),
                            field(json, "heldOutCalls").longValue()),
                    byStep,
                    Base64.getDecoder().decode(field(json, "png").asText()));
        }
    }

    public double mean(ToDoubleFunction<Drawn> value) {
        return images.stream().mapToDouble(value).average().orElse(Double.NaN);
    }

    public ObjectNode json() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("seconds", seconds).put("diversity", Numbers.orNull(diversity));
        ArrayNode list = json.putArray("images");
        images.forEach(image -> list.add(image.json()));
        return json;
    }

    /** @throws IllegalArgumentException if it is not what {@link #json} gives */
    public static CellResult of(JsonNode json) {
        List<Drawn> images = new ArrayList<>();
        for (JsonNode image : field(json, "images")) {
            images.add(Drawn.of(image));
        }
        return new CellResult(number(json, "seconds"), number(json, "diversity"), images);
    }

    /** null is what JSON has for NaN. */
    private static double number(JsonNode json, String name) {
        return number(field(json, name));
    }

    private static double number(JsonNode value) {
        return value.isNumber() ? value.doubleValue() : Double.NaN;
    }

    private static JsonNode field(JsonNode json, String name) {
        JsonNode value = json.get(name);
        if (value == null) {
            throw new IllegalArgumentException("field \"" + name + "\" is missing");
        }
        return value;
    }
}
