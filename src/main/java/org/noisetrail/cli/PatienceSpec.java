package org.noisetrail.cli;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.noisetrail.search.Patience;
import picocli.CommandLine.ITypeConverter;

/** Patience as an option gives it: {@code 3:0.001} ends a step whose last 3 rounds together gained less than 0.001. */
record PatienceSpec(String text, int rounds, double gain) {
    private static final Pattern FORM = Pattern.compile("(\\d{1,9}):((?:\\d+(?:\\.\\d*)?|\\.\\d+)(?:[eE][+-]?\\d+)?)");

    static PatienceSpec parse(String text) {
        Matcher form = FORM.matcher(text);
        if (!form.matches()) {
            throw new IllegalArgumentException(
                    "must be rounds and what they must gain together, such as 3:0.001: " + text);
        }
        Patience checked = new Patience(Integer.parseInt(form.group(1)), Double.parseDouble(form.group(2)), false);
        return new PatienceSpec(text, checked.rounds(), checked.gain());
    }

    Patience patience(boolean rollOver) {
        return new Patience(rounds, gain, rollOver);
    }

    static final class Converter implements ITypeConverter<PatienceSpec> {
        @Override
        public PatienceSpec convert(String text) {
            return Converters.usage(() -> parse(text));
        }
    }
}
