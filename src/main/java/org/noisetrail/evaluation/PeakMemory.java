package org.noisetrail.evaluation;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The most memory that the process holds while something runs, LibTorch's included; as Linux tells it. A card's own memory is not in it. */
final class PeakMemory {
    private static final Path STATUS = Path.of("/proc/self/status");
    private static final Path RESET = Path.of("/proc/self/clear_refs");

    private final boolean known;

    private PeakMemory(boolean known) {
        this.known = known;
    }

    /** Begins to measure. */
    static PeakMemory start() {
        try {
            // "5" sets the peak back to what is held now: proc(5).
            Files.writeString(RESET, "5");
            return new PeakMemory(true);
        } catch (IOException e) {
            return new PeakMemory(false);
        }
    }

    /** Since it began; NaN where the system does not say. */
    double bytes() {
        if (!known) {
            return Double.NaN;
        }
        try {
            return Files.readAllLines(STATUS).stream()
                    .filter(line -> line.startsWith("VmHWM:"))
                    .mapToDouble(line -> Double.parseDouble(line.replaceAll("\\D", "")) * 1024)
                    .findFirst()
                    .orElse(Double.NaN);
        } catch (IOException e) {
            return Double.NaN;
        }
    }
}
