package org.noisetrail.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Locale;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;
import org.noisetrail.engine.Screened;
import org.noisetrail.files.JsonFields;
import org.noisetrail.model.format.Conditions;
import org.noisetrail.noise.Recipe;
import org.noisetrail.search.Guarded;
import org.noisetrail.search.ImageRequest;
import org.noisetrail.search.ImageResult;
import org.noisetrail.trace.Costs;
import org.noisetrail.trace.format.CostFields;

/**
 * What a report says of an image: all of an {@link ImageResult} but its pixels and its state, which are in its file.
 *
 * @param heldOut NaN where none was named
 * @param screened null where nothing was screened
 * @param guarded null where there was no guard
 */
public record Finished(
        ImageRequest request,
        double reward,
        double heldOut,
        Costs costs,
        double pivotNorm,
        long nanScores,
        boolean finite,
        Recipe recipe,
        @Nullable Screened screened,
        @Nullable Guarded guarded) {
    /** What is kept of an image once its picture is written. */
    public static Finished of(ImageResult image) {
        OptionalDouble heldOut = image.heldOut();
        return new Finished(
                image.request(),
                image.reward(),
                heldOut.orElse(Double.NaN),
                image.costs(),
                image.pivotNorm(),
                image.nanScores(),
                image.finite(),
                image.recipe(),
                image.screened(),
                image.guarded());
    }

    /**
     * As {@link Report#json(Finished)} wrote it.
     *
     * @throws IllegalArgumentException that names a field that is missing or of another type
     */
    static Finished of(JsonNode json, Recipe recipe) {
        JsonNode screening = json.get("screening");
        JsonNode guard = json.get("guard");
        return new Finished(
                new ImageRequest(JsonFields.count(json, "id"), Conditions.read(json)),
                JsonFields.numberOrNan(json, "reward"),
                JsonFields.numberOrNan(json, "heldOut"),
                CostFields.read(JsonFields.field(json, "ledger"), guard != null),
                JsonFields.numberOrNan(json, "pivotNorm"),
                JsonFields.count(json, "nanScores"),
                JsonFields.flag(json, "finite"),
                recipe,
                screening == null ? null : ScreeningWords.read(screening),
                guard == null ? null : GuardWords.read(guard));
    }

    /** The name of its file, within the folder that a command writes to. */
    public String file() {
        return file(request);
    }

    static String file(ImageRequest request) {
        return String.format(Locale.ROOT, RunFiles.IMAGES + "/%03d.png", request.image());
    }
}
