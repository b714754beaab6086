package org.noisetrail.cli;

import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.noisetrail.settings.Kind;
import org.noisetrail.settings.Registry;
import org.noisetrail.settings.Setting;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.IModelTransformer;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.ISetter;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * The settings of all kinds of a registry as options, each declared where its kind is. A setting that several kinds have is one option. A command that mixes these in names
 * {@link Adder} as its model transformer.
 *
 * @param <T> what is made
 */
abstract class RegistryOptions<T> implements OwnOptions {
    private static final Logger LOG = LoggerFactory.getLogger(RegistryOptions.class);

    private final String what;
    private final Registry<T> registry;
    private final Map<String, String> given = new LinkedHashMap<>();

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    /** @param what the option that names a kind, without dashes: {@code method} */
    RegistryOptions(String what, Registry<T> registry) {
        this.what = what;
        this.registry = registry;
    }

    /** Adds the options of mixins that have such to every command that mixes them in. */
    static final class Adder implements IModelTransformer {
        @Override
        public CommandSpec transform(CommandSpec command) {
            List<OwnOptions> mixins = command.mixins().values().stream()
                    .map(CommandSpec::userObject)
                    .filter(OwnOptions.class::isInstance)
                    .map(OwnOptions.class::cast)
                    .toList();
            mixins.forEach(options -> options.addTo(command));
            mixins.forEach(options -> options.addProvided(command));
            return command;
        }
    }

    @Override
    public void addTo(CommandSpec command) {
        settings(true).forEach((name, byKind) -> command.addOption(option(name, byKind)));
    }

    @Override
    public void addProvided(CommandSpec command) {
        settings(false).forEach((name, byKind) -> {
            if (!command.optionsMap().containsKey("--" + name)) {
                command.addOption(option(name, byKind));
                return;
            }
            LOG.warn(
                    "{} {}: its setting {} is no option of {}, which has another --{}",
                    what,
                    String.join(", ", byKind.keySet()),
                    name,
                    command.name(),
                    name);
        });
    }

    /**
     * Settings by name, each with all kinds that have it.
     *
     * @param own those that a kind of the library has, or the others
     */
    private Map<String, Map<String, Setting<?>>> settings(boolean own) {
        Map<String, Map<String, Setting<?>>> byName = new LinkedHashMap<>();
        for (Kind<T> kind : registry.kinds()) {
            for (Setting<?> setting : kind.settings()) {
                byName.computeIfAbsent(setting.name(), name -> new LinkedHashMap<>())
                        .put(kind.name(), setting);
            }
        }
        byName.values()
                .removeIf(byKind ->
                        own != registry.ownKinds().stream().map(Kind::name).anyMatch(byKind::containsKey));
        return byName;
    }

    private OptionSpec option(String name, Map<String, Setting<?>> byKind) {
        Setting<?> first = byKind.values().iterator().next();
        OptionSpec.Builder option = OptionSpec.builder("--" + name)
                .description(description(byKind))
                .setter(new ISetter() {
                    @Override
                    @SuppressWarnings("unchecked") // picocli hands out what was there before
                    public <V> V set(V value) {
                        if (value == null || Boolean.FALSE.equals(value)) {
                            given.remove(name);
                        } else {
                            given.put(name, String.valueOf(value));
                        }
                        return value;
                    }
                });
        if (first.isFlag() && first.takesValue()) {
            option.fallbackValue("true");
        }
        return first.isFlag() && !first.takesValue()
                ? option.type(Boolean.class).arity("0").build()
                : option.type(String.class)
                        .arity(first.isFlag() ? "0..1" : "1")
                        .paramLabel(first.label())
                        .build();
    }

    /** Who has the setting and what it is without it; said once where all agree. */
    private String description(Map<String, Setting<?>> byKind) {
        List<String> helps =
                byKind.values().stream().map(Setting::help).distinct().toList();
        String help = helps.size() == 1
                ? helps.get(0)
                : byKind.entrySet().stream()
                        .map(e -> e.getKey() + ": " + e.getValue().help())
                        .collect(Collectors.joining(" "));
        String owners = byKind.size() == registry.kinds().size() ? "" : String.join(", ", byKind.keySet()) + ": ";
        Setting<?> first = byKind.values().iterator().next();
        if (first.isFlag()) {
            return (helps.size() == 1 ? owners : "") + help;
        }
        List<String> defaults = byKind.values().stream()
                .map(RegistryOptions::fallback)
                .distinct()
                .toList();
        String fallback = defaults.size() == 1
                ? defaults.get(0)
                : byKind.entrySet().stream()
                        .map(e -> fallback(e.getValue()) + " (" + e.getKey() + ")")
                        .collect(Collectors.joining(", "));
        return (helps.size() == 1 ? owners : "") + help + " Default: " + fallback;
    }

    private static <V> String fallback(Setting<V> setting) {
        return setting.text(setting.fallback());
    }

    Registry<T> registry() {
        return registry;
    }

    /** What was given, by setting name, in that order. */
    Map<String, String> given() {
        return Collections.unmodifiableMap(given);
    }

    /**
     * Makes one of a kind from what was given.
     *
     * @param base of that kind: what it is where nothing was given; null for the kind's own fallbacks
     * @throws IllegalArgumentException that names the setting, if a value is not one of its values
     */
    T make(String name, @Nullable T base) {
        Kind<T> kind = fitting(name);
        return base == null ? kind.make(given) : kind.make(base, given);
    }

    /** As {@link #make}, but what was not given is as these texts by setting name say, as far as the kind has such settings. */
    T makeSharing(String name, Map<String, String> shared) {
        return registry.make(new Registry.Asked(fitting(name).name(), given), shared);
    }

    private Kind<T> fitting(String name) {
        Kind<T> kind = registry.find(name)
                .orElseThrow(() -> usage("unknown " + what + " (known: " + registry.names() + "): " + name));
        for (String setting : given.keySet()) {
            if (kind.setting(setting).isEmpty()) {
                throw usage("--" + setting + " is not an option of --" + what + " " + name + " (it is one of "
                        + owners(setting) + ")");
            }
        }
        return kind;
    }

    /** Refuses what was given and is an option of none of these kinds. */
    void checkUsed(Collection<String> names) {
        for (String setting : given.keySet()) {
            if (names.stream()
                    .noneMatch(name -> registry.find(name)
                            .flatMap(kind -> kind.setting(setting))
                            .isPresent())) {
                throw usage(
                        "--" + setting + " is not an option of any of the " + what + "s " + String.join(", ", names));
            }
        }
    }

    private String owners(String setting) {
        return registry.kinds().stream()
                .filter(kind -> kind.setting(setting).isPresent())
                .map(Kind::name)
                .collect(Collectors.joining(", "));
    }

    ParameterException usage(String message) {
        return new ParameterException(command.commandLine(), message);
    }
}
