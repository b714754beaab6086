package org.noisetrail.evaluation;

import java.util.Arrays;
import java.util.function.Predicate;
import org.noisetrail.model.Condition;
import org.noisetrail.search.Method;
import org.noisetrail.search.Methods;

/** Which method a planner takes where none is named: the one table that decides it, from what was measured. The first that holds is taken. */
enum DefaultMethod {
    /** Nothing is there for per-step search to choose; brightness .456, best-of-n .407 at the same 245 evaluations. */
    NOISELESS(
            "where no step injects noise",
            setup -> setup.schedule().lastLive() < 0,
            "x-t:variant=ascent",
            "benchmarks/results/planning.md"),
    /** On both rewards beyond its interval above best-of-n at 200 evaluations, and in the mean above it and the same without noises in equal seconds. */
    PROMPTS(
            "from prompts",
            setup -> setup.conditions().stream().anyMatch(Condition.Prompt.class::isInstance),
            Methods.usual(true),
            "benchmarks/results/fashion-scenes.md"),
    /** M 8 at 139 evaluations .998, best-of-60 at 2,100 .996; logits, since probabilities saturate. */
    CLASS(
            "for the probability of a class",
            setup -> setup.reward().isProbability(),
            "ascent:regress=logit:score-at-first",
            "benchmarks/results/fashion-mnist.md"),
    /** Brightness: M 8 at 139 evaluations .689, best-of-60 at 2,100 .460; eps-greedy scored at first .593 at 282. */
    ANY("", setup -> true, "ascent:score-at-first", "benchmarks/results/fashion-mnist.md");

    private final String words;
    private final Predicate<Setup> holds;
    private final String method;
    private final String source;

    /**
     * @param words when it holds
     * @param method as {@link Methods#parse} reads it; its size is the planner's
     * @param source of what was measured
     */
    DefaultMethod(String words, Predicate<Setup> holds, String method, String source) {
        this.words = words;
        this.holds = holds;
        this.method = method;
        this.source = source;
    }

    static DefaultMethod of(Setup setup) {
        return Arrays.stream(values())
                .filter(rule -> rule.holds.test(setup))
                .findFirst()
                .orElseThrow();
    }

    Method method() {
        return Methods.parse(method);
    }

    /** Why, in half a line. */
    String reason() {
        return "the best measured" + (words.isEmpty() ? "" : " " + words) + " (" + source + ")";
    }
}
