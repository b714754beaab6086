package org.noisetrail.search;

import java.util.Arrays;
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
 * @param rewards of the final images, where the method knows them already by the true decoder; plus infinity is taken as NaN
 */
public record Outcome(Particles x, List<Recipe> recipes, double[] pivotNorms, double @Nullable [] rewards)
        implements AutoCloseable {
    public Outcome {
        if (rewards != null) {
            rewards = Arrays.stream(rewards)
                    .map(reward -> reward == Double.POSITIVE_INFINITY ? Double.NaN : reward)
                    .toArray();
        }
    }

    /**
     * @param steps of the schedule
     * @throws IllegalArgumentException if there is not one of each for every image, or a recipe does not lead to the schedule's end
     */
    void check(int images, int steps) {
        check("states", x.rows(), images);
        check("recipes", recipes.size(), images);
        check("pivot norms", pivotNorms.length, images);
        if (rewards != null) {
            check("rewards", rewards.length, images);
        }
        recipes.forEach(recipe -> recipe.check(steps));
    }

    private static void check(String what, int count, int images) {
        if (count != images) {
            throw new IllegalArgumentException("outcome's " + what + " must be " + images + ", one an image: " + count);
        }
    }

    /** The same, whose rewards are still to be found. */
    Outcome unjudged() {
        return new Outcome(x, recipes, pivotNorms, null);
    }

    @Override
    public void close() {
        x.close();
    }
}
