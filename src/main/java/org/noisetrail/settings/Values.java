package org.noisetrail.settings;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/** Values of settings; a setting that has none here has its fallback. Immutable. */
public final class Values {
    /** No value at all: every setting has its fallback. */
    public static final Values NONE = new Values(Map.of());

    private final Map<Setting<?>, Object> values;

    private Values(Map<Setting<?>, Object> values) {
        this.values = values;
    }

    /** With no value. */
    public static Builder builder() {
        return new Builder();
    }

    /** The value, or the setting's default where none was given. */
    @SuppressWarnings("unchecked") // the builder took it for this setting
    public <T> T get(Setting<T> setting) {
        Object value = values.get(setting);
        return value == null ? setting.fallback() : (T) value;
    }

    /** The settings that have a value here, though it be their fallback, in the order in which they were given one. */
    public Set<Setting<?>> given() {
        return Collections.unmodifiableSet(values.keySet());
    }

    /** Starts from these values. */
    public Builder toBuilder() {
        Builder builder = new Builder();
        builder.values.putAll(values);
        return builder;
    }

    /** Collects values. */
    public static final class Builder {
        private final Map<Setting<?>, Object> values = new LinkedHashMap<>();

        private Builder() {}

        /** @throws IllegalArgumentException that names the setting, if the value is out of its range */
        public <T> Builder put(Setting<T> setting, T value) {
            values.put(setting, setting.checked(value));
            return this;
        }

        /** @throws IllegalArgumentException that names the setting, if the text is not one of its values */
        public <T> Builder parse(Setting<T> setting, String text) {
            return put(setting, setting.parse(text));
        }

        /** The setting has its fallback again. */
        public Builder remove(Setting<?> setting) {
            values.remove(setting);
            return this;
        }

        /** The values. */
        public Values build() {
            return values.isEmpty() ? NONE : new Values(new LinkedHashMap<>(values));
        }
    }
}
