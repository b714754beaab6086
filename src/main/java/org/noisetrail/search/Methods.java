package org.noisetrail.search;

import java.util.List;
import java.util.function.Predicate;
import org.noisetrail.settings.Providers;
import org.noisetrail.settings.Registry;

/** The methods by name: those of the library, and those of {@link Method.Provider}s on the class path. */
public final class Methods {
    private static final Registry<Method> REGISTRY = new Registry<>(
            "method",
            Method::name,
            List.of(
                    Naive.KIND,
                    BestOfN.KIND,
                    Beam.KIND,
                    Mcts.KIND,
                    LocalSearch.ZERO_ORDER,
                    LocalSearch.EPS_GREEDY,
                    Ascent.KIND,
                    PrunedBestOfN.KIND,
                    Smc.KIND,
                    Svdd.KIND,
                    InitialNoise.KIND,
                    Evolve.KIND,
                    SearchOverPaths.KIND,
                    LookaheadBeam.KIND,
                    RolloverBudget.KIND,
                    TreeSampling.KIND));

    static {
        Providers.each(Method.Provider.class, provider -> REGISTRY.add(provider.kind()));
    }

    private Methods() {}

    /** The text of the method that draws where none is named: from prompts the best that was measured (docs/which-method.md), else the paper's. */
    public static String usual(boolean prompts) {
        return prompts ? "pruned-best-of-n:keep=4@2,1@6:noises=2" : "eps-greedy";
    }

    /** For messages: the names of the methods that can do something with their default settings, {@code that(Method::guards)}, joined by commas. */
    public static String that(Predicate<Method> can) {
        return String.join(", ", REGISTRY.names(can));
    }

    /** All there are, by name. */
    public static Registry<Method> registry() {
        return REGISTRY;
    }

    /** @throws IllegalArgumentException that names what is wrong with {@code eps-greedy:rounds=10:keep-pivot} */
    public static Method parse(String text) {
        return REGISTRY.parse(text);
    }
}
