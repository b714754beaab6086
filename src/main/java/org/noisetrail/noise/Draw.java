package org.noisetrail.noise;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** How one noise is made from names; {@code toString} gives the text that a trail holds, {@link #parse} reads it. Immutable. */
public sealed interface Draw {
    /**
     * An accepted candidate.
     *
     * @param round 0 to 65535
     * @param candidate 0 to 65535
     * @param local whether it moved the noise before it (else it replaced it)
     */
    record Named(int round, int candidate, boolean local) implements Draw {
        public Named {
            check("round", round);
            check("candidate", candidate);
        }

        /** {@code g3.1}: global, round 3, candidate 1; {@code l3.1}: local. */
        @Override
        public String toString() {
            return (local ? "l" : "g") + round + "." + candidate;
        }
    }

    /**
     * The weighted sum of a round's candidates 0, 1, ..., scaled to norm sqrt(d), which replaced the noise before it.
     *
     * @param round 0 to 65535
     * @param weights one a candidate, finite, not all 0
     */
    record Combined(int round, List<Double> weights) implements Draw {
        public Combined {
            check("round", round);
            check("candidates", weights.size());
            weights = List.copyOf(weights);
            if (!weights.stream().allMatch(Double::isFinite) || weights.stream().allMatch(w -> w == 0)) {
                throw new IllegalArgumentException("weights must be finite and not all 0: " + weights);
            }
        }

        /** {@code c1:0.5,-1.25}: round 1, candidates 0 and 1. */
        @Override
        public String toString() {
            return "c" + round + ":" + weights.stream().map(String::valueOf).collect(Collectors.joining(","));
        }
    }

    /**
     * A round's candidates weighted by way of their clean estimates, which replaced the noise before it: with h the weighted sum of the estimates' differences from
     * their mean, h^ = h/|h|, and z the noise before, sqrt(d) unit(z - &lt;z, h^&gt; h^ + shift h^). Making it costs the candidates' evaluations again.
     *
     * @param round 0 to 65535
     * @param shift in standard deviations of a normal's component
     * @param screened whether the estimates are those of the first of a step's evaluations
     * @param weights one a candidate, finite, not all 0
     */
    record Shifted(int round, double shift, boolean screened, List<Double> weights) implements Draw {
        public Shifted {
            new Combined(round, weights);
            weights = List.copyOf(weights);
            if (!Double.isFinite(shift)) {
                throw new IllegalArgumentException("shift must be finite: " + shift);
            }
        }

        /** {@code h1:4.0:0.5,-1.25}, or {@code f1:...} where estimates are first ones. */
        @Override
        public String toString() {
            return (screened ? "f" : "h") + round + ":" + shift + ":"
                    + weights.stream().map(String::valueOf).collect(Collectors.joining(","));
        }
    }

    /**
     * The noise before it, mixed with a candidate's: sqrt(1 - share^2) z + share n, as normal as both.
     *
     * @param round 0 to 65535
     * @param candidate 0 to 65535
     * @param share 0 to 1
     */
    record Mixed(int round, int candidate, double share) implements Draw {
        public Mixed {
            check("round", round);
            check("candidate", candidate);
            if (!(share >= 0 && share <= 1)) {
                throw new IllegalArgumentException("share must be from 0 to 1: " + share);
            }
        }

        /** {@code m3.1:0.2}: of round 3, candidate 1. */
        @Override
        public String toString() {
            return "m" + round + "." + candidate + ":" + share;
        }
    }

    /** The noise that was there is replaced by a round's candidate. */
    static Draw global(int round, int candidate) {
        return new Named(round, candidate, false);
    }

    /**
     * The inverse of {@code toString}.
     *
     * @throws IllegalArgumentException if it is no draw
     */
    static Draw parse(String text) {
        if (text.matches("[gl]\\d{1,5}\\.\\d{1,5}")) {
            int dot = text.indexOf('.');
            return new Named(
                    Integer.parseInt(text.substring(1, dot)),
                    Integer.parseInt(text.substring(dot + 1)),
                    text.charAt(0) == 'l');
        }
        String number = "[-+]?(?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][-+]?\\d+)?";
        // Possessive: a loop that may give back is a recursion, too deep for thousands of weights.
        String numbers = number + "(?:," + number + ")*+";
        if (text.matches("c\\d{1,5}:" + numbers)) {
            int colon = text.indexOf(':');
            return new Combined(Integer.parseInt(text.substring(1, colon)), weights(text.substring(colon + 1)));
        }
        if (text.matches("[hf]\\d{1,5}:" + number + ":" + numbers)) {
            String[] parts = text.substring(1).split(":");
            return new Shifted(
                    Integer.parseInt(parts[0]), Double.parseDouble(parts[1]), text.charAt(0) == 'f', weights(parts[2]));
        }
        if (text.matches("m\\d{1,5}\\.\\d{1,5}:" + number)) {
            String[] parts = text.substring(1).split("[.:]", 3);
            return new Mixed(Integer.parseInt(parts[0]), Integer.parseInt(parts[1]), Double.parseDouble(parts[2]));
        }
        throw new IllegalArgumentException(
                "draw must be like g3.1, l3.1, m3.1:0.2, c1:0.5,-1.25 or h1:4.0:0.5,-1.25: " + text);
    }

    private static List<Double> weights(String text) {
        List<Double> weights = new ArrayList<>();
        for (String weight : text.split(",")) {
            weights.add(Double.valueOf(weight));
        }
        return weights;
    }

    private static void check(String what, int value) {
        if (value < 0 || value > 0xFFFF) {
            throw new IllegalArgumentException(what + " must be from 0 to 65535: " + value);
        }
    }
}
