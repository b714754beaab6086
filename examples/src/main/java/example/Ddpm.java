package example;

import java.util.ArrayList;
import java.util.List;
import org.noisetrail.model.DiscreteNoise;
import org.noisetrail.model.Parameterisation;
import org.noisetrail.sampler.Sampler;
import org.noisetrail.sampler.Schedule;
import org.noisetrail.sampler.Spacing;
import org.noisetrail.sampler.Step;
import org.noisetrail.settings.Kind;
import org.noisetrail.settings.Setting;

/**
 * A sampler of one's own whose noise comes after the network: DDPM's ancestral steps (Ho et al. 2020), for networks of discrete timesteps.
 *
 * @param steps T, evenly spaced, from 1 to the network's timesteps
 */
public record Ddpm(int steps) implements Sampler {
    private static final Setting<Integer> STEPS = Setting.integer("steps", "T", 50, 1, 10000, "Reverse steps.");

    private static final Kind<Sampler> KIND = Kind.<Sampler, Ddpm>of(
                    "ddpm", Ddpm.class, "Ancestral steps (Ho et al. 2020).")
            .with(STEPS, Ddpm::steps)
            .make(values -> new Ddpm(values.get(STEPS)));

    public Ddpm {
        STEPS.checked(steps);
    }

    /** Named in META-INF/services. */
    public static final class Provider implements Sampler.Provider {
        @Override
        public Kind<Sampler> kind() {
            return KIND;
        }
    }

    @Override
    public String name() {
        return KIND.name();
    }

    @Override
    public Schedule schedule(Parameterisation parameterisation) {
        if (!(parameterisation instanceof DiscreteNoise noise)) {
            throw new IllegalArgumentException("sampler ddpm needs a model that was trained with discrete timesteps");
        }
        double[] timesteps = Spacing.TRAILING.timesteps(noise.timesteps(), steps, 0);
        List<Step> table = new ArrayList<>();
        for (int i = 0; i < steps; i++) {
            int at = (int) timesteps[i];
            int next = i + 1 < steps ? (int) timesteps[i + 1] : -1;
            double a = noise.alphaCumprod(at);
            double to = next < 0 ? 1 : noise.alphaCumprod(next);
            // q(x' | x, x0) has mean sqrt(to) (1 - a / to) / (1 - a) x0 + sqrt(a / to) (1 - to) / (1 - a) x
            double ofClean = Math.sqrt(to) * (1 - a / to) / (1 - a);
            double ofState = Math.sqrt(a / to) * (1 - to) / (1 - a);
            double gain = Math.sqrt((1 - to) / (1 - a) * (1 - a / to));
            table.add(Step.after(
                    Math.sqrt(a),
                    Math.sqrt(1 - a),
                    gain,
                    ofClean,
                    ofState,
                    noise.at(at),
                    next < 0 ? null : noise.at(next)));
        }
        return new Schedule(1, table);
    }
}
