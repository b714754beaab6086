package org.noisetrail.cli;

import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.noisetrail.engine.StepEngine;
import org.noisetrail.files.Numbers;
import org.noisetrail.files.OutputFile;
import org.noisetrail.kernels.Device;
import org.noisetrail.search.Search;
import org.noisetrail.torch.Torch;
import picocli.CommandLine.Mixin;
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

    /** Where networks run. */
    static final class Where {
        @Option(
                names = "--device",
                paramLabel = "DEVICE",
                defaultValue = DeviceName.AUTO,
                converter = DeviceName.One.class,
                description = "auto, cpu, cuda or cuda:N. Default: auto, a card where one can be used, else the CPU")
        @SuppressWarnings("NullAway.Init")
        private DeviceName device;

        @Option(
                names = "--threads",
                paramLabel = "N",
                description = "Threads of the CPU's operations. Default: one a core")
        private @Nullable Integer threads;

        /** May load LibTorch. */
        Device device() {
            return device.device();
        }

        boolean isAuto() {
            return device.isAuto();
        }

        /** Refuses what cannot be, before anything slow is done. */
        void check() {
            if (threads != null && (threads < 1 || threads > Torch.MOST_THREADS)) {
                throw new IllegalArgumentException(
                        "--threads must be from 1 to " + Torch.MOST_THREADS + ": " + threads);
            }
        }

        /** As asked for. Loads LibTorch. */
        void setThreads() {
            if (threads != null) {
                Torch.setThreads(threads);
            }
        }
    }

    /** How many rows go together. */
    static final class Batches {
        @Option(
                names = "--max-batch",
                paramLabel = "ROWS",
                defaultValue = "64",
                description = "The most rows (images x candidates) in one network call. Default: ${DEFAULT-VALUE}")
        private int maxBatch;

        @Option(
                names = "--decode-batch",
                paramLabel = "ROWS",
                defaultValue = "" + StepEngine.DECODE_BATCH,
                description = "The most images that are decoded and judged at once. Default: ${DEFAULT-VALUE}")
        private int decodeBatch;

        int maxBatch() {
            return maxBatch;
        }

        int decodeBatch() {
            return decodeBatch;
        }

        /** Refuses what cannot be. */
        void check() {
            check("--max-batch", maxBatch);
            check("--decode-batch", decodeBatch);
        }

        private static void check(String option, int rows) {
            if (rows < 1 || rows > Search.LARGEST_BATCH) {
                throw new IllegalArgumentException(option + " must be from 1 to " + Search.LARGEST_BATCH + ": " + rows);
            }
        }
    }

    /** For programs that read what a command prints. */
    static final class Json {
        @Option(names = "--json", description = "Print JSON instead of tables.")
        private boolean given;

        boolean given() {
            return given;
        }
    }

    /** What commands that show progress print. */
    static final class Show {
        @Mixin
        private Json json;

        @Option(
                names = {"-q", "--quiet"},
                description = "Show no progress; --json shows none either.")
        private boolean quiet;

        boolean json() {
            return json.given();
        }

        boolean quiet() {
            return json() || quiet;
        }
    }

    /** Whether what an earlier run has written may go. */
    static final class Overwrite {
        @Option(
                names = "--overwrite",
                description =
                        "Replace what an earlier run has written (of compare: with --store), just before the first file is written; else it is refused.")
        private boolean given;

        boolean given() {
            return given;
        }

        /** Refuses what cannot be written to, and a file that is there and may not go, before anything slow is done. */
        void check(String option, Path file) {
            OutputFile.check(option, file);
            if (!given && Files.isRegularFile(file)) {
                throw new IllegalArgumentException(
                        file + " is there already: give another " + option + ", or --overwrite");
            }
        }
    }
}
