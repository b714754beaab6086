package org.noisetrail.search;

import java.time.Duration;
import java.util.List;

/**
 * What a search has drawn, in the order asked for.
 *
 * @param trail regenerates the images from the names of their noise
 * @param elapsed wall-clock time
 */
public record SearchResult(List<ImageResult> images, Trail trail, Duration elapsed) {
    public SearchResult {
        images = List.copyOf(images);
    }

    /** The mean final reward. */
    public double meanReward() {
        return images.stream().mapToDouble(ImageResult::reward).average().orElse(Double.NaN);
    }
}
