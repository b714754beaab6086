package org.noisetrail.search;

import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.noisetrail.NoisetrailException;
import org.noisetrail.settings.Setting;

/**
 * How many rounds a step is searched for, by its noise level sigma, that of x0 + sigma n.
 */
@FunctionalInterface
public interface Rounds {
    /**
     * @param step the step, from 0
     * @param sigma the noise level the step starts from; infinite where it is noise alone
     * @return the number of rounds, 0 to 65535; 0 = the step is not searched
     */
    int at(int step, double sigma);

    /** Whether, where a step has two evaluations, its candidates are judged after the first; by default not. */
    default boolean atFirst(int step, double sigma) {
        return false;
    }

    /** The same number at every step. */
    static Rounds constant(int rounds) {
        return new Banded(0, Double.POSITIVE_INFINITY, rounds, rounds);
    }

    /**
     * {@code inside} rounds where {@code low <= sigma <= high}, else {@code outside}; the paper's cheap setting is .01, 1, 20, 1.
     *
     * @throws IllegalArgumentException if not {@code 0 <= low <= high}, or rounds are out of their range
     */
    static Rounds byNoiseLevel(double low, double high, int inside, int outside) {
        return new Banded(low, high, inside, outside);
    }

    /**
     * Reads {@code 20}; or a schedule such as {@code 20@0.01..1,1}: 20 where {@code .01 <= sigma <= 1}, else 1 (1 if the last number is left out); or the name of a file that
     * {@link RoundSchedule#write} has written.
     *
     * @throws IllegalArgumentException if it is none of these
     */
    static Rounds parse(String text) {
        if (Banded.COUNT.matcher(text).matches()) {
            return constant(Integer.parseInt(text));
        }
        Matcher schedule = Banded.SCHEDULE.matcher(text);
        if (schedule.matches()) {
            double low = Double.parseDouble(schedule.group(2));
            double high = Double.parseDouble(schedule.group(3));
            int outside = schedule.group(4) == null ? 1 : Integer.parseInt(schedule.group(4));
            return byNoiseLevel(low, high, Integer.parseInt(schedule.group(1)), outside);
        }
        try {
            Path file = Path.of(text);
            if (Files.exists(file) && !Files.isDirectory(file)) {
                return RoundSchedule.read(file);
            }
        } catch (InvalidPathException | NoisetrailException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
        throw new IllegalArgumentException(
                "rounds must be a number or a schedule such as 20@0.01..1,1 (20 rounds where "
                        + ".01 <= sigma <= 1, else 1), or a file that is there: " + text);
    }

    /** Whether {@link #parse} takes the text for a file's name. */
    static boolean namesFile(String text) {
        return !Banded.COUNT.matcher(text).matches()
                && !Banded.SCHEDULE.matcher(text).matches();
    }

    /** The largest number in what a text gives; of a file's, which no stranger may name, 0. */
    static int largest(Rounds rounds) {
        return rounds instanceof Banded banded ? Math.max(banded.inside, banded.outside) : 0;
    }

    /**
     * One number within a band of noise levels, another outside it.
     *
     * @param low at least 0
     * @param high at least low; may be infinite
     * @param inside 0 to 65535
     * @param outside likewise
     */
    record Banded(double low, double high, int inside, int outside) implements Rounds {
        private static final String NUMBER = "(Infinity|(?:\\d+(?:\\.\\d*)?|\\.\\d+)(?:[eE][+-]?\\d+)?)";
        private static final Pattern COUNT = Pattern.compile("\\d{1,9}");
        private static final Pattern SCHEDULE =
                Pattern.compile("(\\d{1,9})@" + NUMBER + "\\.\\." + NUMBER + "(?:,(\\d{1,9}))?");

        public Banded {
            if (!(low >= 0)) {
                throw new IllegalArgumentException("the noise levels of a schedule must be >= 0: " + low);
            }
            if (!(low <= high)) {
                throw new IllegalArgumentException(
                        "the noise levels of a schedule must go upward: " + text(low, high, inside, outside));
            }
            Checks.range("rounds", inside, 0, 65535);
            Checks.range("rounds", outside, 0, 65535);
        }

        @Override
        public int at(int step, double sigma) {
            return low <= sigma && sigma <= high ? inside : outside;
        }

        /** As {@link Rounds#parse} reads it. */
        @Override
        public String toString() {
            return inside == outside ? Integer.toString(inside) : text(low, high, inside, outside);
        }

        private static String text(double low, double high, int inside, int outside) {
            return inside + "@" + Setting.plain(low) + ".." + Setting.plain(high) + "," + outside;
        }
    }
}
