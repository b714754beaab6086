package org.noisetrail.search;

import java.util.ArrayList;
import java.util.List;

/**
 * One image to draw.
 *
 * @param image its number, 0 to 2^32 - 1: with the seed it names all its noise
 * @param label its class; -1 for an unconditional model
 */
public record ImageRequest(long image, int label) {
    public ImageRequest {
        Checks.range("image", image, 0, 0xFFFFFFFFL);
        Checks.range("class", label, -1, Integer.MAX_VALUE);
    }

    /** {@code count} images numbered from {@code first}, their classes taken in turn from {@code classes} (none: -1). */
    public static List<ImageRequest> of(long first, int count, int... classes) {
        Checks.range("images", count, 1, Integer.MAX_VALUE);
        List<ImageRequest> requests = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            requests.add(new ImageRequest(first + i, classes.length == 0 ? -1 : classes[i % classes.length]));
        }
        return List.copyOf(requests);
    }
}
