package org.noisetrail.search;

import java.util.List;
import org.noisetrail.trace.Progress;

/** Told how a search goes, one thing at a time, on the thread that runs it, or a worker's where there are several; it should be quick. What it throws ends the search, as it is. */
public interface SearchListener {
    /** Listens to nothing. */
    SearchListener NONE = new SearchListener() {};

    /** Before anything is drawn, once a search. */
    default void onStart(List<ImageRequest> images) {}

    /** After each round and each step. */
    default void onProgress(Progress progress) {}

    /**
     * When a step has been searched for some images, by a method that judges clean estimates (local search, beam).
     *
     * @param rewards of the clean estimate that each image goes on from, in the images' order; NaN where it was not judged
     */
    default void onStep(int step, List<ImageRequest> images, double[] rewards) {}

    /** When some images are finished, each image once, in the order in which they are: with several workers it need not be the one asked for. What is told here is complete even if the search is cancelled later. */
    default void onImages(List<ImageResult> images) {}
}
