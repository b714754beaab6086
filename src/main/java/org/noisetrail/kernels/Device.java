package org.noisetrail.kernels;

/**
 * Where memory lies and kernels run: the CPU, or one CUDA card.
 *
 * @param ordinal -1 for the CPU, else the card's number
 */
public record Device(int ordinal) {
    /** The host's processors. */
    public static final Device CPU = new Device(-1);

    public Device {
        if (ordinal < -1) {
            throw new IllegalArgumentException("device ordinal must be >= -1: " + ordinal);
        }
    }

    /** Parses {@code cpu}, {@code cuda} (the first card) or {@code cuda:N}. */
    public static Device parse(String text) {
        if (text.equals("cpu")) {
            return CPU;
        }
        if (text.equals("cuda")) {
            return new Device(0);
        }
        if (text.matches("cuda:\\d{1,3}")) {
            return new Device(Integer.parseInt(text.substring(5)));
        }
        throw new IllegalArgumentException("device must be cpu, cuda or cuda:N: " + text);
    }

    /** Whether it is a GPU. */
    public boolean isCuda() {
        return ordinal >= 0;
    }

    /**
     * A call of fewer rows than this may take as long as one of this many, in estimates of time; at least 1. On a processor one row takes as long as some two to five of many
     * (benchmarks/results/fashion-scenes.md), here as eight; on a card as long as any number.
     */
    public int leastRows() {
        return isCuda() ? Integer.MAX_VALUE : 8;
    }

    @Override
    public String toString() {
        return isCuda() ? "cuda:" + ordinal : "cpu";
    }
}
