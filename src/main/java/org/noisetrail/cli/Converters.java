package org.noisetrail.cli;

import java.time.Duration;
import java.util.function.Supplier;
import org.noisetrail.kernels.Device;
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

    static final class DeviceName implements ITypeConverter<Device> {
        @Override
        public Device convert(String text) {
            return usage(() -> Device.parse(text));
        }
    }
}
