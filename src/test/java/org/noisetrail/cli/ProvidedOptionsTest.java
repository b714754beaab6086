package org.noisetrail.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.noisetrail.settings.Kind;
import org.noisetrail.settings.Registry;
import org.noisetrail.settings.Setting;
import org.noisetrail.testing.LogLines;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Settings of users' parts beside the library's options. */
class ProvidedOptionsTest {
    private record Thing(String name, int value) {}

    private static final Setting<Integer> SIZE = Setting.integer("size", "", 1, 0, 9, "The library's.");
    private static final Setting<Integer> DEPTH = Setting.integer("depth", "", 1, 0, 9, "The library's, too.");

    private static Kind<Thing> kind(String name, Setting<Integer> setting) {
        return Kind.<Thing, Thing>of(name, Thing.class, "A thing.")
                .with(setting, Thing::value)
                .make(values -> new Thing(name, values.get(setting)));
    }

    private static Registry<Thing> things(String own, Setting<Integer> ours, Setting<?>... users) {
        Registry<Thing> registry = new Registry<>("thing", Thing::name, List.of(kind(own, ours)));
        for (Setting<?> setting : users) {
            registry.add(kind("users-" + setting.name(), Setting.integer(setting.name(), "", 2, 0, 99, "A user's.")));
        }
        return registry;
    }

    private static Setting<Integer> named(String name) {
        return Setting.integer(name, "", 2, 0, 99, "A user's.");
    }

    @Command
    private static final class First extends RegistryOptions<Thing> {
        First() {
            super("first", things("one", SIZE, named("seed"), named("depth"), named("help"), named("extra"), SIZE));
        }
    }

    @Command
    private static final class Second extends RegistryOptions<Thing> {
        Second() {
            super("second", things("two", DEPTH, named("extra")));
        }
    }

    @Command(name = "draw", mixinStandardHelpOptions = true, modelTransformer = RegistryOptions.Adder.class)
    private static final class Draw {
        @Option(names = "--seed")
        private int seed;

        @Mixin
        private First first;

        @Mixin
        private Second second;
    }

    @RegisterExtension
    private final LogLines log = new LogLines(RegistryOptions.class.getName());

    @Test
    void aSettingWhoseNameIsTakenIsLeftOutInALineAndTheCommandStands() {
        Draw draw = new Draw();
        CommandLine line = new CommandLine(draw);
        line.parseArgs("--seed", "7", "--depth", "3", "--extra", "50");
        assertThat(draw.seed).isEqualTo(7);
        assertThat(draw.second.given()).containsOnlyKeys("depth");
        assertThat(draw.first.given()).containsOnlyKeys("extra");
        assertThat(draw.first.make("users-extra", null)).isEqualTo(new Thing("users-extra", 50));
        // A setting of the library's name is the library's option.
        line.parseArgs("--size", "5");
        assertThat(draw.first.given()).containsEntry("size", "5");
        assertThat(log.messages())
                .containsExactlyInAnyOrder(
                        "first users-seed: its setting seed is no option of draw, which has another --seed",
                        "first users-depth: its setting depth is no option of draw, which has another --depth",
                        "first users-help: its setting help is no option of draw, which has another --help",
                        "second users-extra: its setting extra is no option of draw, which has another --extra");
    }
}
