package org.noisetrail.search;

import java.util.HashSet;
import java.util.Set;
import java.util.stream.Stream;

final class Checks {
    private Checks() {}

    static void range(String what, long value, long low, long high) {
        if (value < low) {
            throw new IllegalArgumentException(what + " must be >= " + low + ": " + value);
        }
        if (value > high) {
            throw new IllegalArgumentException(what + " must be <= " + high + ": " + value);
        }
    }

    static int ranged(String what, int value, int low, int high) {
        range(what, value, low, high);
        return value;
    }

    /** A number names an image in its run's trail and files. */
    static void once(Stream<ImageRequest> images) {
        Set<Long> numbers = new HashSet<>();
        images.forEach(image -> {
            if (!numbers.add(image.image())) {
                throw new IllegalArgumentException("each image must be there once: " + image.image());
            }
        });
    }

    static void range(String what, double value, double low, double high) {
        if (!(value >= low && value <= high)) {
            throw new IllegalArgumentException(what + " must be from " + low + " to " + high + ": " + value);
        }
    }
}
