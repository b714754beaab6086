package org.noisetrail.settings;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * A kind of thing that is chosen by its name and made from settings: a sampler, a method. What it is told here once gives options, files and
 * tables. Immutable.
 *
 * @param <T> what is made
 */
public final class Kind<T> {
    private final String name;
    private final String help;
    private final List<Setting<?>> settings;
    private final Function<Values, ? extends T> make;
    private final Function<T, Values> read;

    private Kind(
            String name,
            String help,
            List<Setting<?>> settings,
            Function<Values, ? extends T> make,
            Function<T, Values> read) {
        this.name = name;
        this.help = help;
        this.settings = List.copyOf(settings);
        this.make = make;
        this.read = read;
    }

    /**
     * Starts a kind whose things are of class {@code type}.
     *
     * @param name words of letters and digits joined by dashes
     * @throws IllegalArgumentException if it is no such name: a text could not say it
     */
    public static <T, S extends T> Builder<T, S> of(String name, Class<S> type, String help) {
        return new Builder<>(name, type, help);
    }

    /** As command lines and files name it. */
    public String name() {
        return name;
    }

    /** What it is, in a line. */
    public String help() {
        return help;
    }

    /** What can be set, in the order in which it is shown. */
    public List<Setting<?>> settings() {
        return settings;
    }

    /** The setting of this name. */
    public Optional<Setting<?>> setting(String name) {
        return settings.stream().filter(s -> s.name().equals(name)).findFirst();
    }

    /** @throws IllegalArgumentException if the values do not go together */
    public T make(Values values) {
        return make.apply(values);
    }

    /**
     * Makes one from texts by setting name (or field), as a command line or a file gives them.
     *
     * @throws IllegalArgumentException that names the setting, if it has no such setting or a text is not one of its values
     */
    public T make(Map<String, String> texts) {
        return make(Values.builder(), texts);
    }

    /** As {@link #make(Map)}, but what the texts do not say is as it is with {@code base}, a thing of this kind. */
    public T make(T base, Map<String, String> texts) {
        return make(values(base).toBuilder(), texts);
    }

    private T make(Values.Builder values, Map<String, String> texts) {
        texts.forEach((key, text) -> values.parse(
                settings.stream()
                        .filter(setting ->
                                setting.name().equals(key) || setting.field().equals(key))
                        .findFirst()
                        .orElseThrow(() -> new IllegalArgumentException(
                                name + " has no setting \"" + key + "\"; it has: " + names())),
                text));
        return make(values.build());
    }

    private String names() {
        return settings.isEmpty()
                ? "none"
                : settings.stream().map(Setting::name).collect(Collectors.joining(", "));
    }

    /** All settings of a thing of this kind, with their values. */
    public Values values(T made) {
        return read.apply(made);
    }

    /** As a file has it: every setting's value by {@link Setting#field}. */
    public Map<String, Object> json(T made) {
        Map<String, Object> fields = new LinkedHashMap<>();
        Values values = values(made);
        settings.forEach(setting -> fields.put(setting.field(), json(setting, values)));
        return fields;
    }

    private static <V> Object json(Setting<V> setting, Values values) {
        return setting.json(values.get(setting));
    }

    /** For a table's cell: {@code N 4, K 20, keep pivot}. */
    public String words(T made) {
        Values values = values(made);
        return settings.stream()
                .map(setting -> words(setting, values))
                .filter(words -> !words.isEmpty())
                .collect(Collectors.joining(", "));
    }

    private static <V> String words(Setting<V> setting, Values values) {
        return setting.words(values.get(setting));
    }

    /** The inverse of {@link Registry#parse}: the name, and the settings that are not their fallbacks. */
    String text(T made) {
        StringBuilder text = new StringBuilder(name);
        Values values = values(made);
        settings.forEach(setting -> append(text, setting, values));
        return text.toString();
    }

    private static <V> void append(StringBuilder text, Setting<V> setting, Values values) {
        V value = values.get(setting);
        if (!value.equals(setting.fallback())) {
            text.append(':').append(setting.name());
            String words = setting.text(value);
            if (!setting.isFlag() || !words.equals("true")) {
                text.append('=').append(words);
            }
        }
    }

    @Override
    public String toString() {
        return name;
    }

    /** Collects a kind's settings, each with how it is read from a thing. */
    public static final class Builder<T, S extends T> {
        private final String name;
        private final Class<S> type;
        private final String help;
        private final Map<Setting<?>, Function<S, ?>> settings = new LinkedHashMap<>();

        private Builder(String name, Class<S> type, String help) {
            this.name = Setting.named("a kind's name", name);
            this.type = type;
            this.help = help;
        }

        /**
         * Adds a setting.
         *
         * @param get its value in an object that was made
         * @throws IllegalArgumentException if there is one of its name already
         */
        public <V> Builder<T, S> with(Setting<V> setting, Function<S, V> get) {
            if (settings.keySet().stream().anyMatch(known -> known.name().equals(setting.name()))) {
                throw new IllegalArgumentException(name + " must have one setting of a name: " + setting.name());
            }
            settings.put(setting, get);
            return this;
        }

        /**
         * The kind.
         *
         * @param make an object from the values of its settings
         */
        public Kind<T> make(Function<Values, S> make) {
            return new Kind<>(name, help, new ArrayList<>(settings.keySet()), make, made -> {
                if (!type.isInstance(made)) {
                    throw new IllegalArgumentException(name + " must be of " + type + ": "
                            + made.getClass().getName());
                }
                S thing = type.cast(made);
                Values.Builder values = Values.builder();
                settings.forEach((setting, get) -> put(values, setting, get.apply(thing)));
                return values.build();
            });
        }

        @SuppressWarnings("unchecked") // with() took the two together
        private static <V> void put(Values.Builder values, Setting<V> setting, Object value) {
            values.put(setting, (V) value);
        }
    }
}
