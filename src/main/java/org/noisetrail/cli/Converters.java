package org.noisetrail.cli;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** How options that are not plain numbers are read. */
final class Converters {
    private Converters() {}

    /** What the parser refuses becomes picocli's complaint about the option. */
    static <T> T usage(Supplier<T> parser) {
        try {
            return parser.get();
        } catch (IllegalArgumentException e) {
            throw new TypeConversionException(e.getMessage());
        }
    }

    /** A seed: 64 unsigned bits in decimal. */
    static final class Seed implements ITypeConverter<Long> {
        @Override
        public Long convert(String text) {
            try {
                return Long.parseUnsignedLong(text);
            } catch (NumberFormatException e) {
                throw new TypeConversionException("must be a number from 0 to 18446744073709551615: " + text);
            }
        }
    }

    /** Wall-clock time: {@code 90}, {@code 90s}, {@code 1.5m}, {@code 2h}. */
    static final class TimeLimit implements ITypeConverter<Duration> {
        @Override
        public Duration convert(String text) {
            if (!text.matches("(\\d+(\\.\\d*)?|\\.\\d+)[smh]?") || text.length() > 20) {
                throw new TypeConversionException("must be a time such as 90, 90s, 1.5m or 2h: " + text);
            }
            char unit = text.charAt(text.length() - 1);
            String number = Character.isLetter(unit) ? text.substring(0, text.length() - 1) : text;
            double seconds = Double.parseDouble(number) * (unit == 'h' ? 3600 : unit == 'm' ? 60 : 1);
            if (!(seconds > 0 && seconds <= 1e9)) {
                throw new TypeConversionException("must be above 0 and at most 1e9 seconds: " + text);
            }
            return Duration.ofNanos((long) (seconds * 1e9));
        }
    }

    /** A file's or folder's name; in a locale such as C, Java reads none that is not ASCII. */
    static final class FileName implements ITypeConverter<Path> {
        @Override
        public Path convert(String text) {
            return usage(() -> path(text));
        }

        /** @throws IllegalArgumentException if it is empty, which Java takes for the current folder; if the locale has not all of its characters */
        static Path path(String text) {
            if (text.isEmpty()) {
                throw new IllegalArgumentException("must be a name, but is empty");
            }
            try {
                return Path.of(text);
            } catch (InvalidPathException e) {
                throw new IllegalArgumentException(
                        "must be a name that Java can read in this locale (LC_ALL=C.UTF-8 has all characters): " + text,
                        e);
            }
        }
    }

    /** Budgets in network evaluations an image, as {@code nfe=100,200,400} gives them. */
    record Sweep(List<Long> budgets) {
        private static final int MOST = 100;

        static Sweep parse(String text) {
            if (!text.matches("nfe=\\d{1,12}(,\\d{1,12})*")) {
                throw new IllegalArgumentException("must be like nfe=100,200,400: " + text);
            }
            List<Long> budgets = new ArrayList<>();
            for (String number : text.substring("nfe=".length()).split(",")) {
                long budget = Long.parseLong(number);
                if (!budgets.contains(budget)) {
                    budgets.add(budget);
                }
            }
            if (budgets.size() > MOST) {
                throw new IllegalArgumentException("must be at most " + MOST + " budgets: " + budgets.size());
            }
            return new Sweep(budgets.stream().sorted().toList());
        }

        static final class Converter implements ITypeConverter<Sweep> {
            @Override
            public Sweep convert(String text) {
                return usage(() -> parse(text));
            }
        }
    }

    /** A list of numbers and ranges such as {@code 0,3,5-7}, in the order given. */
    record IntRanges(int[] values) {
        private static final int MAX_VALUES = 1_000_000;

        static IntRanges parse(String text) {
            IntStream.Builder values = IntStream.builder();
            long count = 0;
            for (String part : text.split(",", -1)) {
                if (!part.strip().matches("\\d{1,9}(-\\d{1,9})?")) {
                    throw new IllegalArgumentException("must be numbers and ranges such as 0,3,5-7: " + text);
                }
                String[] ends = part.strip().split("-", 2);
                int low = Integer.parseInt(ends[0]);
                int high = Integer.parseInt(ends[ends.length - 1]);
                if (low > high) {
                    throw new IllegalArgumentException("a range must go upward: " + part.strip());
                }
                count += high - low + 1L;
                if (count > MAX_VALUES) {
                    throw new IllegalArgumentException("must be at most " + MAX_VALUES + " numbers: " + text);
                }
                IntStream.rangeClosed(low, high).forEach(values::add);
            }
            return new IntRanges(values.build().toArray());
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof IntRanges ranges && Arrays.equals(values, ranges.values);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(values);
        }

        @Override
        public String toString() {
            return Arrays.toString(values);
        }

        static final class Converter implements ITypeConverter<IntRanges> {
            @Override
            public IntRanges convert(String text) {
                return usage(() -> parse(text));
            }
        }
    }
}
