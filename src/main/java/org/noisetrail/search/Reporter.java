package org.noisetrail.search;

import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.noisetrail.trace.Ledger;
import org.noisetrail.trace.Progress;

/** Adds up what waves have done and do, for the listener, which is told one thing at a time. Thread-safe. */
final class Reporter {
    /** How far a wave has come. */
    private record Running(long steps, long evaluations) {}

    private final SearchListener listener;
    private final long totalSteps;
    private final Map<Ledger, Running> running = new IdentityHashMap<>();
    private long finishedSteps;
    private long finishedEvaluations;
    private double best = Double.NaN;

    Reporter(SearchListener listener, long totalSteps) {
        this.listener = listener;
        this.totalSteps = totalSteps;
    }

    /** @param imageSteps of the wave that the ledger belongs to */
    synchronized void progress(long imageSteps, Ledger ledger) {
        running.put(ledger, new Running(imageSteps, ledger.networkEvaluations()));
        tell();
    }

    private void tell() {
        long steps = finishedSteps;
        long evaluations = finishedEvaluations;
        for (Running wave : running.values()) {
            steps += wave.steps();
            evaluations += wave.evaluations();
        }
        listener.onProgress(new Progress(steps, totalSteps, evaluations, best));
    }

    /** @param rewards of the clean estimates that the images go on from */
    synchronized void step(int step, List<ImageRequest> images, double[] rewards) {
        listener.onStep(step, images, rewards);
    }

    synchronized void rewards(double... rewards) {
        for (double reward : rewards) {
            if (!Double.isNaN(reward)) {
                best = Double.isNaN(best) ? reward : Math.max(best, reward);
            }
        }
    }

    synchronized void waveDone(long imageSteps, Ledger ledger) {
        running.remove(ledger);
        finishedSteps += imageSteps;
        finishedEvaluations += ledger.networkEvaluations();
        tell();
    }

    synchronized void images(List<ImageResult> finished) {
        listener.onImages(finished);
    }
}
