package org.noisetrail.kernels;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.BytePointer;

/**
 * What the CUDA runtime that the kernels are linked with finds on this machine.
 *
 * @param compiled whether the kernels were compiled with CUDA; without, nothing is found
 * @param driver the newest CUDA that the driver knows, 1000 * major + 10 * minor; 0: there is no driver
 * @param runtime the kernels' CUDA, likewise
 * @param least the least compute capability that the kernels have code for, 10 * major + minor; 0: not known
 * @param error why the cards cannot be counted, in the runtime's words; empty where they can
 */
public record Cuda(boolean compiled, int driver, int runtime, int least, List<Card> cards, String error) {
    private static final int LONGEST = 1024;

    /**
     * A card.
     *
     * @param capability the compute capability, such as {@code 9.0}
     * @param memory in bytes
     */
    public record Card(String name, String capability, long memory) {
        private int number() {
            String[] parts = capability.split("\\.", 2);
            return parts.length < 2 ? Integer.MAX_VALUE : 10 * Integer.parseInt(parts[0]) + Integer.parseInt(parts[1]);
        }
    }

    /** Whether the kernels have code for a card. */
    public boolean runs(Card card) {
        return card.number() >= least;
    }

    /** Asks now. */
    public static Cuda ask() {
        return read(Kernels.cudaCompiled(), Cuda::describe);
    }

    private static String describe(int device) {
        Natives.load(NativeKernels.class);
        try (BytePointer text = new BytePointer(LONGEST)) {
            Kernels.check(NativeKernels.nt_cuda_describe(device, text, LONGEST));
            return text.limit(BytePointer.strlen(text)).getString();
        }
    }

    /** @param describe what {@code nt_cuda_describe} writes of a device, and of the machine for -1 */
    static Cuda read(boolean compiled, IntFunction<String> describe) {
        Map<String, String> machine = values(describe.apply(Device.CPU.ordinal()));
        List<Card> cards = IntStream.range(0, Integer.parseInt(machine.getOrDefault("devices", "0")))
                .mapToObj(device -> values(describe.apply(device)))
                .map(card -> new Card(
                        card.getOrDefault("name", ""),
                        card.getOrDefault("capability", ""),
                        Long.parseLong(card.getOrDefault("memory", "0"))))
                .toList();
        return new Cuda(
                compiled,
                Integer.parseInt(machine.getOrDefault("driver", "0")),
                Integer.parseInt(machine.getOrDefault("runtime", "0")),
                Integer.parseInt(machine.getOrDefault("least", "0")),
                cards,
                machine.getOrDefault("error", ""));
    }

    private static Map<String, String> values(String lines) {
        Map<String, String> values = new HashMap<>();
        lines.lines().forEach(line -> {
            int equals = line.indexOf('=');
            values.put(line.substring(0, equals), line.substring(equals + 1));
        });
        return values;
    }

    /** A CUDA version as people write it, such as {@code 13.0}. */
    public static String version(int number) {
        return number / 1000 + "." + number % 1000 / 10;
    }
}
