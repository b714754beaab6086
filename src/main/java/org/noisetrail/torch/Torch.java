package org.noisetrail.torch;

import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.openblas.global.openblas_nolapack;
import org.bytedeco.pytorch.global.torch;
import org.noisetrail.NoisetrailException;
import org.noisetrail.kernels.Kernels;
import org.noisetrail.kernels.Natives;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** LibTorch as a whole: its threads, and its errors in one line. */
public final class Torch {
    /** More than any machine has; the system ends a process that starts too many. */
    public static final int MOST_THREADS = 4096;

    private static final Logger LOG = LoggerFactory.getLogger(Torch.class);

    static {
        String unset = unset(System.getenv());
        if (!unset.isEmpty()) {
            // OpenMP reads them when the process begins: nothing in it can set them.
            LOG.warn("{}", unset);
        }
        Natives.load(openblas_nolapack.class, torch.class);
        // OpenMP counts the processors that a process may run on, Java also how much of them it may use, in a
        // container.
        int processors = Runtime.getRuntime().availableProcessors();
        if (System.getenv("OMP_NUM_THREADS") == null && torch.get_num_threads() > processors) {
            torch.set_num_threads(processors);
        }
        // OpenBLAS keeps threads of its own, which spin beside LibTorch's after each product: with two cores a network
        // runs at a third of its speed. LibTorch's threads already share the work that matters.
        openblas_nolapack.blas_set_num_threads(Integer.getInteger("org.noisetrail.blasThreads", 1));
        Tf32.set(false);
    }

    private Torch() {}

    /** For who uses LibTorch's classes before anything else of this room. */
    public static void load() {
        // The class's initialiser did it.
    }

    /** What to say of variables without which OpenMP's waiting threads spin; empty where they are set. */
    static String unset(Map<String, String> environment) {
        String missing = Stream.of("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")
                .filter(name -> !environment.containsKey(name))
                .collect(Collectors.joining(" and "));
        return missing.isEmpty()
                ? ""
                : missing
                        + " not set: LibTorch's threads spin while they wait, and small searches on a busy machine take several times as long; start Java"
                        + " with OMP_WAIT_POLICY=passive GOMP_SPINCOUNT=1000";
    }

    /**
     * Sets how many threads LibTorch's operations use, for the whole process. Threads that have run operations already keep their
     * number: call it from the thread that will search, or before any other work.
     */
    public static void setThreads(int threads) {
        if (threads < 1 || threads > MOST_THREADS) {
            throw new IllegalArgumentException("threads must be from 1 to " + MOST_THREADS + ": " + threads);
        }
        torch.set_num_threads(threads);
    }

    /** Sets how many threads LibTorch's operations use on this thread, and on no other, there or to come. */
    static void setOwnThreads(int threads) {
        // Asked first: a thread's first operation would take the process's number.
        threads();
        Kernels.torchThreads(threads);
    }

    /** How many threads LibTorch's operations use on this thread. */
    public static int threads() {
        return torch.get_num_threads();
    }

    /** The instruction set that LibTorch chose its operations for, such as {@code AVX512}. */
    public static String cpuCapability() {
        return torch.get_cpu_capability().getString();
    }

    /**
     * Runs LibTorch operations; what they throw becomes a {@link NoisetrailException} of one line (LibTorch's own message ends in a
     * C++ backtrace of thousands of characters).
     */
    public static <T> T call(Supplier<T> operations) {
        try {
            return operations.get();
        } catch (NoisetrailException | IllegalArgumentException | UnsupportedOperationException e) {
            throw e;
        } catch (RuntimeException e) {
            throw new NoisetrailException("LibTorch: " + firstLine(e));
        }
    }

    /**
     * Saves a cached object from a {@code PointerScope} that happens to be open where it is made. To free it for good: {@code
     * deallocate()}.
     */
    public static <P extends Pointer> P keep(P pointer) {
        pointer.retainReference();
        return pointer;
    }

    public static void run(Runnable operations) {
        call(() -> {
            operations.run();
            return null;
        });
    }

    public static String firstLine(Throwable error) {
        String message = error.getMessage() == null ? error.getClass().getSimpleName() : error.getMessage();
        // TorchScript's errors begin with a traceback of the script; the fact comes after it.
        int fact = message.indexOf("RuntimeError: ");
        return message.substring(fact < 0 ? 0 : fact + "RuntimeError: ".length())
                .lines()
                .map(String::strip)
                .filter(line -> !line.isEmpty())
                .findFirst()
                .orElse("unknown error");
    }
}
