package org.noisetrail.search;

import org.noisetrail.NoisetrailException;

/** The thread that ran the search was interrupted; its interrupt flag is set again. */
public final class SearchCancelledException extends NoisetrailException {
    private static final long serialVersionUID = 1L;

    /**
     * What has failed on a thread that is interrupted may have failed of that, whatever it says: an interrupt closes the files that are being read.
     *
     * @throws SearchCancelledException if this thread is interrupted
     */
    public static void check() {
        if (Thread.currentThread().isInterrupted()) {
            throw new SearchCancelledException();
        }
    }

    SearchCancelledException() {
        super("search cancelled: its thread was interrupted");
    }

    /** What to throw in the place of a failure: it itself, unless the thread is interrupted. What waits inside (a user's reward, the reading of files) may have been the one to see that. */
    public static RuntimeException orElse(RuntimeException cause) {
        if (!Thread.currentThread().isInterrupted() || cause instanceof SearchCancelledException) {
            return cause;
        }
        SearchCancelledException cancelled = new SearchCancelledException();
        cancelled.initCause(cause);
        return cancelled;
    }
}
