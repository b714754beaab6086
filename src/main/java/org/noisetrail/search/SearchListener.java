package org.noisetrail.search;

import java.util.List;
import org.noisetrail.trace.Progress;

/** Told how a search goes, on the thread that runs it; it should be quick. */
public interface SearchListener {
    SearchListener NONE = new SearchListener() {};

    /** After each round and each step. */
    default void onProgress(Progress progress) {}

    /** When some images are finished, each image once; what is told here is complete even if the search is cancelled later. */
    default void onImages(List<ImageResult> images) {}
}
