package org.noisetrail.evaluation;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.noisetrail.search.Method;
import org.noisetrail.search.Methods;
import org.noisetrail.settings.Kind;
import org.noisetrail.settings.Registry;

/**
 * A method of a comparison.
 *
 * @param label what tables call it
 * @param screen how its candidates are screened; null where all are judged
 */
public record Contender(
        String label, Method method, @Nullable ContenderScreen screen) {
    /** All of whose candidates are judged. */
    public Contender(String label, Method method) {
        this(label, method, null);
    }

    /** Labelled with its text. */
    public static Contender of(Method method) {
        return new Contender(Methods.registry().text(method), method);
    }

    /**
     * As a text gives it: {@code METHOD[:OPTION[=VALUE]]...}, such as {@code eps-greedy:rounds=10:keep-pivot}, or screened {@code beam:screen=first:verify-loss=5%}.
     *
     * @param shared settings of the comparison by name, which the text's own override; those of a screen hold where the text has a screen
     * @throws IllegalArgumentException that names what is wrong
     */
    public static Contender parse(String text, Map<String, String> shared) {
        Registry<Method> methods = Methods.registry();
        Registry.Asked asked = Registry.asked(text);
        Kind<Method> kind = methods.kind(asked.kind());
        Map<String, String> settings = new LinkedHashMap<>();
        Map<String, String> own = new LinkedHashMap<>();
        asked.settings().forEach((name, value) -> (isOfScreen(name, kind) ? own : settings).put(name, value));
        Method method = methods.make(new Registry.Asked(asked.kind(), settings), shared);
        if (own.isEmpty()) {
            return new Contender(text.strip(), method);
        }
        Map<String, String> screen = new LinkedHashMap<>(own);
        shared.forEach((name, value) -> {
            if (own.containsKey("screen") && isOfScreen(name, kind)) {
                screen.putIfAbsent(name, value);
            }
        });
        return new Contender(text.strip(), method, ContenderScreen.of(screen));
    }

    /** A method's own setting of such a name goes before. */
    private static boolean isOfScreen(String name, Kind<Method> kind) {
        return ContenderScreen.SETTINGS.contains(name) && kind.setting(name).isEmpty();
    }

    /** All that it does, by whatever text or file it was given. */
    public Map<String, @Nullable Object> json() {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("label", label);
        json.put("settings", Methods.registry().json(method));
        json.put("screen", screen == null ? null : screen.texts());
        return json;
    }

    /** The same, screened. */
    public Contender screened(ContenderScreen how) {
        return new Contender(label + how.text(), method, how);
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
