package org.noisetrail.sampler;

/**
 * Numbers that four things are multiplied with and added up: {@code x * x^ + f1 * F1 + y * x' + f2 * F2}, where x^ is the state that the first network output F1
 * was computed from, and x' the one of the second, F2.
 */
public record Affine(double x, double f1, double y, double f2) {
    /** 0. */
    public static final Affine NONE = new Affine(0, 0, 0, 0);

    /** This and {@code factor} times another, number by number. */
    public Affine plus(double factor, Affine other) {
        return new Affine(x + factor * other.x, f1 + factor * other.f1, y + factor * other.y, f2 + factor * other.f2);
    }

    boolean usesFirst() {
        return x != 0 || f1 != 0;
    }

    boolean usesSecond() {
        return y != 0 || f2 != 0;
    }
}
