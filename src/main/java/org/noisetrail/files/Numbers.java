package org.noisetrail.files;

import java.math.BigInteger;
import java.time.Duration;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Numbers as tables and files show them. */
public final class Numbers {
    private Numbers() {}

    /** 64 unsigned bits as a number that JSON can hold. */
    public static BigInteger unsigned(long bits) {
        return new BigInteger(Long.toUnsignedString(bits));
    }

    /** JSON knows no NaN and no infinity. */
    public static @Nullable Double orNull(double value) {
        return Double.isFinite(value) ? value : null;
    }

    public static @Nullable Double orNull(OptionalDouble value) {
        return value.isPresent() ? orNull(value.getAsDouble()) : null;
    }

    /** As JSON: whole numbers without a point. */
    public static String json(double value) {
        if (!Double.isFinite(value)) {
            return "null";
        }
        return value == Math.rint(value) && Math.abs(value) < 1e15
                ? Long.toString((long) value)
                : Double.toString(value);
    }

    /** Four decimals; a dash for what is no number. */
    public static String score(double value) {
        return Double.isFinite(value) ? String.format(Locale.ROOT, "%.4f", value) : "-";
    }

    public static String seconds(Duration time) {
        return String.format(Locale.ROOT, "%.1f", inSeconds(time));
    }

    /** To the nanosecond; of more than 292 years, so many. */
    public static double inSeconds(Duration time) {
        return TimeUnit.NANOSECONDS.convert(time) / 1e9;
    }

    public static String count(long value) {
        return String.format(Locale.ROOT, "%,d", value);
    }
}
