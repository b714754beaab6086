package org.noisetrail.evaluation;

import static org.noisetrail.files.JsonFields.count;
import static org.noisetrail.files.JsonFields.field;
import static org.noisetrail.files.JsonFields.numberOrNan;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.function.ToDoubleFunction;
import javax.imageio.ImageIO;
import org.jspecify.annotations.Nullable;
import org.noisetrail.NoisetrailException;
import org.noisetrail.engine.Screened;
import org.noisetrail.files.AtomicFiles;
import org.noisetrail.files.Json;
import org.noisetrail.files.Numbers;
import org.noisetrail.files.PngFile;
import org.noisetrail.model.Condition;
import org.noisetrail.model.ImageShape;
import org.noisetrail.model.format.Conditions;
import org.noisetrail.reward.Image;
import org.noisetrail.search.ImageRequest;
import org.noisetrail.search.ImageResult;
import org.noisetrail.trace.Costs;
import org.noisetrail.trace.format.CostFields;

/**
 * What one search of a comparison has given. A comparison holds all of them to its end, and so no whole pictures: those are in the files of its folder.
 *
 * @param seconds wall-clock time of all its images
 * @param diversity of its images; NaN where there is no classifier to tell
 * @param peakBytes of the process's memory while it ran; NaN where the system does not say, or it was measured before this was
 */
public record CellResult(double seconds, double diversity, double peakBytes, List<Drawn> images) {
    /** No search of a comparison has a guard. */
    private static final boolean GUARDED = false;

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
     * @param secondHeldOut likewise
     * @param screened what screening did for it; null where nothing was screened
     * @param byStep the reward of the clean estimate after each step; NaN where the method did not judge it
     * @param sha256 of its PNG file, in hexadecimal
     * @param thumbnail for a page: the picture, or a smaller one of it where it is large; null for an image that no page shows
     */
    public record Drawn(
            long id,
            Condition condition,
            double reward,
            double heldOut,
            double secondHeldOut,
            double pivotNorm,
            long nanScores,
            Costs costs,
            @Nullable Screened screened,
            double[] byStep,
            String sha256,
            @Nullable Image thumbnail) {
        static Drawn of(
                ImageResult image, double secondHeldOut, double[] byStep, byte[] png, @Nullable Image thumbnail) {
            return new Drawn(
                    image.request().image(),
                    image.request().condition(),
                    image.reward(),
                    image.heldOut().orElse(Double.NaN),
                    secondHeldOut,
                    image.pivotNorm(),
                    image.nanScores(),
                    image.costs(),
                    image.screened(),
                    byStep,
                    Json.sha256(png),
                    thumbnail);
        }

        /** Whether another is the same picture, bit for bit. */
        boolean shows(Drawn other) {
            return sha256.equals(other.sha256);
        }

        private ObjectNode json(byte[] png) {
            ObjectNode json = JsonNodeFactory.instance.objectNode();
            json.put("id", id);
            Conditions.write(condition, json);
            json.set("reward", score(reward));
            json.set("heldOut", score(heldOut));
            if (!Double.isNaN(secondHeldOut)) {
                json.set("secondHeldOut", score(secondHeldOut));
            }
            json.put("pivotNorm", Numbers.orNull(pivotNorm)).put("nanScores", nanScores);
            CostFields.of(costs, GUARDED).forEach(json::put);
            if (screened != null) {
                json.set("screened", json(screened));
            }
            ArrayNode steps = json.putArray("rewardByStep");
            for (double value : byStep) {
                steps.add(Numbers.orNull(value));
            }
            return json.put("png", Base64.getEncoder().encodeToString(png));
        }

        /** Sums as they are, so that they are the same when they come back; {@code result.json} tells people their means. */
        private static ObjectNode json(Screened screened) {
            ObjectNode json = JsonNodeFactory.instance.objectNode();
            json.put("rounds", screened.rounds()).put("candidates", screened.candidates());
            json.put("verified", screened.verified()).put("unscreened", screened.unscreened());
            json.put("screenDecodes", screened.screenDecodes());
            json.put("savedEvaluations", screened.savedEvaluations()).put("savedDecodes", screened.savedDecodes());
            json.set("expectedLoss", score(screened.expectedLoss()));
            json.put("audits", screened.audits());
            json.set("auditLoss", score(screened.auditLoss()));
            return json.set("auditSquares", score(screened.auditSquares()));
        }

        private static Screened screened(JsonNode json) {
            Screened screened = new Screened(
                    count(json, "rounds"),
                    count(json, "candidates"),
                    count(json, "verified"),
                    count(json, "unscreened"),
                    count(json, "screenDecodes"),
                    count(json, "savedEvaluations"),
                    count(json, "savedDecodes"),
                    numberOrNan(json, "expectedLoss"),
                    count(json, "audits"),
                    numberOrNan(json, "auditLoss"),
                    numberOrNan(json, "auditSquares"));
            if (screened.verified() > screened.candidates()) {
                throw new IllegalArgumentException(
                        "verified must be <= " + screened.candidates() + ", all candidates: " + screened.verified());
            }
            return screened;
        }

        /** An infinite one loses against all others, NaN against none: so it is kept apart from NaN. */
        private static JsonNode score(double value) {
            JsonNodeFactory nodes = JsonNodeFactory.instance;
            if (Double.isNaN(value)) {
                return nodes.nullNode();
            }
            return Double.isInfinite(value) ? nodes.textNode(Double.toString(value)) : nodes.numberNode(value);
        }

        private static Drawn of(JsonNode json, int place, Expected expected) {
            JsonNode steps = field(json, "rewardByStep");
            if (!steps.isArray() || steps.size() != expected.steps()) {
                throw new IllegalArgumentException("rewardByStep must be a list of " + expected.steps() + " numbers");
            }
            double[] byStep = new double[steps.size()];
            for (int i = 0; i < byStep.length; i++) {
                byStep[i] = numberOrNan("rewardByStep", steps.get(i));
            }
            Condition condition = Conditions.read(json);
            byte[] png = png(field(json, "png"));
            BufferedImage picture = picture(png, expected.shape());
            return new Drawn(
                    count(json, "id"),
                    condition,
                    numberOrNan(json, "reward"),
                    numberOrNan(json, "heldOut"),
                    json.has("secondHeldOut") ? numberOrNan(json, "secondHeldOut") : Double.NaN,
                    numberOrNan(json, "pivotNorm"),
                    count(json, "nanScores"),
                    CostFields.read(json, GUARDED),
                    expected.screened() ? screened(field(json, "screened")) : null,
                    byStep,
                    Json.sha256(png),
                    expected.thumbnails().of(place, picture, condition));
        }

        private static byte[] png(JsonNode text) {
            if (!text.isTextual()) {
                throw new IllegalArgumentException("png must be a picture in base 64");
            }
            return Base64.getDecoder().decode(text.textValue());
        }

        /** A whole picture of a shape. */
        private static BufferedImage picture(byte[] png, ImageShape shape) {
            try {
                // The size first: a picture that claims to be huge is never unpacked.
                PngFile file = PngFile.read(new ByteArrayInputStream(png));
                if (file.width() != shape.width() || file.height() != shape.height()) {
                    throw new IllegalArgumentException(
                            "png must be of " + shape + ": " + file.width() + "x" + file.height());
                }
                BufferedImage picture = ImageIO.read(new ByteArrayInputStream(png));
                int channels = picture == null ? 0 : picture.getRaster().getNumBands();
                if (picture == null || channels != shape.channels()) {
                    throw new IllegalArgumentException("png must be of " + shape + ": " + channels + " channels");
                }
                return picture;
            } catch (IOException e) {
                throw new IllegalArgumentException("png must be a picture: " + e.getMessage(), e);
            }
        }
    }

