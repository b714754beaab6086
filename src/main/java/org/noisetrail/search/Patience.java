package org.noisetrail.search;

/**
 * When a step is searched no further for an image: its last {@code rounds} rounds together raised the best reward by less than {@code gain}.
 *
 * @param rounds how many rounds may pass without that gain, 1 to 65535
 * @param gain the reward they must gain together, at least 0
 * @param rollOver whether the rounds an image saves are its own to spend at later steps, beyond what those have, as long as they gain
 */
public record Patience(int rounds, double gain, boolean rollOver) {
    public Patience {
        Checks.range("patience rounds", rounds, 1, 65535);
        Checks.range("patience gain", gain, 0, Double.MAX_VALUE);
    }
}
