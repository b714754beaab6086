package org.noisetrail.search;

import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;
import org.noisetrail.engine.Screened;
import org.noisetrail.model.ImageShape;
import org.noisetrail.noise.Recipe;
import org.noisetrail.reward.Image;
import org.noisetrail.trace.Costs;

/**
 * One image a search has drawn; all of it on the host.
 *
 * @param request what was asked for
 * @param pixels the final image in 8 bits
 * @param state the final state x (of a latent model the latent), float32, channel after channel; not copied
 * @param stateShape of the state
 * @param reward the searched reward of the final image; NaN if no reward was given
 * @param heldOut the held-out reward of the final image, where one was named
 * @param costs what it cost
 * @param pivotNorm the largest |p| / sqrt(d) of the noises its trajectory was made of; 1 is where normals live
 * @param nanScores how many of its candidates scored NaN
 * @param finite whether the final image was free of NaN and infinity before 8 bits; where it was not, it shows nothing, and its rewards are minus infinity
 * @param recipe the names of its noise
 * @param screened what screening did for it; null where nothing was screened
 * @param guarded what the guard saw of it; null where there was none
 */
public record ImageResult(
        ImageRequest request,
        Image pixels,
        float[] state,
        ImageShape stateShape,
        double reward,
        OptionalDouble heldOut,
        Costs costs,
        double pivotNorm,
        long nanScores,
        boolean finite,
        Recipe recipe,
        @Nullable Screened screened,
        @Nullable Guarded guarded) {}
