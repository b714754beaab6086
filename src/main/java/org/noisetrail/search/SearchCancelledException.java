package org.noisetrail.search;

import org.noisetrail.NoisetrailException;

/** The thread that ran the search was interrupted; its interrupt flag is set again. */
public final class SearchCancelledException extends NoisetrailException {
    private static final long serialVersionUID = 1L;

    SearchCancelledException() {
        super("search cancelled: its thread was interrupted");
    }

    static SearchCancelledException of(NoisetrailException cause) {
        if (cause instanceof SearchCancelledException cancelled) {
            return cancelled;
        }
        SearchCancelledException cancelled = new SearchCancelledException();
        cancelled.initCause(cause);
        return cancelled;
    }
}
