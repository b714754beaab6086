package org.noisetrail.kernels;

/** What float16 and bfloat16 mean, by their definition: sign, exponent, fraction. */
final class Halves {
    private Halves() {}

    static float fromHalf(short bits) {
        return (float) value(bits & 0xFFFF, 10, 15);
    }

    static float fromBfloat(short bits) {
        return (float) value(bits & 0xFFFF, 7, 127);
    }

    private static double value(int bits, int fraction, int bias) {
        int exponent = (bits & 0x7FFF) >> fraction;
        int rest = bits & (1 << fraction) - 1;
        double sign = bits >= 0x8000 ? -1 : 1;
        if (exponent == 2 * bias + 1) {
            return rest == 0 ? sign * Double.POSITIVE_INFINITY : Double.NaN;
        }
        double significand = exponent == 0 ? rest : rest + (1 << fraction);
        return sign * significand * Math.pow(2, Math.max(exponent, 1) - bias - fraction);
    }

    /** Whether `bits` is a nearest value of x and, of two, the one with an even last bit. Beyond the largest, its next power of two stands for infinity. */
    static boolean isNearestEven(float x, short bits, int dtype) {
        int fraction = dtype == 1 ? 10 : 7, bias = dtype == 1 ? 15 : 127;
        int b = bits & 0xFFFF;
        if (Float.isNaN(x)) {
            return Double.isNaN(value(b, fraction, bias));
        }
        if (x != 0 && b >= 0x8000 != x < 0) {
            return false;
        }
        double a = Math.abs((double) x), limit = Math.pow(2, bias + 1.0);
        int magnitude = b & 0x7FFF;
        if (Double.isInfinite(a)) {
            return Double.isInfinite(value(magnitude, fraction, bias));
        }
        double mine = Math.min(value(magnitude, fraction, bias), limit);
        double error = Math.abs(a - mine);
        double below = magnitude == 0 ? Double.POSITIVE_INFINITY : Math.abs(a - value(magnitude - 1, fraction, bias));
        boolean infinite = mine == limit;
        double above = infinite
                ? Double.POSITIVE_INFINITY
                : Math.abs(a - Math.min(value(magnitude + 1, fraction, bias), limit));
        boolean even = magnitude % 2 == 0;
        return (even ? error <= below : error < below) && (even ? error <= above : error < above);
    }

    /** Halfway cases, subnormals, overflows and everything between, for both formats. */
    static float[] hardCases() {
        float[] some = {
            0f,
            -0f,
            1f,
            -1f,
            1 + 0x1p-11f,
            1 + 0x3p-11f,
            1 + 0x1p-11f + 0x1p-23f,
            1 + 0x1p-8f,
            1 + 0x3p-8f,
            65504f,
            65519.996f,
            65520f,
            -65536f,
            1e5f,
            3.3895314e38f,
            Float.MAX_VALUE,
            0x1p-14f,
            0x1.ffcp-15f,
            0x1.ffep-15f,
            0x1p-24f,
            0x1p-25f,
            0x1.000002p-25f,
            0x3p-25f,
            0x1p-26f,
            0x1p-126f,
            0x1p-133f,
            0x1p-134f,
            0x3p-134f,
            Float.MIN_VALUE,
            Float.NaN,
            Float.POSITIVE_INFINITY,
            Float.NEGATIVE_INFINITY
        };
        float[] all = java.util.Arrays.copyOf(some, some.length + 20_000);
        java.util.Random random = new java.util.Random(1);
        for (int i = some.length; i < all.length; i++) {
            int exponent = i % 2 == 0 ? 127 - 28 + random.nextInt(46) : random.nextInt(255);
            int mantissa = i % 3 == 0 ? random.nextInt(1 << 12) << 11 : random.nextInt(1 << 23);
            all[i] = Float.intBitsToFloat(random.nextInt(2) << 31 | exponent << 23 | mantissa);
        }
        return all;
    }
}
