package org.noisetrail.model;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.noisetrail.NoisetrailException;
import org.noisetrail.kernels.Device;
import org.noisetrail.torch.Tensors;

/**
 * A denoiser that is exact: the posterior mean E[x0 | x0 + sigma n = x] where the data are a mixture of isotropic Gaussians, one mixture a
 * class. With component k's weight w, mean m and standard deviation s,
 *
 * <pre>D(x; sigma) = sum_k r_k (m_k + s_k^2 / (s_k^2 + sigma^2) (x - m_k)),   r_k ~ w_k N(x; m_k, (s_k^2 + sigma^2) I)</pre>
 *
 * <p>A sampler run with it must reproduce the mixture's {@link #mean} and {@link #variance}: for tests, documentation and experiments without a
 * network. Computed in double on the host, one row after another: a row's bits do not depend on its batch. Immutable and thread-safe.
 */
public final class GaussianMixture extends ClassDenoiser {
    private record Component(double weight, double[] mean, double std) {}

    /** By class; one list for all where it is unconditional. */
    private final List<List<Component>> mixtures;

    private final String id;

    private GaussianMixture(Builder builder) {
        super(builder.shape, builder.classes, builder.device, builder.parameterisation);
        List<List<Component>> normalised = new ArrayList<>();
        for (int label = 0; label < builder.mixtures.size(); label++) {
            List<Component> mixture = builder.mixtures.get(label);
            if (mixture.isEmpty()) {
                throw new IllegalArgumentException("components must be >= 1 in every class: class " + label + " has 0");
            }
            double total = mixture.stream().mapToDouble(Component::weight).sum();
            normalised.add(mixture.stream()
                    .map(c -> new Component(c.weight / total, c.mean, c.std))
                    .toList());
        }
        this.mixtures = List.copyOf(normalised);
        this.id = digest();
    }

    /** @param classes 0 for an unconditional mixture */
    public static Builder builder(ImageShape shape, int classes) {
        return new Builder(shape, classes);
    }

    /** Collects components. */
    public static final class Builder {
        private final ImageShape shape;
        private final int classes;
        private final List<List<Component>> mixtures = new ArrayList<>();
        private Device device = Device.CPU;
        private Parameterisation parameterisation = Parameterisation.denoiser();

        private Builder(ImageShape shape, int classes) {
            if (classes < 0) {
                throw new IllegalArgumentException("classes must be >= 0: " + classes);
            }
            this.shape = shape;
            this.classes = classes;
            for (int i = 0; i < Math.max(1, classes); i++) {
                mixtures.add(new ArrayList<>());
            }
        }

        /** Where its tensors lie; it computes on the host all the same. */
        public Builder device(Device device) {
            this.device = device;
            return this;
        }

        /** What {@link #network} takes and gives; by default sigma and D itself. */
        public Builder parameterisation(Parameterisation parameterisation) {
            this.parameterisation = parameterisation;
            return this;
        }

        /** Adds a component to an unconditional mixture; see {@link #classComponent} for its arguments. */
        public Builder component(double weight, double std, double... mean) {
            if (classes != 0) {
                throw new IllegalArgumentException("the mixture has " + classes + " classes: use classComponent");
            }
            return add(0, weight, std, mean);
        }

        /**
         * Adds a component to a class's mixture.
         *
         * @param label its class, from 0
         * @param weight above 0, relative to the class's other components
         * @param std standard deviation of every element, >= 0
         * @param mean one value for all elements, or one an element (channel after channel, row after row)
         */
        public Builder classComponent(int label, double weight, double std, double... mean) {
            if (label < 0 || label >= classes) {
                throw new IllegalArgumentException("label must be >= 0 and < " + classes + " (classes): " + label);
            }
            return add(label, weight, std, mean);
        }

        private Builder add(int label, double weight, double std, double[] mean) {
            if (!(weight > 0) || Double.isInfinite(weight)) {
                throw new IllegalArgumentException("weight must be > 0 and finite: " + weight);
            }
            if (!(std >= 0) || Double.isInfinite(std)) {
                throw new IllegalArgumentException("std must be >= 0 and finite: " + std);
            }
            if (mean.length != 1 && mean.length != shape.elements()) {
                throw new IllegalArgumentException(
                        "mean must have 1 or " + shape.elements() + " values (" + shape + "): " + mean.length);
            }
            double[] full = mean.clone();
            if (mean.length == 1) {
                full = new double[shape.elements()];
                Arrays.fill(full, mean[0]);
            }
            mixtures.get(label).add(new Component(weight, full, std));
            return this;
        }

        /**
         * The mixture.
         *
         * @throws IllegalArgumentException if it has no component
         */
        public GaussianMixture build() {
            return new GaussianMixture(this);
        }
    }

    @Override
    public String id() {
        return id;
    }

    @Override
    protected Tensor network(Tensor input, Tensor level, @Nullable Tensor labels) {
        float[] x = Tensors.toFloats(input);
        float[] levels = Tensors.toFloats(level);
        long[] label = labels == null ? new long[levels.length] : Tensors.toLongs(labels);
        for (int row = 0; row < levels.length; row++) {
            network(x, row * shape().elements(), levels[row], mixture(label[row]));
        }
        return Tensors.of(device(), x, Tensors.shape(input));
    }

