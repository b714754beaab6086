package org.noisetrail.search;

import org.jspecify.annotations.Nullable;

/**
 * Search around a pivot at every step: zero-order (epsilon 0), eps-greedy (the paper's method), and pure random per-step search
 * (epsilon 1) are settings of it (paper, algorithm 1; DESIGN, section 5).
 *
 * @param candidates N, candidates a round, 1 to 65536
 * @param rounds K, rounds a step
 * @param epsilon the probability of a global candidate, 0 to 1
 * @param lambda the radius of a local candidate in units of sqrt(d), at least 0
 * @param keepPivot whether the pivot is replaced only by a strictly better candidate
 * @param project whether a new pivot is scaled back to norm sqrt(d), the sphere on which normals live
 * @param patience when a step is searched no further; null for never before its rounds are over
 */
public record LocalSearch(
        int candidates,
        Rounds rounds,
        double epsilon,
        double lambda,
        boolean keepPivot,
        boolean project,
        @Nullable Patience patience)
        implements Method {
    public LocalSearch {
        Checks.range("candidates", candidates, 1, 65536);
        Checks.range("epsilon", epsilon, 0, 1);
        Checks.range("lambda", lambda, 0, 1e6);
    }

    /** The paper's method with its defaults: N 4, K 20, epsilon .4, lambda .15. */
    public static LocalSearch epsGreedy() {
        return builder().build();
    }

    /** eps-greedy without global candidates: N 4, K 20, lambda .15. */
    public static LocalSearch zeroOrder() {
        return builder().epsilon(0).build();
    }

    public static Builder builder() {
        return new Builder();
    }

    @Override
    public String name() {
        return epsilon == 0 ? "zero-order" : "eps-greedy";
    }

    /** Starts from eps-greedy's defaults. */
    public static final class Builder {
        private int candidates = 4;
        private Rounds rounds = Rounds.constant(20);
        private double epsilon = .4;
        private double lambda = .15;
        private boolean keepPivot;
        private boolean project;
        private @Nullable Patience patience;

        private Builder() {}

        public Builder candidates(int candidates) {
            this.candidates = candidates;
            return this;
        }

        public Builder rounds(int rounds) {
            return rounds(Rounds.constant(rounds));
        }

        public Builder rounds(Rounds rounds) {
            this.rounds = rounds;
            return this;
        }

        public Builder epsilon(double epsilon) {
            this.epsilon = epsilon;
            return this;
        }

        public Builder lambda(double lambda) {
            this.lambda = lambda;
            return this;
        }

        public Builder keepPivot(boolean keepPivot) {
            this.keepPivot = keepPivot;
            return this;
        }

        public Builder project(boolean project) {
            this.project = project;
            return this;
        }

        public Builder patience(@Nullable Patience patience) {
            this.patience = patience;
            return this;
        }

        public LocalSearch build() {
            return new LocalSearch(candidates, rounds, epsilon, lambda, keepPivot, project, patience);
        }
    }
}
