package org.noisetrail.report;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;
import org.noisetrail.evaluation.Versions;
import org.noisetrail.files.Numbers;
import org.noisetrail.search.Conditions;
import org.noisetrail.search.ImageResult;
import org.noisetrail.trace.Costs;

/**
 * What a run has drawn, as {@code result.json} and as a table say it.
 *
 * @param settings everything that the command was told or took by default
 * @param complete whether all images asked for are there
 */
public record Report(
        Map<String, @Nullable Object> settings, List<ImageResult> images, boolean complete, Duration elapsed) {
    /** The name of an image's file, within the folder that the command writes to. */
    public static String imageFile(ImageResult image) {
        return String.format(Locale.ROOT, "images/%03d.png", image.request().image());
    }

    public Map<String, @Nullable Object> json() {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("settings", settings);
        json.put("versions", Versions.json());
        json.put("complete", complete);
        json.put("seconds", elapsed.toNanos() / 1e9);
        json.put("meanReward", Numbers.orNull(mean(ImageResult::reward)));
        json.put("meanHeldOut", Numbers.orNull(mean(Report::heldOut)));
        json.put("images", images.stream().map(Report::json).toList());
        return json;
    }

    public static Map<String, @Nullable Object> json(ImageResult image) {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("id", image.request().image());
        Conditions.write(image.request().condition(), json);
        json.put("file", imageFile(image));
        json.put("reward", Numbers.orNull(image.reward()));
        json.put("heldOut", Numbers.orNull(image.heldOut()));
        json.put("pivotNorm", Numbers.orNull(image.pivotNorm()));
        json.put("nanScores", image.nanScores());
        json.put("finite", image.finite());
        Costs costs = image.costs();
        Map<String, @Nullable Object> ledger = new LinkedHashMap<>();
        ledger.put("networkEvaluations", costs.networkEvaluations());
        ledger.put("transitions", costs.transitions());
        ledger.put("decoderCalls", costs.decoderCalls());
        ledger.put("rewardCalls", costs.rewardCalls());
        ledger.put("heldOutCalls", costs.heldOutCalls());
        json.put("ledger", ledger);
        return json;
    }

    /** One line an image, and their means. */
    public String table() {
        TextTable table = new TextTable("image", "asked", "reward", "held-out", "NFE", "transitions", "|p|/sqrt(d)");
        for (ImageResult image : images) {
            table.row(
                    String.format(Locale.ROOT, "%03d", image.request().image()),
                    Conditions.words(image.request().condition()),
                    Numbers.score(image.reward()),
                    Numbers.score(heldOut(image)),
                    Numbers.count(image.costs().networkEvaluations()),
                    Numbers.count(image.costs().transitions()),
                    Numbers.score(image.pivotNorm()));
        }
        table.row(
                "mean",
                "",
                Numbers.score(mean(ImageResult::reward)),
                Numbers.score(mean(Report::heldOut)),
                Numbers.count(Math.round(mean(image -> image.costs().networkEvaluations()))),
                Numbers.count(Math.round(mean(image -> image.costs().transitions()))),
                Numbers.score(mean(ImageResult::pivotNorm)));
        return table.toString();
    }

    private static double heldOut(ImageResult image) {
        return image.heldOut().orElse(Double.NaN);
    }

    public double mean(ToDoubleFunction<ImageResult> value) {
        return images.stream().mapToDouble(value).average().orElse(Double.NaN);
    }
}
