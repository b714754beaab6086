package org.noisetrail.cli;

import java.math.BigDecimal;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.noisetrail.sampler.EdmSampler;
import org.noisetrail.search.Beam;
import org.noisetrail.search.BestOfN;
import org.noisetrail.search.LocalSearch;
import org.noisetrail.search.Mcts;
import org.noisetrail.search.Method;
import org.noisetrail.search.Patience;

/** A method's settings as files and tables say them. */
final class MethodWords {
    private MethodWords() {}

    /** All that decides what a method draws: two methods of the same map draw the same images. */
    static Map<String, @Nullable Object> json(Method method, EdmSampler sampler) {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("method", method.name());
        if (method instanceof BestOfN best) {
            json.put("candidates", best.candidates());
            json.put("sharedStart", best.sharedStart());
        } else if (method instanceof Beam beam) {
            json.put("candidates", beam.candidates());
            json.put("beams", beam.beams());
        } else if (method instanceof Mcts tree) {
            json.put("candidates", tree.candidates());
            json.put("simulations", tree.simulations());
            json.put("exploration", tree.exploration());
        } else if (method instanceof LocalSearch local) {
            json.put("candidates", local.candidates());
            json.put("rounds", MethodCosts.rounds(local, sampler));
            json.put("epsilon", local.epsilon());
            json.put("lambda", local.lambda());
            json.put("keepPivot", local.keepPivot());
            json.put("project", local.project());
            Patience patience = local.patience();
            if (patience != null) {
                json.put("patienceRounds", patience.rounds());
                json.put("patienceGain", patience.gain());
                json.put("rollOver", patience.rollOver());
            }
        }
        return json;
    }

    /** For a table's cell: {@code N 4, K 20, eps 0.4, lambda 0.15}. */
    static String describe(Method method, EdmSampler sampler) {
        if (method instanceof BestOfN best) {
            return "N " + best.candidates() + (best.sharedStart() ? ", shared start" : "");
        }
        if (method instanceof Beam beam) {
            return "N " + beam.candidates() + ", B " + beam.beams();
        }
        if (method instanceof Mcts tree) {
            return "N " + tree.candidates() + ", S " + tree.simulations()
                    + String.format(Locale.ROOT, ", c %.3g", tree.exploration());
        }
        if (method instanceof LocalSearch local) {
            return describe(local, sampler);
        }
        return "";
    }

    private static String describe(LocalSearch local, EdmSampler sampler) {
        StringBuilder words = new StringBuilder("N " + local.candidates() + ", " + rounds(local, sampler));
        words.append(local.epsilon() > 0 ? ", eps " + plain(local.epsilon()) : "");
        words.append(local.epsilon() < 1 ? ", lambda " + plain(local.lambda()) : "");
        words.append(local.keepPivot() ? ", pivot kept" : "").append(local.project() ? ", projected" : "");
        Patience patience = local.patience();
        if (patience != null) {
            words.append(", patience ").append(patience.rounds()).append(':').append(plain(patience.gain()));
            words.append(patience.rollOver() ? ", rounds roll over" : "");
        }
        return words.toString();
    }

    private static String rounds(LocalSearch local, EdmSampler sampler) {
        int[] rounds = MethodCosts.rounds(local, sampler);
        int low = Integer.MAX_VALUE;
        int high = 0;
        for (int step = 0; step < rounds.length; step++) {
            if (sampler.gain(step) > 0) {
                low = Math.min(low, rounds[step]);
                high = Math.max(high, rounds[step]);
            }
        }
        return low >= high
                ? "K " + high
                : "K " + low + " to " + high + " (" + Arrays.stream(rounds).sum() + " in all)";
    }

    private static String plain(double value) {
        return new BigDecimal(Double.toString(value)).stripTrailingZeros().toPlainString();
    }
}
