package org.noisetrail.search;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.noisetrail.settings.Setting;

/**
 * When a step is searched no further for an image: its last {@code rounds} rounds together raised the best reward by less than {@code gain}.
 *
 * @param rounds how many rounds may pass without that gain, 1 to 65535
 * @param gain the reward they must gain together, at least 0
 * @param rollOver whether the rounds an image saves are its own to spend at later steps, beyond what those have, as long as they gain
 */
public record Patience(int rounds, double gain, boolean rollOver) {
    /** A step is searched until its rounds are over. */
    public static final Patience NEVER = new Patience(65535, 0, false);

    public Patience {
        Checks.range("patience rounds", rounds, 1, 65535);
        Checks.range("patience gain", gain, 0, Double.MAX_VALUE);
    }

    /** @throws IllegalArgumentException if there is no patience that saves rounds */
    Patience withRollOver(boolean rollOver) {
        if (rollOver && this == NEVER) {
            throw new IllegalArgumentException("roll-over needs patience: without it no rounds are saved");
        }
        return this == NEVER ? NEVER : new Patience(rounds, gain, rollOver);
    }

    /** Reads {@code 3:0.001}: ends a step whose last 3 rounds together gained less than 0.001. */
    static Patience parse(String text) {
        if (text.equals("none")) {
            return NEVER;
        }
        Matcher form = Pattern.compile("(\\d{1,9}):((?:\\d+(?:\\.\\d*)?|\\.\\d+)(?:[eE][+-]?\\d+)?)")
                .matcher(text);
        if (!form.matches()) {
            throw new IllegalArgumentException(
                    "patience must be rounds and what they must gain together, such as 3:0.001: " + text);
        }
        return new Patience(Integer.parseInt(form.group(1)), Double.parseDouble(form.group(2)), false);
    }

    /** As {@link #parse} reads it. */
    @Override
    public String toString() {
        return this == NEVER ? "none" : rounds + ":" + Setting.plain(gain);
    }
}
