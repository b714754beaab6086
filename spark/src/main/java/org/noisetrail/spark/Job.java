package org.noisetrail.spark;

import java.io.Serializable;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.PipelineOptions;

/**
 * What all requests of a list share.
 *
 * @param folder that all machines share, absolute
 * @param settings of the model, as {@link PipelineOptions#settings} gives them
 * @param cuda whether a task takes the card that Spark gives it
 */
record Job(
        String folder,
        String model,
        TreeMap<String, String> settings,
        boolean torchScript,
        boolean cuda,
        int maxBatch,
        int decodeBatch)
        implements Serializable {
    Job {
        if (!Path.of(folder).isAbsolute()) {
            throw new IllegalArgumentException("--out must be absolute, as all machines name it: " + folder);
        }
    }

    Path path() {
        return Path.of(folder);
    }

    PipelineOptions options() {
        return PipelineOptions.builder().torchScript(torchScript).build().with(Map.copyOf(settings));
    }

    /** A card, for names; which one is each task's to ask. */
    Device device() {
        return cuda ? Device.parse("cuda") : Device.CPU;
    }
}
