package org.noisetrail.search;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.noisetrail.noise.Recipe;
import org.noisetrail.sampler.Rows;

/**
 * What a method made of a wave, by slot. Owns the final states.
 *
 * @param rewards of the final images, where the method knows them already
 */
record Outcome(Rows x, List<Recipe> recipes, double[] pivotNorms, long[] nanScores, double @Nullable [] rewards)
        implements AutoCloseable {
    @Override
    public void close() {
        x.close();
    }
}