    /** F = (D(x) - skip x) / out at x = input / scale, in place; with signal + noise = 1, so that pure noise is no exception. */
    private void network(float[] values, int begin, double conditioning, List<Component> mixture) {
        double sigma = parameterisation().noiseLevel(conditioning);
        double signal = 1 / (1 + sigma);
        double noise = 1 - signal;
        Parameterisation.Scaling scaling = parameterisation().at(signal, noise);
        double[] x = new double[shape().elements()];
        for (int j = 0; j < x.length; j++) {
            x[j] = values[begin + j] / scaling.input();
        }
        double[] responsibilities = responsibilities(mixture, signal, noise, x);
        for (int j = 0; j < x.length; j++) {
            double clean = estimate(mixture, responsibilities, signal, noise, x[j], j);
            values[begin + j] = (float) ((clean - scaling.skip() * x[j]) / scaling.out());
        }
    }

    /**
     * The clean estimate of one image, in double.
     *
     * @param label its class; ignored where the mixture is unconditional
     */
    public double[] denoise(double[] x, double sigma, int label) {
        if (x.length != shape().elements()) {
            throw new IllegalArgumentException(
                    "x must have " + shape().elements() + " elements (" + shape() + "): " + x.length);
        }
        List<Component> mixture = mixture(classes() == 0 ? 0 : label);
        double[] responsibilities = responsibilities(mixture, 1, sigma, x);
        double[] estimate = new double[x.length];
        for (int j = 0; j < x.length; j++) {
            estimate[j] = estimate(mixture, responsibilities, 1, sigma, x[j], j);
        }
        return estimate;
    }

    /** The mean of a class's images (of all, where it is unconditional; the label is then ignored). */
    public double[] mean(int label) {
        double[] mean = new double[shape().elements()];
        for (Component c : mixture(classes() == 0 ? 0 : label)) {
            for (int j = 0; j < mean.length; j++) {
                mean[j] += c.weight * c.mean[j];
            }
        }
        return mean;
    }

    /** The variance of each element of a class's images: the covariance's diagonal. */
    public double[] variance(int label) {
        double[] mean = mean(label);
        double[] variance = new double[mean.length];
        for (Component c : mixture(classes() == 0 ? 0 : label)) {
            for (int j = 0; j < mean.length; j++) {
                double off = c.mean[j] - mean[j];
                variance[j] += c.weight * (c.std * c.std + off * off);
            }
        }
        return variance;
    }

    /** Nothing to free. */
    @Override
    public void close() {}

    /** Each component's posterior probability: a softmax of log densities, which themselves would underflow. */
    private static double[] responsibilities(List<Component> mixture, double signal, double noise, double[] x) {
        if (!(noise > 0)) {
            throw new IllegalArgumentException("sigma must be > 0: " + noise);
        }
        double[] log = new double[mixture.size()];
        double largest = Double.NEGATIVE_INFINITY;
        for (int k = 0; k < log.length; k++) {
            Component c = mixture.get(k);
            double variance = variance(c, signal, noise);
            double distance = 0;
            for (int j = 0; j < c.mean.length; j++) {
                double off = x[j] - signal * c.mean[j];
                distance += off * off;
            }
            log[k] = Math.log(c.weight) - distance / (2 * variance) - c.mean.length * Math.log(variance) / 2;
            largest = Math.max(largest, log[k]);
        }
        double total = 0;
        for (int k = 0; k < log.length; k++) {
            log[k] = Math.exp(log[k] - largest);
            total += log[k];
        }
        for (int k = 0; k < log.length; k++) {
            log[k] /= total;
        }
        return log;
    }

    private static double variance(Component c, double signal, double noise) {
        return signal * signal * c.std * c.std + noise * noise;
    }

    private static double estimate(
            List<Component> mixture, double[] responsibilities, double signal, double noise, double x, int j) {
        double sum = 0;
        for (int k = 0; k < responsibilities.length; k++) {
            Component c = mixture.get(k);
            double trust = signal * c.std * c.std / variance(c, signal, noise);
            sum += responsibilities[k] * (c.mean[j] + trust * (x - signal * c.mean[j]));
        }
        return sum;
    }

    private List<Component> mixture(long label) {
        if (label < 0 || label >= mixtures.size()) {
            throw new IllegalArgumentException("label must be >= 0 and < " + mixtures.size() + " (classes): " + label);
        }
        return mixtures.get((int) label);
    }

    private static String words(Parameterisation parameterisation) {
        return " " + parameterisation.at(1, .5) + " " + parameterisation.at(.6, .8);
    }

    private String digest() {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            // The default says nothing, as in trails of old; others are told apart by what they say of two levels.
            String takes = words(parameterisation());
            String words = "mixture " + shape() + " " + classes()
                    + (takes.equals(words(Parameterisation.denoiser())) ? "" : takes);
            digest.update(words.getBytes(java.nio.charset.StandardCharsets.UTF_8));
            for (List<Component> mixture : mixtures) {
                for (Component c : mixture) {
                    ByteBuffer bytes = ByteBuffer.allocate(8 * (2 + c.mean.length))
                            .putDouble(c.weight)
                            .putDouble(c.std);
                    for (double value : c.mean) {
                        bytes.putDouble(value);
                    }
                    digest.update(bytes.flip());
                }
                digest.update((byte) 0);
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new NoisetrailException("no SHA-256", e);
        }
    }
}
