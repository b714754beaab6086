package org.noisetrail.report;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;
import org.noisetrail.engine.Screened;
import org.noisetrail.evaluation.Versions;
import org.noisetrail.files.Numbers;
import org.noisetrail.model.format.Conditions;
import org.noisetrail.search.Guarded;
import org.noisetrail.trace.format.CostFields;

/**
 * What a run has drawn, as {@code result.json} and as a table say it.
 *
 * @param settings everything that the command was told or took by default
 * @param complete whether all images asked for are there
 */
public record Report(
        Map<String, @Nullable Object> settings, List<Finished> images, boolean complete, Duration elapsed) {
    /** What {@code result.json} holds. */
    public Map<String, @Nullable Object> json() {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("settings", settings);
        json.put("versions", Versions.json());
        json.put("complete", complete);
        json.put("seconds", Numbers.inSeconds(elapsed));
        json.put("meanReward", Numbers.orNull(mean(Finished::reward)));
        json.put("meanHeldOut", Numbers.orNull(mean(Finished::heldOut)));
        json.put("nonFinite", nonFinite().size());
        Screened screened = screened();
        if (screened != null) {
            json.put("screening", ScreeningWords.json(screened));
        }
        json.put("images", images.stream().map(Report::json).toList());
        return json;
    }

    /** What {@code result.json} holds. */
    public static Map<String, @Nullable Object> json(Finished image) {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("id", image.request().image());
        Conditions.write(image.request().condition(), json);
        json.put("file", image.file());
        json.put("reward", Numbers.orNull(image.reward()));
        json.put("heldOut", Numbers.orNull(image.heldOut()));
        json.put("pivotNorm", Numbers.orNull(image.pivotNorm()));
        json.put("nanScores", image.nanScores());
        json.put("finite", image.finite());
        json.put("ledger", CostFields.of(image.costs(), image.guarded() != null));
        if (image.screened() != null) {
            json.put("screening", ScreeningWords.json(image.screened()));
        }
        if (image.guarded() != null) {
            json.put("guard", GuardWords.json(image.guarded()));
        }
        return json;
    }

    /** What screening did for all images; null where nothing was screened. */
    private @Nullable Screened screened() {
        return images.stream()
                .map(Finished::screened)
                .filter(Objects::nonNull)
                .reduce(Screened::plus)
                .orElse(null);
    }

    /** One line an image, their means, what was screened, and what the guard ended. */
    public String table() {
        TextTable table = new TextTable("image", "asked", "reward", "held-out", "NFE", "transitions", "|p|/sqrt(d)");
        for (Finished image : images) {
            table.row(
                    String.format(Locale.ROOT, "%03d", image.request().image()),
                    Conditions.words(image.request().condition()),
                    Numbers.score(image.reward()),
                    Numbers.score(image.heldOut()),
                    Numbers.count(image.costs().networkEvaluations()),
                    Numbers.count(image.costs().transitions()),
                    Numbers.score(image.pivotNorm()));
        }
        table.row(
                "mean",
                "",
                Numbers.score(mean(Finished::reward)),
                Numbers.score(mean(Finished::heldOut)),
                Numbers.count(Math.round(mean(image -> image.costs().networkEvaluations()))),
                Numbers.count(Math.round(mean(image -> image.costs().transitions()))),
                Numbers.score(mean(Finished::pivotNorm)));
        Screened screened = screened();
        List<Guarded> guarded =
                images.stream().map(Finished::guarded).filter(Objects::nonNull).toList();
        return table
                + (screened == null ? "" : ScreeningWords.of(screened, settings.get("verifyLoss")))
                + (guarded.isEmpty() ? "" : GuardWords.of(guarded));
    }

    /** The images that hold NaN or infinity: their files show nothing. */
    public List<Finished> nonFinite() {
        return images.stream().filter(image -> !image.finite()).toList();
    }

    /** The mean over its images; NaN where one is NaN. */
    public double mean(ToDoubleFunction<Finished> value) {
        return images.stream().mapToDouble(value).average().orElse(Double.NaN);
    }
}
