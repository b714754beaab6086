package org.noisetrail.trace;

/**
 * How far a search has come.
 *
 * @param imageSteps reverse steps finished, over all images
 * @param imageStepsTotal reverse steps in all: images x steps
 * @param networkEvaluations network evaluations so far, over all images
 * @param bestReward the highest reward of a clean estimate seen so far; NaN while there is none
 */
public record Progress(long imageSteps, long imageStepsTotal, long networkEvaluations, double bestReward) {}
