package org.noisetrail.search;

/**
 * Tree search over the noises of the steps to come (DESIGN, section 5). A node is a state; at a step that injects noise it has N children, one for each of the
 * step's fixed noises. From the root, S simulations: down by UCB1 (Auer et al. 2002: mean + c sqrt(ln n / n_child), an unvisited child
 * first, the lowest index of equals) to a node without children, which gets them; one of them, at random, goes to the end without
 * injected noise; the reward of that image is added to every node from there up to the root. Then the root moves to the child of the best mean reward, and keeps what
 * was learned below it.
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
    public Mcts {
        Checks.range("candidates", candidates, 1, 65536);
        Checks.range("simulations", simulations, 1, 65536);
        Checks.range("exploration", exploration, 0, 1e6);
    }

    /** The defaults: N 4, S 8, c sqrt(2). */
    public static Mcts standard() {
        return new Mcts(4, 8, Math.sqrt(2));
    }

    @Override
    public String name() {
        return "mcts";
    }
}
