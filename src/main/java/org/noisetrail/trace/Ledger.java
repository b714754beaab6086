package org.noisetrail.trace;

import java.util.concurrent.atomic.AtomicLongArray;

/** Exact counts of what each image of a group costs. Thread-safe. */
public final class Ledger {
    private final AtomicLongArray networkEvaluations;
    private final AtomicLongArray transitions;
    private final AtomicLongArray decoderCalls;
    private final AtomicLongArray rewardCalls;
    private final AtomicLongArray heldOutCalls;
    private final AtomicLongArray guardCalls;

    /** All zero. */
    public Ledger(int images) {
        networkEvaluations = new AtomicLongArray(images);
        transitions = new AtomicLongArray(images);
        decoderCalls = new AtomicLongArray(images);
        rewardCalls = new AtomicLongArray(images);
        heldOutCalls = new AtomicLongArray(images);
        guardCalls = new AtomicLongArray(images);
    }

    /** Counts evaluations of the network for an image, from 0. */
    public void networkEvaluations(int image, int count) {
        networkEvaluations.addAndGet(image, count);
    }

    /** Counts one decoding. */
    public void decoderCall(int image) {
        decoderCalls.incrementAndGet(image);
    }

    /** Counts one reverse step. */
    public void transition(int image) {
        transitions.incrementAndGet(image);
    }

    /** Counts one judgement of the searched reward. */
    public void rewardCall(int image) {
        rewardCalls.incrementAndGet(image);
    }

    /** Counts one judgement of the held-out reward. */
    public void heldOutCall(int image) {
        heldOutCalls.incrementAndGet(image);
    }

    /** Counts one judgement of the guard. */
    public void guardCall(int image) {
        guardCalls.incrementAndGet(image);
    }

    /** Those of an image. */
    public long networkEvaluations(int image) {
        return networkEvaluations.get(image);
    }

    /** Over all images. */
    public long networkEvaluations() {
        long sum = 0;
        for (int image = 0; image < networkEvaluations.length(); image++) {
            sum += networkEvaluations.get(image);
        }
        return sum;
    }

    /** All counts of an image. */
    public Costs costs(int image) {
        return new Costs(
                networkEvaluations.get(image),
                transitions.get(image),
                decoderCalls.get(image),
                rewardCalls.get(image),
                heldOutCalls.get(image),
                guardCalls.get(image));
    }
}
