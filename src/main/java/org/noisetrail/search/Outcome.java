package org.noisetrail.search;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.noisetrail.engine.Rows;
import org.noisetrail.noise.Recipe;

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
