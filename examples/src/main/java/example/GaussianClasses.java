package example;

import java.util.Arrays;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.ClassDenoiser;
import org.noisetrail.model.ImageShape;
import org.noisetrail.model.Parameterisation;

/** A network of one's own, with LibTorch's operations: each class is a Gaussian, whose clean estimate is m + s^2 / (s^2 + sigma^2) (x - m). On the CPU. */
public final class GaussianClasses extends ClassDenoiser {
    private final float[] means;
    private final double deviation;
    private final Tensor table;

    /**
     * @param means m of each class, in every element; of one at least
     * @param deviation s of all
     */
    public GaussianClasses(ImageShape shape, double deviation, float... means) {
        // It is a denoiser as it stands: it is given x0 + sigma n, and sigma.
        super(shape, means.length, Device.CPU, Parameterisation.denoiser());
        this.means = means.clone();
        this.deviation = deviation;
        table = torch.tensor(this.means);
    }

    /** All that its images depend on, and nothing that differs from one process to the next: trails and kept searches go by it. */
    @Override
    public String id() {
        return "gaussian-classes " + deviation + " " + Arrays.toString(means);
    }

    @Override
    protected Tensor network(Tensor input, Tensor level, Tensor labels) {
        // Whatever is made on the way is closed: nothing else frees it where Java is started as README says.
        try (Scalar variance = new Scalar(deviation * deviation);
                Tensor squared = level.mul(level);
                Tensor total = squared.add(variance);
                Tensor inverse = total.reciprocal();
                Tensor share = inverse.mul(variance);
                Tensor shares = share.view(-1, 1, 1, 1);
                Tensor own = table.index_select(0, labels);
                Tensor centres = own.view(-1, 1, 1, 1);
                Tensor from = input.sub(centres);
                Tensor kept = from.mul(shares)) {
            return kept.add(centres);
        }
    }

    @Override
    public void close() {
        table.close();
    }
}
