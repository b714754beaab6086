package org.noisetrail.sampler;

import org.noisetrail.model.Parameterisation;
import org.noisetrail.settings.Kind;

/**
 * A reverse process: its settings, and the {@link Schedule} they give with a network of some parameterisation. Immutable.
 *
 * <p>A sampler of your own is one class, and one {@link Provider} that {@link java.util.ServiceLoader} finds; then the command line has its settings as options, and
 * trails name it. Without a provider it can be searched with and replayed; only writing the trail ({@code Trail.write}) fails, in a line, because nobody could read what it names.
 */
public interface Sampler {
    /** Its kind's name; of one that wraps another, its own. */
    String name();

    /** T, how many steps its schedules have. */
    int steps();

    /**
     * @throws IllegalArgumentException if it cannot be run with such a network, or a number overflows float32
     */
    Schedule schedule(Parameterisation parameterisation);

    /** How a sampler of your own becomes one of {@link Samplers}. */
    interface Provider {
        /** The sampler, with its settings. */
        Kind<Sampler> kind();
    }
}
