package org.noisetrail.trace;

import java.util.stream.LongStream;

/** Exact counts of what each image of a group costs. Not thread-safe: one search thread writes it. */
public final class Ledger {
    private final long[] networkEvaluations;
    private final long[] transitions;
    private final long[] decoderCalls;
    private final long[] rewardCalls;
    private final long[] heldOutCalls;

    /** All zero. */
    public Ledger(int images) {
        networkEvaluations = new long[images];
        transitions = new long[images];
        decoderCalls = new long[images];
        rewardCalls = new long[images];
        heldOutCalls = new long[images];
    }

    /** Counts evaluations of the network for an image, from 0. */
    public void networkEvaluations(int image, int count) {
        networkEvaluations[image] += count;
    }

    /** Counts one decoding. */
    public void decoderCall(int image) {
        decoderCalls[image]++;
    }

    /** Counts one reverse step. */
    public void transition(int image) {
        transitions[image]++;
    }

    /** Counts one judgement of the searched reward. */
    public void rewardCall(int image) {
        rewardCalls[image]++;
    }

    /** Counts one judgement of the held-out reward. */
    public void heldOutCall(int image) {
        heldOutCalls[image]++;
    }

    /** Those of an image. */
    public long networkEvaluations(int image) {
        return networkEvaluations[image];
    }

    /** Over all images. */
    public long networkEvaluations() {
        return LongStream.of(networkEvaluations).sum();
    }

    /** All counts of an image. */
    public Costs costs(int image) {
        return new Costs(
                networkEvaluations[image],
                transitions[image],
                decoderCalls[image],
                rewardCalls[image],
                heldOutCalls[image]);
    }
}
