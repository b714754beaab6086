package org.noisetrail.reward;

import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Pipeline;

/**
 * A reward that has a name, for command lines and files: {@code name}, {@code name:argument}, or {@code name(reward; reward)} for one made of others. Immutable.
 *
 * @param name words of letters and digits, each of which begins with a letter, joined by dashes
 * @param usage as a help text shows it: {@code compressibility[:max-bytes=N]}
 * @param help what it is, in a line
 * @param takes how its argument is read
 * @param needsPipeline whether it is made, with an argument, of what came beside a model, its parts aside
 * @param make from the argument, empty where there is none, and what it is made for; throws {@link IllegalArgumentException} for an argument it does not take
 */
public record RewardKind(
        String name,
        String usage,
        String help,
        Argument takes,
        Predicate<String> needsPipeline,
        BiFunction<String, Surroundings, Reward> make) {
    /** How a text goes on after a reward's name. */
    public enum Argument {
        /** A colon and a word, or {@code word=number}. */
        WORD,
        /** A colon and a path, which may hold any character; within parentheses no semicolon and no closing parenthesis. */
        PATH,
        /** Other rewards, in parentheses, with semicolons between. */
        REWARDS
    }

    public RewardKind {
        if (!name.matches("[a-z][a-z0-9]*(-[a-z][a-z0-9]*)*")) {
            throw new IllegalArgumentException("a reward's name must be words joined by dashes: " + name);
        }
    }

    /**
     * What a reward is made for.
     *
     * @param device that it judges on
     * @param pipeline that draws what it judges; asked for only by kinds that need it
     * @param parts what it is made of, and then owns; none where its kind takes no {@link Argument#REWARDS}
     */
    public record Surroundings(Supplier<Device> device, Supplier<Pipeline> pipeline, List<Reward> parts) {
        public Surroundings {
            parts = List.copyOf(parts);
        }

        Surroundings with(List<Reward> parts) {
            return new Surroundings(device, pipeline, parts);
        }
    }

    /** How a reward of your own becomes one of {@link Rewards}: found by {@link java.util.ServiceLoader}. */
    public interface Provider {
        /** The reward, as texts name it. */
        RewardKind kind();
    }

    /** One that takes no argument and no model. */
    public static RewardKind plain(String name, String help, Supplier<Reward> make) {
        return new RewardKind(name, name, help, Argument.WORD, argument -> false, (argument, around) -> {
            none(name, argument);
            return make.get();
        });
    }

    /**
     * One made of others, in parentheses: {@code name(REWARD; REWARD)}.
     *
     * @param name as of any {@link RewardKind}
     * @param usage as a help text shows it: {@code worst(REWARD; REWARD)}
     * @param help what it is, in a line
     * @param make owns what it is given; refuses a number of parts that it does not take with an {@link IllegalArgumentException}
     */
    public static RewardKind of(String name, String usage, String help, Function<List<Reward>, Reward> make) {
        return new RewardKind(
                name,
                usage,
                help,
                Argument.REWARDS,
                argument -> false,
                (argument, around) -> make.apply(around.parts()));
    }

    /** One made of one other, which it owns: {@code name(REWARD)}. */
    public static RewardKind ofOne(String name, String help, UnaryOperator<Reward> make) {
        return of(name, name + "(REWARD)", help, parts -> {
            if (parts.size() != 1) {
                throw new IllegalArgumentException(name + " must have 1 reward: " + parts.size());
            }
            return make.apply(parts.get(0));
        });
    }

    static void none(String name, String argument) {
        if (!argument.isEmpty()) {
            throw new IllegalArgumentException(name + " takes no argument: " + argument);
        }
    }
}
