package org.noisetrail.fuzz;

import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.noisetrail.NoisetrailException;

/**
 * Gives damaged inputs to every parser, and reports what is neither read nor refused by the product's own exceptions, in one line of printable
 * characters, in time. {@code src/test/attack.sh fuzz SECONDS [SEED]} runs it; the input of a fault is kept under {@code target/fuzz}.
 */
public final class Fuzz {
    private static final Duration LONGEST = Duration.ofSeconds(5);
    private static final int LONGEST_MESSAGE = 2000;

    /** What a target did with its inputs. */
    static final class Tally {
        private final Target target;
        private long inputs;
        private long accepted;
        private long slowest;
        private long spent;

        private Tally(Target target) {
            this.target = target;
        }

        long inputs() {
            return inputs;
        }

        long accepted() {
            return accepted;
        }

        @Override
        public String toString() {
            return String.format(
                    Locale.ROOT,
                    "%-20s %,10d inputs, %,9d read, %,9d refused, %.0f us each, slowest %,d ms",
                    target.name(),
                    inputs,
                    accepted,
                    inputs - accepted,
                    spent / 1e3 / Math.max(1, inputs),
                    slowest / 1_000_000);
        }
    }

    private final long seed;
    private final List<Tally> tallies;
    private final List<String> faults = new ArrayList<>();
    private volatile byte @Nullable [] current;
    private volatile long since;
    private volatile String reading = "";

    Fuzz(List<Target> targets, long seed) {
        this.seed = seed;
        this.tallies = targets.stream().map(Tally::new).toList();
    }

    /** Arguments: seconds, and a seed (1). Ends with 1 if there are faults. */
    public static void main(String[] arguments) throws Exception {
        Duration time = Duration.ofSeconds(Long.parseLong(arguments[0]));
        long seed = arguments.length > 1 ? Long.parseLong(arguments[1]) : 1;
        Path folder = Files.createTempDirectory("noisetrail-fuzz-");
        Fuzz fuzz = new Fuzz(Targets.all(folder), seed);
        fuzz.run(time, System.out);
        System.exit(fuzz.faults.isEmpty() ? 0 : 1);
    }

    List<Tally> tallies() {
        return tallies;
    }

    /** What should not be: one line each. */
    List<String> faults() {
        return faults;
    }

    /** Runs until the time is over, a fault was found in each of 20 inputs, or one input takes too long. */
    void run(Duration time, PrintStream out) throws InterruptedException {
        long end = System.nanoTime() + time.toNanos();
        Thread reader = new Thread(() -> loop(end), "fuzz");
        reader.setDaemon(true);
        since = System.nanoTime();
        reader.start();
        while (reader.isAlive()) {
            reader.join(100);
            if (reader.isAlive() && System.nanoTime() - since > LONGEST.toNanos()) {
                StringBuilder where = new StringBuilder(reading + " takes more than " + LONGEST.toSeconds() + " s:");
                for (StackTraceElement element : reader.getStackTrace()) {
                    where.append(" < ").append(element);
                }
                keep(where.toString(), current);
                break;
            }
        }
        long inputs = tallies.stream().mapToLong(Tally::inputs).sum();
        tallies.forEach(out::println);
        out.printf(Locale.ROOT, "%,d inputs from seed %d, %d faults%n", inputs, seed, faults.size());
        faults.forEach(out::println);
    }

    private void loop(long end) {
        Mutations mutations = new Mutations(seed);
        while (System.nanoTime() < end && faults.size() < 20) {
            for (Tally tally : tallies) {
                for (int i = 0; i < tally.target.share(); i++) {
                    read(tally, mutations.next(tally.target.seeds()));
                }
            }
        }
    }

    private void read(Tally tally, byte[] input) {
        reading = tally.target.name();
        current = input;
        long start = System.nanoTime();
        since = start;
        tally.inputs++;
        try {
            tally.target.reader().read(input.clone());
            tally.accepted++;
        } catch (NoisetrailException | IllegalArgumentException e) {
            requireOneLine(tally.target, e, input);
        } catch (Throwable e) {
            StackTraceElement[] trace = e.getStackTrace();
            keep(tally.target.name() + ": " + e + (trace.length > 0 ? " at " + trace[0] : ""), input);
        }
        long took = System.nanoTime() - start;
        tally.spent += took;
        tally.slowest = Math.max(tally.slowest, took);
    }

    private void requireOneLine(Target target, RuntimeException e, byte[] input) {
        String message = String.valueOf(e.getMessage());
        // Misuse of the API may say what it was given; the command line shows that escaped.
        boolean printable = !(e instanceof NoisetrailException)
                || message.chars()
                        .noneMatch(c -> Character.isISOControl(c) || Character.getType(c) == Character.FORMAT);
        if (!printable
                || message.equals("null")
                || message.length() > LONGEST_MESSAGE && e instanceof NoisetrailException) {
            keep(
                    target.name() + ": a message of " + message.length() + " characters, " + (printable ? "" : "not ")
                            + "printable: " + message.substring(0, Math.min(300, message.length())),
                    input);
        }
    }

    private void keep(String fault, byte @Nullable [] input) {
        Path file = Path.of("target/fuzz/fault-" + seed + "-" + faults.size());
        try {
            Files.createDirectories(file.getParent());
            Files.write(file, input == null ? new byte[0] : input);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        faults.add(fault + " (" + file + ")");
    }
}
