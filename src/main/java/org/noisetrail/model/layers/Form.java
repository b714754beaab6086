package org.noisetrail.model.layers;

import org.noisetrail.kernels.Device;
import org.noisetrail.model.Precision;

/**
 * How a network is written down.
 *
 * @param device where its weights are, and where it runs
 * @param precision of its layers
 * @param card whether its operations are those for a card; they run on the CPU as well, with other bits
 */
public record Form(Device device, Precision precision, boolean card) {
    /** As the device wants it. */
    public static Form on(Device device, Precision precision) {
        return new Form(device, precision, device.isCuda());
    }

    /** The same in float32. */
    public Form exact() {
        return new Form(device, Precision.FLOAT32, card);
    }
}
