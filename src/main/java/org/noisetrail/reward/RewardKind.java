package org.noisetrail.reward;

import java.util.function.BiFunction;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Pipeline;

/**
 * A reward that has a name, for command lines and files: {@code name} or {@code name:argument}. Immutable.
 *
 * @param name letters and dashes
 * @param usage as a help text shows it: {@code compressibility[:max-bytes=N]}
 * @param takesPath whether the argument is a path, which may hold any character
 * @param needsPipeline whether it is made, with an argument, of what came beside a model
 * @param make from the argument, empty where there is none, and what it is made for; throws {@link IllegalArgumentException} for an argument it does not take
 */
public record RewardKind(
        String name,
        String usage,
        boolean takesPath,
        Predicate<String> needsPipeline,
        BiFunction<String, Surroundings, Reward> make) {
    public RewardKind {
        if (!name.matches("[a-z]+(-[a-z]+)*")) {
            throw new IllegalArgumentException("a reward's name must be words joined by dashes: " + name);
        }
    }

    /**
     * What a reward is made for.
     *
     * @param device that it judges on
     * @param pipeline that draws what it judges; asked for only by kinds that need it
     */
    public record Surroundings(Supplier<Device> device, Supplier<Pipeline> pipeline) {}

    /** How a reward of your own becomes one of {@link Rewards}: found by {@link java.util.ServiceLoader}. */
    public interface Provider {
        RewardKind kind();
    }

    /** One that takes no argument and no model. */
    static RewardKind plain(String name, Supplier<Reward> make) {
        return new RewardKind(name, name, false, argument -> false, (argument, around) -> {
            none(name, argument);
            return make.get();
        });
    }

    static void none(String name, String argument) {
        if (!argument.isEmpty()) {
            throw new IllegalArgumentException(name + " takes no argument: " + argument);
        }
    }
}
