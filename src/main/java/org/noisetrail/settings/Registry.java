package org.noisetrail.settings;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * The kinds of one sort of thing, by name. A text names a kind and its settings: {@code eps-greedy:rounds=10:keep-pivot}. Thread-safe.
 *
 * @param <T> what is made
 */
public final class Registry<T> {
    private final Function<T, String> nameOf;
    private final Named<Kind<T>> kinds;

    /**
     * @param what they are, for messages: {@code sampler}
     * @param nameOf gives the name of a thing's kind
     */
    public Registry(String what, Function<T, String> nameOf, List<Kind<T>> kinds) {
        this.nameOf = nameOf;
        this.kinds = new Named<>(what, Kind::name, kinds);
    }

    /** @throws IllegalArgumentException if there is one of that name already */
    public void add(Kind<T> kind) {
        kinds.add(kind);
    }

    /** All there are, in the order in which they were added. */
    public List<Kind<T>> kinds() {
        return kinds.all();
    }

    /** Those that are the library's own, and no provider's. */
    public List<Kind<T>> ownKinds() {
        return kinds.own();
    }

    /** The kind of this name. */
    public Optional<Kind<T>> find(String name) {
        return kinds.find(name);
    }

    /** @throws IllegalArgumentException that lists the names, if there is none of this one */
    public Kind<T> kind(String name) {
        return kinds.get(name);
    }

    /** @throws IllegalArgumentException if the thing is of no kind that is registered here */
    public Kind<T> kindOf(T made) {
        return kind(nameOf.apply(made));
    }

    /** All names, joined by commas, for messages. */
    public String names() {
        return kinds.names();
    }

    /** The names of those that hold with all settings at their fallbacks; a kind that cannot be made so is left out. */
    public List<String> names(Predicate<? super T> holds) {
        return kinds().stream()
                .filter(kind -> holdsByDefault(kind, holds))
                .map(Kind::name)
                .toList();
    }

    private static <T> boolean holdsByDefault(Kind<T> kind, Predicate<? super T> holds) {
        try {
            return holds.test(kind.make(Values.NONE));
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /**
     * Makes what a text says: {@code NAME[:SETTING[=VALUE]]...}. A value may have a colon in it if what follows is a digit or a dot.
     *
     * @throws IllegalArgumentException that names what is wrong
     */
    public T parse(String text) {
        return parse(text, Map.of());
    }

    /** @param shared texts by setting name that hold where the text says nothing, as far as the kind has such settings */
    public T parse(String text, Map<String, String> shared) {
        return make(asked(text), shared);
    }

    /**
     * What a text asks for.
     *
     * @param kind its name
     * @param settings texts by name, in the order in which they were given; empty for what stands without a value
     */
    public record Asked(String kind, Map<String, String> settings) {
        public Asked {
            settings = Collections.unmodifiableMap(new LinkedHashMap<>(settings));
        }
    }

    /**
     * Takes a text apart as {@link #parse} does; whether there is such a kind, or such a setting, is not looked at.
     *
     * @throws IllegalArgumentException if a setting is there twice
     */
    public static Asked asked(String text) {
        List<String> parts = parts(text);
        Map<String, String> texts = new LinkedHashMap<>();
        for (String part : parts.subList(1, parts.size())) {
            String[] two = part.split("=", 2);
            String name = two[0].strip();
            if (texts.put(name, two.length == 1 ? "" : two[1]) != null) {
                throw new IllegalArgumentException(name + " must be said once: " + text);
            }
        }
        return new Asked(parts.get(0), texts);
    }

    /** As {@link #parse(String, Map)}. */
    public T make(Asked asked, Map<String, String> shared) {
        Kind<T> kind = kind(asked.kind());
        Map<String, String> texts = new LinkedHashMap<>();
        shared.forEach((name, value) -> {
            if (kind.setting(name).isPresent()) {
                texts.put(name, value);
            }
        });
        texts.putAll(asked.settings());
        return kind.make(texts);
    }

    private static List<String> parts(String text) {
        List<String> parts = new ArrayList<>();
        for (String part : text.strip().split(":", -1)) {
            if (parts.size() > 1 && part.matches("[0-9.].*")) {
                parts.set(parts.size() - 1, parts.get(parts.size() - 1) + ":" + part);
            } else {
                parts.add(part);
            }
        }
        return parts;
    }

    /** The inverse of {@link #parse}: the shortest text that makes an equal thing. */
    public String text(T made) {
        return kindOf(made).text(made);
    }

    /** As a file has it: {@code name} and every setting. */
    public Map<String, Object> json(T made) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("name", kindOf(made).name());
        fields.putAll(kindOf(made).json(made));
        return fields;
    }

    /** For a table's cell. */
    public String words(T made) {
        return kindOf(made).words(made);
    }
}
