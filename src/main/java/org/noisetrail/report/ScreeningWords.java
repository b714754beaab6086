package org.noisetrail.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.noisetrail.engine.Screened;
import org.noisetrail.files.JsonFields;
import org.noisetrail.files.Numbers;

/** What screening did, for files and for people. */
final class ScreeningWords {
    private ScreeningWords() {}

    static Map<String, @Nullable Object> json(Screened screened) {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("rounds", screened.rounds());
        json.put("candidates", screened.candidates());
        json.put("verified", screened.verified());
        json.put("unscreened", screened.unscreened());
        json.put("screenDecodes", screened.screenDecodes());
        Map<String, @Nullable Object> saved = new LinkedHashMap<>();
        saved.put("networkEvaluations", screened.savedEvaluations());
        saved.put("decoderCalls", screened.savedDecodes());
        saved.put("rewardCalls", screened.savedRewards());
        json.put("saved", saved);
        json.put("expectedLoss", Numbers.orNull(screened.meanExpectedLoss()));
        Map<String, @Nullable Object> measured = new LinkedHashMap<>();
        measured.put("audits", screened.audits());
        measured.put("mean", Numbers.orNull(screened.meanLoss()));
        measured.put("standardError", Numbers.orNull(screened.lossError()));
        json.put("measuredLoss", measured);
        return json;
    }

    /**
     * As {@link #json} wrote it, but for the last bits of sums.
     *
     * @throws IllegalArgumentException that names a field that is missing or of another type
     */
    static Screened read(JsonNode json) {
        JsonNode saved = JsonFields.field(json, "saved");
        JsonNode measured = JsonFields.field(json, "measuredLoss");
        long rounds = JsonFields.count(json, "rounds");
        long audits = JsonFields.count(measured, "audits");
        double loss = audits == 0 ? 0 : audits * JsonFields.numberOrNan(measured, "mean");
        double error = audits < 2 ? 0 : JsonFields.numberOrNan(measured, "standardError");
        return new Screened(
                rounds,
                JsonFields.count(json, "candidates"),
                JsonFields.count(json, "verified"),
                JsonFields.count(json, "unscreened"),
                JsonFields.count(json, "screenDecodes"),
                JsonFields.count(saved, "networkEvaluations"),
                JsonFields.count(saved, "decoderCalls"),
                rounds == 0 ? 0 : rounds * JsonFields.numberOrNan(json, "expectedLoss"),
                audits,
                loss,
                audits == 0 ? 0 : error * error * audits * (audits - 1) + loss * loss / audits);
    }

    /** For a table's cell: {@code 388 of 624 (62 %)}; a dash where no round was screened. */
    static String verified(Screened screened) {
        if (screened.candidates() == 0) {
            return "-";
        }
        return String.format(
                Locale.ROOT,
                "%s of %s (%.0f %%)",
                Numbers.count(screened.verified()),
                Numbers.count(screened.candidates()),
                100.0 * screened.verified() / screened.candidates());
    }

    /** For a table's cell: two digits; a dash for what is no number. */
    static String loss(double value) {
        if (value == 0) {
            return "0";
        }
        return Double.isFinite(value) ? String.format(Locale.ROOT, "%.2g", value) : "-";
    }

    /** For a table's cell: the mean, its standard error, and on how many audits. */
    static String measured(Screened screened) {
        return screened.audits() == 0
                ? "-"
                : loss(screened.meanLoss()) + " +- " + loss(screened.lossError()) + " (" + screened.audits()
                        + " audits)";
    }

    /** Lines below a table. */
    static String of(Screened screened, @Nullable Object bound) {
        String measured = screened.audits() == 0
                ? "no round was audited"
                : String.format(
                        Locale.ROOT,
                        "measured %.3g +- %.2g on %s audited",
                        screened.meanLoss(),
                        screened.lossError(),
                        Numbers.count(screened.audits()));
        return String.format(
                Locale.ROOT,
                "screened %s candidates in %s rounds, verified %s; saved %s NFE, %s decodes, %s rewards, for %s screens%n"
                        + "loss a round: %s, expected %.3g, bound %s%n",
                Numbers.count(screened.candidates()),
                Numbers.count(screened.rounds()),
                Numbers.count(screened.verified()),
                Numbers.count(screened.savedEvaluations()),
                Numbers.count(screened.savedDecodes()),
                Numbers.count(screened.savedRewards()),
                Numbers.count(screened.candidates()),
                measured,
                screened.meanExpectedLoss(),
                bound);
    }
}
