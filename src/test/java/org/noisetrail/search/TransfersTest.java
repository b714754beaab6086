package org.noisetrail.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.ClassDenoiser;
import org.noisetrail.model.ImageShape;
import org.noisetrail.model.Parameterisation;
import org.noisetrail.reward.Rewards;
import org.noisetrail.sampler.DdimSampler;
import org.noisetrail.sampler.EdmSampler;
import org.noisetrail.sampler.Sampler;
import org.noisetrail.torch.Traffic;

/** Each copy between host and card costs more than a kernel, and each wait more than that: what a step may have of them. */
class TransfersTest {
    private static final int STEPS = 7;
    private static final Sampler EDM = new EdmSampler(STEPS, .002, 80, 7, 40, .05, 50, 1.003);
    private static final Sampler DDIM = DdimSampler.DEFAULT.withSteps(STEPS).withEta(1);

    /** Half of what goes in. */
    private static final class Half extends ClassDenoiser {
        Half(Parameterisation parameterisation) {
            super(new ImageShape(1, 8, 8), 0, Device.CPU, parameterisation);
        }

        @Override
        public String id() {
            return "half";
        }

        @Override
        protected Tensor network(Tensor input, Tensor level, @Nullable Tensor labels) {
            try (Scalar half = new Scalar(.5)) {
                return input.mul(half);
            }
        }

        @Override
        public void close() {}
    }

    static Stream<Arguments> perStep() {
        return Stream.of(
                arguments(EDM, LocalSearch.builder().candidates(3).rounds(5).build(), 1, 1),
                arguments(DDIM, LocalSearch.builder().candidates(3).rounds(5).build(), 1, 1),
                arguments(EDM, LocalSearch.builder().epsilon(0).keepPivot(true).build(), 1, 1),
                arguments(EDM, LocalSearch.builder().scoreAtFirst(true).build(), 1, 1),
                // What goes on is for the host to say, from the scores.
                arguments(EDM, new Beam(3, 2), 2, 1),
                arguments(DDIM, new Beam(3, 2), 2, 1),
                // Weights of scores; the combination is judged, too.
                arguments(EDM, new Ascent(4), 2, 2));
    }

    @ParameterizedTest
    @MethodSource("perStep")
    void aStepTellsTheDeviceAndIsTold(Sampler sampler, Method method, int uploads, int downloads) {
        List<Traffic.Count> counts = new ArrayList<>();
        search(sampler, method, counts);
        List<Traffic.Count> steps = new ArrayList<>();
        for (int i = 1; i < counts.size(); i++) {
            steps.add(counts.get(i).since(counts.get(i - 1)));
        }
        assertThat(steps).isNotEmpty().allMatch(step -> step.equals(new Traffic.Count(uploads, downloads)));
    }

    /** Nothing is read before its chains are at their ends. */
    @ParameterizedTest
    @MethodSource("samplers")
    void whatNeedsNoScoresOnTheWayIsNotToldAny(Sampler sampler) {
        Traffic.Count before = Traffic.now();
        search(sampler, new BestOfN(4), new ArrayList<>());
        Traffic.Count few = Traffic.now().since(before);
        Traffic.Count middle = Traffic.now();
        search(more(sampler), new BestOfN(4), new ArrayList<>());
        Traffic.Count many = Traffic.now().since(middle);
        assertThat(many.downloads()).isEqualTo(few.downloads());
        assertThat(many.uploads() - few.uploads()).isEqualTo(STEPS);
    }

    static Stream<Sampler> samplers() {
        return Stream.of(EDM, DDIM);
    }

    private static Sampler more(Sampler sampler) {
        return sampler instanceof EdmSampler edm
                ? edm.withSteps(2 * STEPS)
                : ((DdimSampler) sampler).withSteps(2 * STEPS);
    }

    private static void search(Sampler sampler, Method method, List<Traffic.Count> counts) {
        Parameterisation parameterisation =
                sampler instanceof EdmSampler ? Parameterisation.denoiser() : SmallWorld.noise();
        Search.builder(new Half(parameterisation))
                .sampler(sampler)
                .method(method)
                .reward(Rewards.brightness())
                .listener(new SearchListener() {
                    @Override
                    public void onStep(int step, List<ImageRequest> images, double[] rewards) {
                        counts.add(Traffic.now());
                    }
                })
                .build()
                .run(ImageRequest.of(0, 3));
    }
}
