package org.noisetrail.trace;

/**
 * What one image cost.
 *
 * @param networkEvaluations evaluations of the denoising network (NFE); a Heun step is 2, the last step 1
 * @param transitions reverse steps taken, those of candidates included (what the paper counts)
 * @param decoderCalls images decoded from latents
 * @param rewardCalls images the searched reward judged, the final one included
 * @param heldOutCalls images the held-out reward judged
 * @param guardCalls clean estimates the guard judged
 */
public record Costs(
        long networkEvaluations,
        long transitions,
        long decoderCalls,
        long rewardCalls,
        long heldOutCalls,
        long guardCalls) {}
