package org.noisetrail.search;

import java.nio.file.Path;
import java.util.List;
import org.noisetrail.model.Denoiser;
import org.noisetrail.noise.Recipe;
import org.noisetrail.sampler.EdmSampler;

/**
 * Regenerates images from the names of their noise: {@code trail.json}, a few hundred bytes an image.
 *
 * @param denoiser the {@link Denoiser#id} it was drawn with
 * @param sampler the sampler's settings
 * @param seed the seed, 64 unsigned bits
 * @param lambda the radius of its local draws
 * @param project whether pivots were scaled back to norm sqrt(d)
 */
public record Trail(
        String denoiser, EdmSampler sampler, long seed, double lambda, boolean project, List<Entry> images) {
    /** The version of the file format that this library writes, and the newest that it reads. */
    public static final int VERSION = 1;

    public Trail {
        images = List.copyOf(images);
    }

    /** One image's recipe. */
    public record Entry(ImageRequest request, Recipe recipe) {}

    /** Draws the images again: one plain trajectory's network evaluations each, no reward. {@code reward} and {@code heldOut} of the results are empty. */
    public SearchResult replay(Denoiser denoiser, int maxBatch, SearchListener listener) {
        throw new UnsupportedOperationException();
    }

    /** Writes the file, whole or not at all. */
    public void write(Path file) {
        throw new UnsupportedOperationException();
    }

    /**
     * @throws org.noisetrail.NoisetrailException if it is missing, not a trail, or of a newer version
     */
    public static Trail read(Path file) {
        throw new UnsupportedOperationException();
    }
}
