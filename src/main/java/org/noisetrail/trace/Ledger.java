package org.noisetrail.trace;

import java.util.stream.LongStream;

/** Exact counts of what each image of a group costs. Not thread-safe: one search thread writes it. */
public final class Ledger {
    private final long[] networkEvaluations;
    private final long[] transitions;
    private final long[] decoderCalls;
    private final long[] rewardCalls;
    private final long[] heldOutCalls;

    public Ledger(int images) {
        networkEvaluations = new long[images];
        transitions = new long[images];
        decoderCalls = new long[images];
        rewardCalls = new long[images];
        heldOutCalls = new long[images];
    }

    public void networkEvaluations(int image, int count) {
        networkEvaluations[image] += count;
    }

    public void decoderCall(int image) {
        decoderCalls[image]++;
    }

    public void transition(int image) {
        transitions[image]++;
    }

    public void rewardCall(int image) {
        rewardCalls[image]++;
    }

    public void heldOutCall(int image) {
        heldOutCalls[image]++;
    }

    public long networkEvaluations(int image) {
        return networkEvaluations[image];
    }

    /** Over all images. */
    public long networkEvaluations() {
        return LongStream.of(networkEvaluations).sum();
    }

    public Costs costs(int image) {
        return new Costs(
                networkEvaluations[image],
                transitions[image],
                decoderCalls[image],
                rewardCalls[image],
                heldOutCalls[image]);
    }
}
