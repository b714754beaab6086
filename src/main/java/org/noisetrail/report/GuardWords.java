package org.noisetrail.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.noisetrail.files.JsonFields;
import org.noisetrail.files.Numbers;
import org.noisetrail.search.Guarded;

/** What guards saw, as files and tables say it. */
final class GuardWords {
    private GuardWords() {}

    /** What {@code result.json} holds of an image. */
    static Map<String, @Nullable Object> json(Guarded guarded) {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("endedAt", guarded.ended() ? guarded.endedAt() : null);
        json.put("seen", guarded.seen().stream().map(GuardWords::json).toList());
        return json;
    }

    private static Map<String, @Nullable Object> json(Guarded.Seen seen) {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("step", seen.step());
        json.put("score", Numbers.orNull(seen.score()));
        return json;
    }

    /**
     * As {@link #json} wrote it; a score that was no finite number is NaN.
     *
     * @throws IllegalArgumentException that names a field that is missing or of another type
     */
    static Guarded read(JsonNode json) {
        List<Guarded.Seen> seen = new ArrayList<>();
        for (JsonNode each : JsonFields.field(json, "seen")) {
            seen.add(new Guarded.Seen((int) JsonFields.count(each, "step"), JsonFields.numberOrNan(each, "score")));
        }
        return new Guarded(json.path("endedAt").isNumber() ? (int) JsonFields.count(json, "endedAt") : -1, seen);
    }

    /** A line below a table. */
    static String of(List<Guarded> guarded) {
        int[] steps = guarded.stream()
                .filter(Guarded::ended)
                .mapToInt(Guarded::endedAt)
                .sorted()
                .toArray();
        String where = "";
        if (steps.length > 0) {
            int first = steps[0];
            int last = steps[steps.length - 1];
            where = ", after step " + (first == last ? first : first + " to " + last) + ", counted from 0";
        }
        return String.format(
                Locale.ROOT,
                "the guard ended %s of %s searches%s%n",
                Numbers.count(steps.length),
                Numbers.count(guarded.size()),
                where);
    }
}
