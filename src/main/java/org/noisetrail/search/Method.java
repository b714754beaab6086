package org.noisetrail.search;

/** A search method with its settings (DESIGN, section 5). */
public sealed interface Method permits Naive, BestOfN, Beam, Mcts, LocalSearch {
    /**
     * As the command line and tables name it: {@code naive}, {@code best-of-n}, {@code beam}, {@code mcts}, {@code zero-order},
     * {@code eps-greedy}.
     */
    String name();
}
