package org.noisetrail.evaluation;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.noisetrail.engine.LossBound;
import org.noisetrail.reward.RewardText;
import org.noisetrail.search.Screening;
import org.noisetrail.settings.Setting;

/**
 * How the candidates of a contender's rounds are screened.
 *
 * @param reward scores the cheap look; null for the searched one
 */
public record ContenderScreen(Screening screening, @Nullable RewardText reward) {
    /** Its settings' names, as {@code generate} has them for options. */
    public static final List<String> SETTINGS = List.of("screen", "verify-loss", "audit", "screen-reward");

    /**
     * Of texts by the names of {@link #SETTINGS}; only {@code screen} must be there.
     *
     * @throws IllegalArgumentException that names what is wrong
     */
    public static ContenderScreen of(Map<String, String> texts) {
        String look = texts.get("screen");
        if (look == null) {
            throw new IllegalArgumentException(texts.keySet().iterator().next() + " is of screen: give that, too");
        }
        String loss = texts.get("verify-loss");
        String reward = texts.get("screen-reward");
        return new ContenderScreen(
                Screening.parse(look, loss == null ? Screening.LOSS : LossBound.parse(loss), audit(texts.get("audit"))),
                reward == null ? null : RewardText.parse(reward));
    }

    private static double audit(@Nullable String text) {
        try {
            return text == null ? Screening.AUDIT : Double.parseDouble(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("audit must be a number: " + text, e);
        }
    }

    /** The inverse of {@link #of}, without an audit that is the usual one. */
    Map<String, String> texts() {
        Map<String, String> texts = new LinkedHashMap<>();
        texts.put("screen", screening.words());
        texts.put("verify-loss", screening.loss().toString());
        if (screening.audit() != Screening.AUDIT) {
            texts.put("audit", Setting.plain(screening.audit()));
        }
        if (reward != null) {
            texts.put("screen-reward", reward.toString());
        }
        return texts;
    }

    /** As the text of a contender has it: {@code :screen=first:verify-loss=5%}. */
    public String text() {
        StringBuilder text = new StringBuilder();
        texts().forEach((name, value) ->
                text.append(':').append(name).append('=').append(value));
        return text.toString();
    }

    /** For a table's cell: {@code screen first, verify loss 5%}. */
    public String words() {
        StringBuilder words = new StringBuilder();
        texts().forEach((name, value) -> words.append(words.isEmpty() ? "" : ", ")
                .append(name.replace('-', ' '))
                .append(' ')
                .append(value));
        return words.toString();
    }
}
