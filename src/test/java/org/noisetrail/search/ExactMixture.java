package org.noisetrail.search;

import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import org.bytedeco.pytorch.Tensor;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Condition;
import org.noisetrail.model.Conditioning;
import org.noisetrail.model.Denoiser;
import org.noisetrail.model.ImageShape;
import org.noisetrail.model.LabelConditioning;
import org.noisetrail.model.Parameterisation;
import org.noisetrail.torch.Tensors;

/**
 * The exact denoiser of a mixture of equal, isotropic Gaussians, in plain Java: the tests' own, beside the library's. Component k has
 * the mean {@code means[k]} in every element. Conditional: class k is component k alone. It counts the rows it is asked for.
 */
public final class ExactMixture implements Denoiser {
    private final ImageShape shape;
    private final double[] means;
    private final double deviation;
    private final boolean conditional;
    public final AtomicLong rows = new AtomicLong();
    final AtomicLongArray rowsOfClass;
    public final AtomicLong calls = new AtomicLong();
    public volatile Runnable beforeCall = () -> {};

    public ExactMixture(ImageShape shape, boolean conditional, double deviation, double... means) {
        this.shape = shape;
        this.conditional = conditional;
        this.deviation = deviation;
        this.means = means;
        this.rowsOfClass = new AtomicLongArray(means.length);
    }

    @Override
    public String id() {
        return "exact-mixture";
    }

    @Override
    public ImageShape shape() {
        return shape;
    }

    @Override
    public Parameterisation parameterisation() {
        return Parameterisation.denoiser();
    }

    @Override
    public void check(Condition condition) {
        LabelConditioning.check(condition, conditional ? means.length : 0);
    }

    @Override
    public Conditioning encode(List<Condition> conditions) {
        return LabelConditioning.of(conditions, conditional ? means.length : 0, Device.CPU);
    }

    @Override
    public Device device() {
        return Device.CPU;
    }

    @Override
    public Tensor network(Tensor input, Tensor noise, Conditioning conditions, Tensor entries) {
        beforeCall.run();
        calls.incrementAndGet();
        float[] x = Tensors.toFloats(input);
        float[] sigma = Tensors.toFloats(noise);
        long[] classes;
        try (Tensor labels = ((LabelConditioning) conditions).rows(entries)) {
            classes = labels == null ? null : Tensors.toLongs(labels);
        }
        int d = shape.elements();
        for (int row = 0; row < sigma.length; row++) {
            rows.incrementAndGet();
            double[] weights = new double[means.length];
            if (classes != null) {
                rowsOfClass.incrementAndGet((int) classes[row]);
                weights[(int) classes[row]] = 1;
            } else {
                responsibilities(x, row * d, sigma[row], weights);
            }
            double data = deviation * deviation;
            double level = (double) sigma[row] * sigma[row];
            for (int i = row * d; i < (row + 1) * d; i++) {
                double mean = 0;
                for (int k = 0; k < means.length; k++) {
                    mean += weights[k] * (data * x[i] + level * means[k]) / (data + level);
                }
                x[i] = (float) mean;
            }
        }
        Tensor clean = Tensors.floats(Device.CPU, sigma.length, shape.channels(), shape.height(), shape.width());
        Tensors.copy(x, clean);
        return clean;
    }

    private void responsibilities(float[] x, int from, double sigma, double[] weights) {
        double variance = deviation * deviation + sigma * sigma;
        double largest = Double.NEGATIVE_INFINITY;
        for (int k = 0; k < means.length; k++) {
            for (int i = from; i < from + shape.elements(); i++) {
                weights[k] -= (x[i] - means[k]) * (x[i] - means[k]) / (2 * variance);
            }
            largest = Math.max(largest, weights[k]);
        }
        double sum = 0;
        for (int k = 0; k < means.length; k++) {
            weights[k] = Math.exp(weights[k] - largest);
            sum += weights[k];
        }
        for (int k = 0; k < means.length; k++) {
            weights[k] /= sum;
        }
    }

    @Override
    public void close() {}
}
