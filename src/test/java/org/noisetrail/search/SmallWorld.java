package org.noisetrail.search;

import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.PrimitiveIterator;
import org.bytedeco.pytorch.Tensor;
import org.noisetrail.engine.NoiseKind;
import org.noisetrail.engine.StepEngine;
import org.noisetrail.model.Condition;
import org.noisetrail.model.Denoiser;
import org.noisetrail.model.DiscreteNoise;
import org.noisetrail.model.GaussianMixture;
import org.noisetrail.model.ImageShape;
import org.noisetrail.model.Parameterisation;
import org.noisetrail.noise.Recipe;
import org.noisetrail.reward.Image;
import org.noisetrail.reward.ImageBatch;
import org.noisetrail.reward.Reward;
import org.noisetrail.reward.Rewards;
import org.noisetrail.sampler.DdimSampler;
import org.noisetrail.sampler.EdmSampler;
import org.noisetrail.sampler.Sampler;
import org.noisetrail.sampler.Schedule;
import org.noisetrail.torch.Tensors;
import org.noisetrail.trace.Ledger;

/** A mixture of a few elements and a sampler of a few steps: noise before the network, or after it. */
record SmallWorld(String name, Denoiser denoiser, Sampler sampler) {
    static final ImageShape SHAPE = new ImageShape(1, 2, 3);
    static final long SEED = 5;

    /** The first and the last of eight steps are dead. */
    static SmallWorld edm() {
        return edm(new EdmSampler(8, .02, 80, 7, 40, .05, 50, 1), .3, -.4, .4);
    }

    static SmallWorld edm(EdmSampler sampler, double deviation, double... means) {
        return new SmallWorld("edm", mixture(SHAPE, Parameterisation.denoiser(), deviation, means), sampler);
    }

    /** Every step but the last injects noise. */
    static SmallWorld ddim() {
        return ddim(1, .3, -.4, .4);
    }

    static SmallWorld ddim(double eta, double deviation, double... means) {
        return new SmallWorld(
                "ddim",
                mixture(SHAPE, noise(), deviation, means),
                DdimSampler.DEFAULT.withSteps(6).withEta(eta));
    }

    static Denoiser mixture(ImageShape shape, Parameterisation parameterisation, double deviation, double... means) {
        GaussianMixture.Builder mixture = GaussianMixture.builder(shape, 0).parameterisation(parameterisation);
        for (double mean : means) {
            mixture.component(1, deviation, mean);
        }
        return mixture.build();
    }

    /** 96 timesteps. */
    static DiscreteNoise noise() {
        float[] alphas = new float[96];
        double product = 1;
        for (int t = 0; t < alphas.length; t++) {
            product *= 1 - (.001 + .13 * t / alphas.length);
            alphas[t] = (float) product;
        }
        return new DiscreteNoise(alphas, DiscreteNoise.Prediction.EPSILON);
    }

    Schedule schedule() {
        return sampler.schedule(denoiser.parameterisation());
    }

    Search.Builder search(Method method) {
        return Search.builder(denoiser)
                .sampler(sampler)
                .method(method)
                .reward(Rewards.brightness())
                .seed(SEED);
    }

    /** One image by several recipes, drawn plainly. */
    List<ImageResult> replay(long image, List<Recipe> recipes) {
        List<Trail.Entry> entries = recipes.stream()
                .map(recipe -> new Trail.Entry(new ImageRequest(image, -1), recipe))
                .toList();
        return new Trail(denoiser.id(), Map.of(), sampler, SEED, 0, false, entries)
                .replay(denoiser, 64, SearchListener.NONE)
                .images();
    }

    /** A coin of round 65535, in its step's stage: what choices that are no noise are made by. */
    double coin(long image, int step, int candidate) {
        try (StepEngine engine = StepEngine.builder(denoiser, schedule())
                .seed(SEED)
                .images(new long[] {image}, List.of(Condition.NONE), new Ledger(1))
                .build()) {
            return engine.coins(engine.draws(step, 1).add(0, 0xFFFF, candidate, 0, NoiseKind.NONE))[0];
        }
    }

    /** Says this of the images of its calls, one array a call, whatever they are. */
    static Reward scripted(double[]... calls) {
        Iterator<double[]> next = List.of(calls).iterator();
        return new Reward() {
            @Override
            public String name() {
                return "scripted";
            }

            @Override
            public void score(ImageBatch images, Tensor scores) {
                Tensors.copy(next.next(), scores);
            }
        };
    }

    /** What a reward says of images one by one, in parts for the reader. */
    static PrimitiveIterator.OfDouble script(double[]... parts) {
        return Arrays.stream(parts).flatMapToDouble(Arrays::stream).iterator();
    }

    /** In plain Java: what {@link Rewards#brightness} says of a grey image. */
    static double brightness(Image image) {
        double sum = 0;
        for (byte pixel : image.pixels()) {
            sum += pixel & 255;
        }
        return sum / image.pixels().length / 255;
    }

    static double[] rewards(SearchResult result) {
        return result.images().stream().mapToDouble(ImageResult::reward).toArray();
    }

    static double[] minus(double[] a, double[] b) {
        double[] difference = new double[a.length];
        Arrays.setAll(difference, i -> a[i] - b[i]);
        return difference;
    }

    static double mean(double[] values) {
        return Arrays.stream(values).average().orElseThrow();
    }

    static double variance(double[] values) {
        double mean = mean(values);
        return Arrays.stream(values).map(v -> (v - mean) * (v - mean)).sum() / (values.length - 1);
    }

    /** The standard error of their mean. */
    static double error(double[] values) {
        return Math.sqrt(variance(values) / values.length);
    }

    @Override
    public String toString() {
        return name;
    }
}
