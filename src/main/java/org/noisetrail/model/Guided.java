package org.noisetrail.model;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.noisetrail.kernels.Device;
import org.noisetrail.torch.Tensors;
import org.noisetrail.torch.Torch;
import org.noisetrail.torch.Unfinished;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Classifier-free guidance (Ho and Salimans 2022): F = u + g (c - u), u what the network gives without the condition, both in one call of twice the rows. With
 * {@code rescale} w, F is then mixed with F std(c) / std(F) in the proportion w (Lin et al. 2023, section 3.4). Without the condition is, for a prompt, its {@link Condition.Negative}, and
 * otherwise {@link Condition#NONE}: a network of classes can be guided only if it takes that, as the library's do not.
 *
 * <p>Owns nothing: closing it leaves the network it guides open.
 */
public final class Guided implements Denoiser {
    private static final Logger LOG = LoggerFactory.getLogger(Guided.class);

    private final Denoiser network;
    private final double scale;
    private final double rescale;

    private Guided(Denoiser network, double scale, double rescale) {
        this.network = network;
        this.scale = scale;
        this.rescale = rescale;
    }

    /**
     * @param scale g; 1 is the network itself, at half the cost; below 1 the condition counts less, at 0 not at all, which is logged: diffusers draws as with 1 there
     * @param rescale w, 0 (none) to 1
     * @throws IllegalArgumentException if one is out of range
     */
    public static Denoiser of(Denoiser network, double scale, double rescale) {
        checkScale(scale);
        checkRescale(rescale);
        if (scale < 1) {
            LOG.warn(
                    "guidance {}: below 1 images follow their condition less, at 0 not at all, at twice the cost of 1;"
                            + " what diffusers draws at 1 and below is guidance 1",
                    scale);
        }
        return scale == 1 ? network : new Guided(network, scale, rescale);
    }

    static double checkScale(double scale) {
        if (!(scale >= 0 && scale <= 1e4)) {
            throw new IllegalArgumentException("guidance must be from 0 to 10000: " + scale);
        }
        return scale;
    }

    static double checkRescale(double rescale) {
        if (!(rescale >= 0 && rescale <= 1)) {
            throw new IllegalArgumentException("guidance-rescale must be from 0 to 1: " + rescale);
        }
        return rescale;
    }

    @Override
    public String id() {
        return network.id() + " guidance " + scale + (rescale > 0 ? " rescaled " + rescale : "");
    }

    @Override
    public ImageShape shape() {
        return network.shape();
    }

    @Override
    public Device device() {
        return network.device();
    }

    @Override
    public Parameterisation parameterisation() {
        return network.parameterisation();
    }

    @Override
    public void check(Condition condition) {
        network.check(condition);
        network.check(unconditional(condition));
    }

    private static Condition unconditional(Condition condition) {
        return condition instanceof Condition.Prompt prompt
                ? new Condition.Negative(prompt.negative())
                : Condition.NONE;
    }

    /** Twice as many entries as conditions. */
    private record Both(Conditioning all) implements Conditioning {
        @Override
        public int entries() {
            return all.entries() / 2;
        }

        @Override
        public void close() {
            all.close();
        }
    }

    /** The conditions, then what guidance moves away from, in the same order. */
    @Override
    public Conditioning encode(List<Condition> conditions) {
        List<Condition> both = new ArrayList<>(conditions);
        conditions.forEach(condition -> both.add(unconditional(condition)));
        Conditioning encoded = network.encode(both);
        return new Both(encoded);
    }

    @Override
    public int evaluations() {
        return 2 * network.evaluations();
    }

    @Override
    public Tensor network(Tensor input, Tensor level, Conditioning conditions, Tensor entries) {
        if (!(conditions instanceof Both both)) {
            throw new IllegalArgumentException("conditions must be of this denoiser's encode");
        }
        long rows = input.size(0);
        try (Tensor inputs = twice(input);
                Tensor levels = twice(level);
                Tensor all = bothEntries(entries, both.entries());
                Tensor output = network.network(inputs, levels, both.all(), all)) {
            Inputs.checkOutput("the denoiser", output, inputs, 2 * rows, shape());
            return Torch.call(() -> mix(output, rows));
        }
    }

    private static Tensor twice(Tensor rows) {
        return Tensors.cat(List.of(rows, rows), 0);
    }

    private static Tensor bothEntries(Tensor entries, int conditions) {
        return Torch.call(() -> {
            try (Scalar offset = new Scalar(conditions);
                    Tensor others = entries.add(offset)) {
                return Tensors.cat(List.of(entries, others), 0);
            }
        });
    }

    @SuppressWarnings("CheckReturnValue") // what ends with _ works in place
    private Tensor mix(Tensor output, long rows) {
        try (Tensor conditional = output.narrow(0, 0, rows);
                Tensor unconditional = output.narrow(0, rows, rows);
                Scalar g = new Scalar(scale);
                Unfinished parts = new Unfinished()) {
            Tensor mixed = parts.add(conditional.sub(unconditional));
            mixed.mul_(g);
            mixed.add_(unconditional);
            if (rescale > 0) {
                rescale(mixed, conditional);
            }
            return parts.finish(mixed);
        }
    }

    @SuppressWarnings("CheckReturnValue")
    private void rescale(Tensor mixed, Tensor conditional) {
        try (Tensor wanted = deviation(conditional);
                Tensor has = deviation(mixed);
                Tensor ratio = wanted.div(has);
                Scalar w = new Scalar(rescale);
                Scalar rest = new Scalar(1 - rescale)) {
            ratio.mul_(w);
            ratio.add_(rest);
            mixed.mul_(ratio);
        }
    }

    /** Over channels, height and width, unbiased: [rows, 1, 1, 1]. */
    private static Tensor deviation(Tensor rows) {
        try (Tensor flat = rows.flatten(1, -1);
                Tensor deviation = flat.std(new long[] {1}, true, true)) {
            return deviation.view(rows.size(0), 1, 1, 1);
        }
    }

    @Override
    public void close() {}
}
