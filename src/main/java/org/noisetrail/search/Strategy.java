package org.noisetrail.search;

/** How a {@link Method} runs. */
interface Strategy {
    /** Rows one image brings to a network call: how many images fit in a wave. */
    int rowsPerImage();

    /** Takes a wave's images from their initial noise to their final states. */
    Outcome run(Wave wave);
}
