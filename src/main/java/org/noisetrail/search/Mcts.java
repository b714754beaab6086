package org.noisetrail.search;

import java.util.OptionalLong;
import org.noisetrail.sampler.Schedule;
import org.noisetrail.settings.Kind;
import org.noisetrail.settings.Setting;

/**
 * Tree search over the noises of the steps to come. A node is a state; at a step that injects noise it has N children, one for each of the
 * step's fixed noises. From the root, S simulations: down by UCB1 (Auer et al. 2002: mean + c sqrt(ln n / n_child), an unvisited child
 * first, the lowest index of equals) to a node without children, which gets them; one of them, at random, goes to the end without
 * injected noise; the reward of that image is added to every node from there up to the root. Then the root moves to the child of the best mean reward, and keeps what
 * was learned below it.
 *
 * <p>A rollout takes the stochastic steps with their noise set to 0, as the paper's published code does, not the deterministic steps of the same sampler: EDM's network is asked at the raised level t^ while the state
 * holds noise of level t, and DDIM's direction term keeps sqrt(1 - a' - s^2). So its states hold less noise than their levels say.
 *
 * <p>Steps that inject no noise leave nothing to choose: they have one child, cost no simulations, and where only such steps are left, the end is known
 * once it was reached. No state is computed twice and no rollout run twice. The choices are those of simulations run one by one, whatever the batch: of one
 * image only simulations that no reward can change go together.
 *
 * <p>A simulation that the budget does not pay for is not started, nor one after the time limit, nor one at a step whose best child's
 * mean has reached the target; the root goes on to the best child it has, and, where it has none, by the step's own noise.
 *
 * @param candidates N, noises a step, 1 to 65536
 * @param simulations S, simulations a step, 1 to 65536; those that earlier steps made below the new root come on top
 * @param exploration c, at least 0; sqrt(2) suits rewards from 0 to 1
 */
public record Mcts(int candidates, int simulations, double exploration) implements Method {
    private static final Setting<Integer> CANDIDATES =
            Setting.integer("candidates", "N", 4, 1, 65536, "Noises a step.");
    private static final Setting<Integer> SIMULATIONS =
            Setting.integer("simulations", "S", 8, 1, 65536, "Simulations a step.");
    private static final Setting<Double> EXPLORATION =
            Setting.number("exploration", "c", Math.sqrt(2), 0, 1e6, "How much UCB1 likes what was seldom tried.");

    /** Of a size for a budget: of one simulation a step there is nothing to choose. */
    private static final int FEWEST = 2;

    static final Kind<Method> KIND = Kind.<Method, Mcts>of(
                    "mcts", Mcts.class, "Tree search over each step's noises, with rollouts to the end.")
            .with(CANDIDATES, Mcts::candidates)
            .with(SIMULATIONS, Mcts::simulations)
            .with(EXPLORATION, Mcts::exploration)
            .make(values -> new Mcts(values.get(CANDIDATES), values.get(SIMULATIONS), values.get(EXPLORATION)));

    public Mcts {
        CANDIDATES.checked(candidates);
        SIMULATIONS.checked(simulations);
        EXPLORATION.checked(exploration);
    }

    /** The defaults: N 4, S 8, c sqrt(2). */
    public static Mcts standard() {
        return new Mcts(4, 8, Math.sqrt(2));
    }

    @Override
    public String name() {
        return KIND.name();
    }

    /** Rollouts, most of the work, are one row each. */
    @Override
    public int rowsPerImage(int maxBatch) {
        return 1;
    }

    @Override
    public Outcome search(Wave wave) {
        try (MctsSearch search = new MctsSearch(this, wave)) {
            return search.run();
        }
    }

    /** It depends on the rewards; where no step injects noise it is a plain trajectory's. */
    @Override
    public OptionalLong evaluations(Schedule schedule) {
        return schedule.lastLive() < 0 ? OptionalLong.of(schedule.evaluations()) : OptionalLong.empty();
    }

    /** A first guess, as if every simulation expanded a child of the root and none was ever repeated: to be corrected by {@link #resized}. */
    @Override
    public Method sized(Schedule schedule, long evaluations) {
        double each = 0;
        for (int step = 0; step < schedule.size(); step++) {
            if (!schedule.isDead(step)) {
                each += (double) candidates * schedule.evaluations(step)
                        + schedule.evaluationsFrom(Math.min(step + 2, schedule.size()));
            }
        }
        return withSimulations(each == 0 ? FEWEST : Math.round((evaluations - schedule.evaluations()) / each));
    }

    /** As if cost grew in proportion. */
    @Override
    public Method resized(Schedule schedule, double measured, long evaluations) {
        return withSimulations(Math.round(simulations * Sizes.growth(schedule, measured, evaluations)));
    }

    private Mcts withSimulations(long number) {
        return new Mcts(candidates, (int) Math.max(FEWEST, Math.min(0xFFFF, number)), exploration);
    }
}
