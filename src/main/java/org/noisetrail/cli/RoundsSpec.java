package org.noisetrail.cli;

import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.noisetrail.NoisetrailException;
import org.noisetrail.search.RoundSchedule;
import org.noisetrail.search.Rounds;
import picocli.CommandLine.ITypeConverter;

/**
 * Rounds as an option gives them: {@code 20}; or a schedule such as {@code 20@0.01..1,1}: 20 where .01 <= sigma <= 1, else 1
 * (1 if the last number is left out); or a file that {@code calibrate} has written.
 */
record RoundsSpec(String text, Rounds rounds) {
    private static final String NUMBER = "(\\d+(?:\\.\\d*)?|\\.\\d+)(?:[eE]([+-]?\\d+))?";
    private static final Pattern PLAIN = Pattern.compile("\\d{1,9}");
    private static final Pattern SCHEDULE = Pattern.compile(
            "(?<in>\\d{1,9})@(?<low>" + NUMBER + ")\\.\\.(?<high>" + NUMBER + ")(?:,(?<out>\\d{1,9}))?");

    static RoundsSpec constant(int rounds) {
        return new RoundsSpec(Integer.toString(rounds), Rounds.constant(rounds));
    }

    static RoundsSpec parse(String text) {
        if (PLAIN.matcher(text).matches()) {
            return constant(Integer.parseInt(text));
        }
        Matcher schedule = SCHEDULE.matcher(text);
        if (!schedule.matches()) {
            return file(text);
        }
        double low = Double.parseDouble(schedule.group("low"));
        double high = Double.parseDouble(schedule.group("high"));
        if (low > high) {
            throw new IllegalArgumentException("the noise levels of a schedule must go upward: " + text);
        }
        String otherwise = schedule.group("out");
        int outside = otherwise == null ? 1 : Integer.parseInt(otherwise);
        return new RoundsSpec(text, Rounds.byNoiseLevel(low, high, Integer.parseInt(schedule.group("in")), outside));
    }

    private static RoundsSpec file(String text) {
        try {
            Path file = Path.of(text);
            if (Files.exists(file)) {
                return new RoundsSpec(text, RoundSchedule.read(file));
            }
        } catch (InvalidPathException | NoisetrailException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
        throw new IllegalArgumentException("must be a number or a schedule such as 20@0.01..1,1 (20 rounds where "
                + ".01 <= sigma <= 1, else 1), or a file that is there: " + text);
    }

    static final class Converter implements ITypeConverter<RoundsSpec> {
        @Override
        public RoundsSpec convert(String text) {
            return Converters.usage(() -> parse(text));
        }
    }
}
