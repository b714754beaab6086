package example;

import java.util.ArrayList;
import java.util.List;
import org.noisetrail.model.Parameterisation;
import org.noisetrail.sampler.Affine;
import org.noisetrail.sampler.NoiseAt;
import org.noisetrail.sampler.Sampler;
import org.noisetrail.sampler.Schedule;
import org.noisetrail.sampler.Stage;
import org.noisetrail.sampler.Step;
import org.noisetrail.settings.Kind;
import org.noisetrail.settings.Setting;

/**
 * A sampler of one's own: Euler steps over geometric noise levels from 80 to .002, then to 0; each but the last first adds noise.
 *
 * @param steps T, at least 2
 * @param churn gamma: a step's level is raised from t to (1 + gamma) t; 0 injects no noise
 */
public record ChurnedEuler(int steps, double churn) implements Sampler {
    private static final Setting<Integer> STEPS = Setting.integer("steps", "T", 30, 2, 10000, "Reverse steps.");
    private static final Setting<Double> CHURN =
            Setting.number("churn", "gamma", .2, 0, 1, "How far a step's level is raised; 0: no noise.");

    private static final Kind<Sampler> KIND = Kind.<Sampler, ChurnedEuler>of(
                    "churned-euler", ChurnedEuler.class, "Euler steps, each after some noise.")
            .with(STEPS, ChurnedEuler::steps)
            .with(CHURN, ChurnedEuler::churn)
            .make(values -> new ChurnedEuler(values.get(STEPS), values.get(CHURN)));

    public ChurnedEuler {
        STEPS.checked(steps);
        CHURN.checked(churn);
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

    private double level(int i) {
        return i == steps ? 0 : 80 * Math.pow(.002 / 80, (double) i / (steps - 1));
    }

    @Override
    public Schedule schedule(Parameterisation parameterisation) {
        List<Step> table = new ArrayList<>();
        for (int i = 0; i < steps; i++) {
            double level = level(i);
            double raised = i == steps - 1 ? level : (1 + churn) * level;
            double gain = Math.sqrt(raised * raised - level * level);
            // D = skip x^ + out F, and Euler's x' = x^ + (t' - t^) (x^ - D) / t^ = r x^ + (1 - r) D with r = t' / t^
            Parameterisation.Scaling at = parameterisation.at(1, raised);
            double r = level(i + 1) / raised;
            Affine next = new Affine(r + (1 - r) * at.skip(), (1 - r) * at.out(), 0, 0);
            Affine clean = new Affine(at.skip(), at.out(), 0, 0);
            Stage stage = new Stage(at.input(), at.conditioning(), next, clean);
            table.add(new Step(1, level, gain, NoiseAt.BEFORE, stage, null));
        }
        return new Schedule(level(0), table);
    }
}
