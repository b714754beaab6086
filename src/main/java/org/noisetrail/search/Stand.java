package org.noisetrail.search;

import org.noisetrail.noise.Recipe;

/**
 * Where an image stands on its way: what it is finished from, plainly, when a search's time is up.
 *
 * @param slot the image
 * @param step the step that it would take next; the number of steps where it has come to its end
 * @param row where its state lies
 * @param way the moves so far; those to the end are its chain's own noise
 * @param norm the largest |z| / sqrt(d) of its noises
 * @param score of its last judged clean estimate; NaN where none was judged
 */
public record Stand(int slot, int step, int row, Recipe way, double norm, double score) {
    double value() {
        return Particle.value(score);
    }
}
