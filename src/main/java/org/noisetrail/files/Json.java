package org.noisetrail.files;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;

/** Writes JSON: for people, indented, one value a line, short arrays of numbers in one; for programs, all of it in one line. */
public final class Json {
    private static final ObjectWriter PLAIN = new ObjectMapper().writer();
    private static final ObjectWriter PRETTY = new ObjectMapper()
            .writer(new DefaultPrettyPrinter()
                    .withObjectIndenter(new DefaultIndenter("  ", "\n"))
                    .withArrayIndenter(DefaultPrettyPrinter.FixedSpaceIndenter.instance));

    private Json() {}

    /** Maps, lists, strings, numbers, booleans and nulls; ends with a line break. */
    public static String pretty(Object value) {
        return write(PRETTY, value) + "\n";
    }

    /** As {@link #pretty}, without any line break. */
    public static String line(Object value) {
        return write(PLAIN, value);
    }

    private static String write(ObjectWriter writer, Object value) {
        try {
            return writer.writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }
}
