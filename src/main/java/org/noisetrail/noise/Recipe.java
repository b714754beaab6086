package org.noisetrail.noise;

import java.util.List;

/**
 * The noise of one image's trajectory as a recipe: the names of the draws that make it, a few hundred bytes.
 *
 * @param start the initial state's candidate (round 0)
 * @param steps per step, the draws applied in turn to the step's own noise (round 0, {@code chain}); none = the own noise as it is
 * @param chain the candidate of round 0 that is each step's own noise
 */
public record Recipe(int start, int chain, List<List<Draw>> steps) {
    public Recipe {
        Draw.check("start", start);
        Draw.check("chain", chain);
        steps = steps.stream().map(List::copyOf).toList();
    }

    /**
     * One accepted candidate.
     *
     * @param round 0 to 65535
     * @param candidate 0 to 65535
     * @param local whether it moved the pivot (else it replaced it)
     */
    public record Draw(int round, int candidate, boolean local) {
        public Draw {
            check("round", round);
            check("candidate", candidate);
        }

        private static void check(String what, int value) {
            if (value < 0 || value > 0xFFFF) {
                throw new IllegalArgumentException(what + " must be from 0 to 65535: " + value);
            }
        }

        /** {@code g3.1}: global, round 3, candidate 1; {@code l3.1}: local. */
        @Override
        public String toString() {
            return (local ? "l" : "g") + round + "." + candidate;
        }

        /** The inverse of {@link #toString}. */
        public static Draw parse(String text) {
            if (!text.matches("[gl]\\d{1,5}\\.\\d{1,5}")) {
                throw new IllegalArgumentException("draw must be like g3.1 or l3.1: " + text);
            }
            int dot = text.indexOf('.');
            return new Draw(
                    Integer.parseInt(text.substring(1, dot)),
                    Integer.parseInt(text.substring(dot + 1)),
                    text.charAt(0) == 'l');
        }
    }
}