    /** A picture as a file. */
    static byte[] png(BufferedImage picture) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            ImageIO.write(picture, "png", bytes);
        } catch (IOException e) {
            throw new NoisetrailException("cannot make a picture: " + AtomicFiles.reason(e), e);
        }
        return bytes.toByteArray();
    }

    /** The mean over images; NaN where one is NaN. */
    public double mean(ToDoubleFunction<Drawn> value) {
        return images.stream().mapToDouble(value).average().orElse(Double.NaN);
    }

    /** @param pngs the images as files */
    ObjectNode json(List<byte[]> pngs) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("seconds", seconds).put("diversity", Numbers.orNull(diversity));
        json.put("peakBytes", Numbers.orNull(peakBytes));
        ArrayNode list = json.putArray("images");
        for (int i = 0; i < images.size(); i++) {
            list.add(images.get(i).json(pngs.get(i)));
        }
        return json;
    }

    /**
     * What a search must have given.
     *
     * @param images in the order in which they were asked for
     * @param steps of their trajectories
     * @param screened whether candidates were screened
     * @param thumbnails what is held of the pictures
     */
    record Expected(List<ImageRequest> images, ImageShape shape, int steps, boolean screened, Thumbnails thumbnails) {
        Expected(List<ImageRequest> images, ImageShape shape, int steps) {
            this(images, shape, steps, false, Thumbnails.NONE);
        }
    }

    /**
     * Reads what {@link #json(List)} gave, and checks all of it: the images that were asked for, in their order, each with every number and a whole picture.
     *
     * @throws IllegalArgumentException that says what is wrong
     */
    static CellResult of(JsonNode json, Expected expected) {
        JsonNode list = field(json, "images");
        int count = expected.images().size();
        if (!list.isArray() || list.size() != count) {
            throw new IllegalArgumentException("images must be a list of " + count);
        }
        List<Drawn> images = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Drawn image = Drawn.of(list.get(i), i, expected);
            ImageRequest asked = expected.images().get(i);
            if (image.id() != asked.image() || !image.condition().equals(asked.condition())) {
                throw new IllegalArgumentException(
                        "image " + i + " must be number " + asked.image() + ", as it was asked for: " + image.id());
            }
            images.add(image);
        }
        double seconds = numberOrNan(json, "seconds");
        if (!(seconds >= 0)) {
            throw new IllegalArgumentException("seconds must be >= 0: " + seconds);
        }
        return new CellResult(
                seconds,
                numberOrNan(json, "diversity"),
                json.has("peakBytes") ? numberOrNan(json, "peakBytes") : Double.NaN,
                images);
    }
}
