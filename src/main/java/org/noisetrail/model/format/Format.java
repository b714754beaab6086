package org.noisetrail.model.format;

import org.noisetrail.checkpoint.ModelFiles;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.PipelineOptions;

/** A form of model folder: one file, and one line in {@link org.noisetrail.model.Pipeline}. */
public interface Format {
    /** Whether a folder looks like one. */
    boolean recognises(ModelFiles files);

    /** What it looks for, for who gave a folder of no form at all. */
    String lookedFor();

    /** Loads the networks. */
    Parts load(ModelFiles files, Device device, PipelineOptions options);
}
