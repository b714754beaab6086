package org.noisetrail.engine;

import org.jspecify.annotations.Nullable;

/**
 * What a round tries.
 *
 * @param from the particles that the draws name
 * @param pivots the noises that the draws name; null if no row needs one
 * @param draws a row a candidate
 * @param round added to each row's round
 */
public record Trial(Particles from, @Nullable Rows pivots, Draws draws, int round, Locality locality) {}
