package org.noisetrail.robustness;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.noisetrail.NoisetrailException;

/**
 * A defect that tests must see.
 *
 * @param file below {@link #SOURCES}
 * @param old what is found once in it
 * @param changed what stands there instead
 * @param tests of which one must fail: classes by name, or {@code Class#method}
 */
record Mutant(String file, String old, String changed, List<String> tests) {
    static final Path LIST = Path.of("src/test/mutants.txt");
    static final Path SOURCES = Path.of("src/main/java/org/noisetrail");

    /** All of the list, in its order. */
    static List<Mutant> all() throws IOException {
        List<Mutant> all = new ArrayList<>();
        String file = "";
        List<String> tests = List.of();
        String old = "";
        for (String line : Files.readAllLines(LIST)) {
            if (line.startsWith("- ")) {
                old = line.substring(2);
            } else if (line.startsWith("+ ") || line.equals("+")) {
                all.add(new Mutant(file, old, line.substring(Math.min(2, line.length())), tests));
            } else if (!line.isBlank() && !line.startsWith("#")) {
                String[] two = line.split(": ", 2);
                file = two[0];
                tests = Arrays.stream(two[1].split(" "))
                        .map(name -> "org.noisetrail." + name)
                        .toList();
            }
        }
        return all;
    }

    /** As the compiler and the class loader call the file's class. */
    String className() {
        return "org.noisetrail."
                + file.substring(0, file.length() - ".java".length()).replace('/', '.');
    }

    /**
     * The file's text with the defect.
     *
     * @throws NoisetrailException if the place is not found, or more than once
     */
    String source() throws IOException {
        String text = Files.readString(SOURCES.resolve(file));
        int at = text.indexOf(old);
        if (at < 0 || text.indexOf(old, at + 1) >= 0) {
            throw new NoisetrailException(file + " must have this once: " + old);
        }
        return text.substring(0, at) + changed + text.substring(at + old.length());
    }

    @Override
    public String toString() {
        return file + ": " + old.strip() + " -> " + changed.strip();
    }
}
