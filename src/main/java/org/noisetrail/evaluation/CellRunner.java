package org.noisetrail.evaluation;

import java.util.List;
import org.noisetrail.kernels.Device;

/** Has a comparison's searches made elsewhere, many at a time: on the machines of a cluster that share its folder. */
public interface CellRunner extends AutoCloseable {
    /**
     * Has searches made, each by {@link Comparison#make} of a comparison that is equal to this one, and returns when they are in its folder. What is not there then is made by the
     * comparison itself.
     *
     * @param cells one a search
     */
    void run(List<String> cells);

    @Override
    default void close() {}

    /** How a runner gets onto the command line: found by {@link java.util.ServiceLoader}. */
    interface Provider {
        /** Such as {@code spark}, for {@code compare --spark}. */
        String name();

        /** Before the comparison's model is loaded. */
        CellRunner open(Job job);
    }

    /**
     * What a runner is told.
     *
     * @param arguments of the command {@code compare}; with {@code --cell TEXT --cell-device DEVICE} besides they make one search there
     * @param threads of LibTorch's operations, those of every machine: a cell's seconds are told by them
     * @param device where the comparison's own model is: searches are made on such, of whatever number
     * @param auto whether that was left to this machine
     */
    record Job(List<String> arguments, int threads, Device device, boolean auto) {
        public Job {
            arguments = List.copyOf(arguments);
        }
    }
}
