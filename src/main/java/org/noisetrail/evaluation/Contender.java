package org.noisetrail.evaluation;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.noisetrail.search.Method;
import org.noisetrail.search.Methods;

/**
 * A method of a comparison.
 *
 * @param label what tables call it
 */
public record Contender(String label, Method method) {
    /** Labelled with its text. */
    public static Contender of(Method method) {
        return new Contender(Methods.registry().text(method), method);
    }

    /**
     * As a text gives it: {@code METHOD[:OPTION[=VALUE]]...}, such as {@code eps-greedy:rounds=10:keep-pivot}.
     *
     * @param shared settings of the comparison by name, which the text's own override
     * @throws IllegalArgumentException that names what is wrong
     */
    public static Contender parse(String text, Map<String, String> shared) {
        return new Contender(text.strip(), Methods.registry().parse(text, shared));
    }

    /** Texts of a list that was cut at its commas: a comma is a value's own where a digit or a dot follows, as in {@code pruned-best-of-n:keep=6@2,2@6}. */
    public static List<String> texts(List<String> parts) {
        List<String> texts = new ArrayList<>();
        for (String part : parts) {
            if (!texts.isEmpty() && part.strip().matches("[0-9.].*")) {
                texts.set(texts.size() - 1, texts.get(texts.size() - 1) + "," + part);
            } else {
                texts.add(part);
            }
        }
        return texts;
    }

    /** Its name without options. */
    public static String word(String text) {
        return text.strip().split(":", 2)[0];
    }
}
