package org.noisetrail.cli;

import java.math.BigInteger;
import org.noisetrail.files.Numbers;
import picocli.CommandLine.Option;

/** Small options that several commands have. */
final class SharedOptions {
    private SharedOptions() {}

    /** Which noise. */
    static final class Seed {
        @Option(
                names = "--seed",
                paramLabel = "S",
                defaultValue = "0",
                converter = Converters.Seed.class,
                description = "Names all noise: 64 unsigned bits in decimal. Default: ${DEFAULT-VALUE}")
        private long seed;

        long seed() {
            return seed;
        }

        /** For {@code result.json}. */
        BigInteger setting() {
            return Numbers.unsigned(seed);
        }
    }

    /** What commands that show progress print. */
    static final class Show {
        @Option(names = "--json", description = "Print JSON instead of tables, and show no progress.")
        private boolean json;

        @Option(
                names = {"-q", "--quiet"},
                description = "Show no progress.")
        private boolean quiet;

        boolean json() {
            return json;
        }

        boolean quiet() {
            return json || quiet;
        }
    }
}
