package org.noisetrail.search;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.noisetrail.engine.Particles;
import org.noisetrail.noise.Recipe;

/**
 * What a method made of a wave, by slot. Owns the final states.
 *
 * @param x the final particles, a row an image
 * @param recipes what their noise is made of
 * @param pivotNorms the largest |z| / sqrt(d) of the noises of each trajectory
 * @param rewards of the final images, where the method knows them already by the true decoder
 */
public record Outcome(Particles x, List<Recipe> recipes, double[] pivotNorms, double @Nullable [] rewards)
        implements AutoCloseable {
    /** The same, whose rewards are still to be found. */
    Outcome unjudged() {
        return new Outcome(x, recipes, pivotNorms, null);
    }

    @Override
    public void close() {
        x.close();
    }
}
