package org.noisetrail.evaluation;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.noisetrail.files.Numbers;
import org.noisetrail.search.Method;
import org.noisetrail.search.Methods;
import org.noisetrail.search.Search;
import org.noisetrail.settings.Setting;

/**
 * What a {@link Planner} has chosen.
 *
 * @param method with its size
 * @param maxBatch rows of a network's call
 * @param decodeBatch rows of a call of the decoder and the rewards
 * @param networkEvaluations of an image, as the ledger will have them; of a method whose cost depends on the rewards it meets, about
 * @param rewardCalls of an image
 * @param seconds predicted for all images; NaN where the machine's speed is not known
 * @param limit in seconds, at which the search ends; infinite for none
 * @param reason why this method
 */
public record Plan(
        Method method,
        int maxBatch,
        int decodeBatch,
        long networkEvaluations,
        long rewardCalls,
        double seconds,
        double limit,
        String reason) {
    /** Gives a search the method, the batches, and the limit, if there is one. */
    public Search.Builder apply(Search.Builder search) {
        if (limit < Double.POSITIVE_INFINITY) {
            search.timeLimit(Duration.ofNanos((long) (limit * 1e9)));
        }
        return search.method(method).maxBatch(maxBatch).decodeBatch(decodeBatch);
    }

    /** For {@code result.json}. */
    public Map<String, @Nullable Object> json() {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("method", Methods.registry().text(method));
        json.put("maxBatch", maxBatch);
        json.put("decodeBatch", decodeBatch);
        json.put("networkEvaluations", networkEvaluations);
        json.put("rewardCalls", rewardCalls);
        json.put("predictedSeconds", Numbers.orNull(seconds));
        json.put("limitSeconds", Double.isInfinite(limit) ? null : limit);
        json.put("reason", reason);
        return json;
    }

    /** In two lines: what, and why. */
    @Override
    public String toString() {
        String time = Double.isNaN(seconds)
                ? ""
                : String.format(Locale.ROOT, ", predicted %.1f s", seconds)
                        + (Double.isInfinite(limit)
                                ? ""
                                : String.format(Locale.ROOT, " of %s s", Setting.plain(limit)));
        return String.format(
                Locale.ROOT,
                "%s: %,d network evaluations and %,d judged an image, %d rows a call%s%n%s",
                Methods.registry().text(method),
                networkEvaluations,
                rewardCalls,
                maxBatch,
                time,
                reason);
    }
}
