package org.noisetrail.sampler;

/**
 * One network evaluation of a step, and what it gives.
 *
 * @param inputScale what the state is multiplied with before the network sees it
 * @param conditioning what the network is told of the level
 * @param next the state after it
 * @param clean the clean estimate
 */
public record Stage(double inputScale, double conditioning, Affine next, Affine clean) {}
