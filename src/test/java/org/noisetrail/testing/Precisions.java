package org.noisetrail.testing;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.noisetrail.model.Precision;

/** Which precisions a processor has: oneDNN convolves bfloat16 from AVX-512 on. */
public final class Precisions {
    private Precisions() {}

    /** Skips the test where the processor cannot. */
    public static void assume(Precision precision) {
        assumeTrue(has(precision), "this processor has no AVX-512");
    }

    public static boolean has(Precision precision) {
        try {
            return precision == Precision.FLOAT32
                    || Files.readString(Path.of("/proc/cpuinfo")).contains("avx512dq");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
