package org.noisetrail.cli;

import java.util.Arrays;
import java.util.stream.IntStream;
import picocli.CommandLine.ITypeConverter;

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
            return Converters.usage(() -> parse(text));
        }
    }
}
