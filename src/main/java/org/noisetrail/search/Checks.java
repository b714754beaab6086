package org.noisetrail.search;

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

    static void range(String what, double value, double low, double high) {
        if (!(value >= low && value <= high)) {
            throw new IllegalArgumentException(what + " must be from " + low + " to " + high + ": " + value);
        }
    }
}
