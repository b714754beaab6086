package org.noisetrail.model;

/**
 * What a group's conditions are to a network: encoded once, on its device, one entry a condition. Made by {@link Denoiser#encode}, understood by that denoiser
 * alone; owned by who asked for it.
 */
public interface Conditioning extends AutoCloseable {
    /** How many conditions were encoded. */
    int entries();

    @Override
    void close();
}
