package org.noisetrail.torch;

import java.util.function.Supplier;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.openblas.global.openblas_nolapack;
import org.bytedeco.pytorch.global.torch;
import org.noisetrail.NoisetrailException;
import org.noisetrail.kernels.Device;
import org.noisetrail.kernels.Kernels;

/** LibTorch as a whole: its threads, and its errors in one line. */
public final class Torch {
    static {
        // OpenBLAS keeps threads of its own, which spin beside LibTorch's after each product: with two cores a network
        // runs at a third of its speed. LibTorch's threads already share the work that matters.
        openblas_nolapack.blas_set_num_threads(Integer.getInteger("org.noisetrail.blasThreads", 1));
    }

    private Torch() {}

    /**
     * Sets how many threads LibTorch's operations use, for the whole process. Threads that have run operations already keep their
     * number: call it from the thread that will search, or before any other work.
     */
    public static void setThreads(int threads) {
        if (threads < 1) {
            throw new IllegalArgumentException("threads must be >= 1: " + threads);
        }
        torch.set_num_threads(threads);
    }

    /** How many threads LibTorch's operations use on this thread. */
    public static int threads() {
        return torch.get_num_threads();
    }

    /** @throws NoisetrailException that says what is missing, if LibTorch or the kernels cannot run on the device */
    public static void require(Device device) {
        if (!device.isCuda()) {
            return;
        }
        String missing = !torch.hasCUDA()
                ? "this is LibTorch's CPU build; build with -Pgpu (NOISETRAIL_MAVEN_OPTIONS=-Pgpu ./noisetrail ...)"
                : !Kernels.cudaCompiled()
                        ? "the kernels were compiled without CUDA; build where nvcc is found"
                        : device.ordinal()
                                        >= Math.min(
                                                Byte.toUnsignedInt(torch.cuda_device_count()), Kernels.cudaDevices())
                                ? "there is no such card, or no driver for it"
                                : null;
        if (missing != null) {
            throw new NoisetrailException(device + " cannot be used: " + missing);
        }
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
