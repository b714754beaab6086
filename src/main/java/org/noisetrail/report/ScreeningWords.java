package org.noisetrail.report;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.noisetrail.engine.Screened;
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
