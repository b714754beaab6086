package org.noisetrail.springai;

import java.util.OptionalDouble;
import org.springframework.ai.image.ImageGenerationMetadata;

/**
 * What a search says of an image.
 *
 * @param image its number
 * @param reward the searched reward; NaN where the search has none
 * @param heldOut the held-out reward, where one was named
 * @param networkEvaluations what it cost
 * @param finite whether the image was free of NaN and infinity before 8 bits; where it was not, it shows nothing
 * @param trail the names of its noise, as JSON: {@code Trail.parse} reads it, and draws the image again
 */
public record NoisetrailImageMetadata(
        long image, double reward, OptionalDouble heldOut, long networkEvaluations, boolean finite, String trail)
        implements ImageGenerationMetadata {}
