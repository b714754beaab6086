package org.noisetrail.search;

import java.util.List;
import org.noisetrail.trace.Ledger;
import org.noisetrail.trace.Progress;

/** Adds up what waves have done, for the listener. */
final class Reporter {
    private final SearchListener listener;
    private final long totalSteps;
    private long finishedSteps;
    private long finishedEvaluations;
    private double best = Double.NaN;

    Reporter(SearchListener listener, long totalSteps) {
        this.listener = listener;
        this.totalSteps = totalSteps;
    }

    /** @param imageSteps of the running wave */
    void progress(long imageSteps, Ledger ledger) {
        listener.onProgress(new Progress(
                finishedSteps + imageSteps, totalSteps, finishedEvaluations + ledger.networkEvaluations(), best));
    }

    /** @param rewards of the clean estimates that the images go on from */
    void step(int step, List<ImageRequest> images, double[] rewards) {
        listener.onStep(step, images, rewards);
    }

    void rewards(double... rewards) {
        for (double reward : rewards) {
            if (!Double.isNaN(reward)) {
                best = Double.isNaN(best) ? reward : Math.max(best, reward);
            }
        }
    }

    void waveDone(long imageSteps, Ledger ledger) {
        finishedSteps += imageSteps;
        finishedEvaluations += ledger.networkEvaluations();
        listener.onProgress(new Progress(finishedSteps, totalSteps, finishedEvaluations, best));
    }
}
