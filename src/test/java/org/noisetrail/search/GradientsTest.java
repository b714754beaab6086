package org.noisetrail.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.noisetrail.evaluation.MachineProfile;
import org.noisetrail.evaluation.Setup;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Condition;
import org.noisetrail.model.Conditioning;
import org.noisetrail.model.Decoder;
import org.noisetrail.model.Denoiser;
import org.noisetrail.model.ImageShape;
import org.noisetrail.model.Networks;
import org.noisetrail.reward.HostImages;
import org.noisetrail.reward.Image;
import org.noisetrail.reward.ImageBatch;
import org.noisetrail.reward.Reward;
import org.noisetrail.reward.Rewards;
import org.noisetrail.testing.Wrapped;
import org.noisetrail.torch.Tensors;

/** A user's denoiser, decoder and reward with a parameter that wants gradients, as every network of LibTorch's own has. */
class GradientsTest {
    private static final SmallWorld WORLD = SmallWorld.ddim();

    private final Tensor one = Tensors.of(Device.CPU, new float[] {1}, 1);
    /** Calls that would have been noted, and tensors of the library's that came with what was. */
    private final Set<String> noted = ConcurrentHashMap.newKeySet();

    private final Set<String> called = ConcurrentHashMap.newKeySet();

    @BeforeEach
    void wantGradients() {
        one.set_requires_grad(true);
        assertThat(GradMode.is_enabled()).isTrue();
    }

    @AfterEach
    void close() {
        one.close();
    }

    private void look(String call, Tensor... given) {
        called.add(call);
        if (GradMode.is_enabled()) {
            noted.add(call);
        }
        for (Tensor tensor : given) {
            if (tensor.requires_grad()) {
                noted.add("what is given to " + call);
            }
        }
    }

    private Tensor times(Tensor made) {
        try (made) {
            return made.mul(one);
        }
    }

    private Denoiser denoiser() {
        return new Wrapped(WORLD.denoiser()) {
            @Override
            public Conditioning encode(List<Condition> conditions) {
                look("encode");
                return super.encode(conditions);
            }

            @Override
            public Tensor network(Tensor input, Tensor level, Conditioning conditions, Tensor entries) {
                look("network", input, level);
                return times(super.network(input, level, conditions, entries));
            }
        };
    }

    private Decoder decoder() {
        return new Decoder() {
            @Override
            public String id() {
                return "times one";
            }

            @Override
            public ImageShape image() {
                return SmallWorld.SHAPE;
            }

            @Override
            public Tensor decode(Tensor states) {
                look("decode", states);
                return states.mul(one);
            }

            @Override
            public void close() {}
        };
    }

    private Reward reward(Runnable end) {
        return new Reward() {
            @Override
            public String name() {
                return "times one";
            }

            @Override
            public void score(ImageBatch images, Tensor scores) {
                look("score", images.pixels(), scores);
                Rewards.brightness().score(images, scores);
                end.run();
                try (Tensor product = scores.mul(one)) {
                    Tensors.copy(product, scores);
                }
            }
        };
    }

    private Search.Builder search() {
        return Search.builder(denoiser())
                .decoder(decoder())
                .sampler(WORLD.sampler())
                .method(Methods.parse("eps-greedy:candidates=4:rounds=2"))
                .reward(reward(() -> {}))
                .seed(SmallWorld.SEED);
    }

    /** One on the thread that searches, then several that share its images, or an image's candidates. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void nothingIsNotedOfASearch(int workers) {
        for (int images : new int[] {4, 1}) {
            List<ImageResult> drawn = search().workers(workers)
                    .build()
                    .run(ImageRequest.of(0, images))
                    .images();
            assertThat(noted).isEmpty();
            assertThat(GradMode.is_enabled()).isTrue();
            List<ImageResult> plain = WORLD.search(Methods.parse("eps-greedy:candidates=4:rounds=2"))
                    .build()
                    .run(ImageRequest.of(0, images))
                    .images();
            for (int i = 0; i < images; i++) {
                assertThat(drawn.get(i).state()).isEqualTo(plain.get(i).state());
            }
        }
        assertThat(called).containsExactlyInAnyOrder("encode", "network", "decode", "score");
    }

    @Test
    void scoresThatAreKeptDoNotHangOnTheReward() {
        Image image = new Image(SmallWorld.SHAPE, new byte[SmallWorld.SHAPE.elements()], Condition.NONE);
        try (HostImages images = new HostImages(Device.CPU, List.of(image));
                Tensor scores = Tensors.doubles(Device.CPU, 1)) {
            images.batch().score(reward(() -> {}), scores);
            assertThat(scores.requires_grad()).isFalse();
            assertThat(Tensors.toDoubles(scores)).containsExactly(0);
        }
        assertThat(noted).isEmpty();
    }

    @Test
    void afterAFailureTheThreadIsAsItWas() {
        Search search = search().reward(reward(() -> {
                    throw new IllegalStateException("no score");
                }))
                .build();
        assertThatThrownBy(() -> search.run(ImageRequest.of(0, 1))).hasMessage("no score");
        assertThat(GradMode.is_enabled()).isTrue();
        GradMode.set_enabled(false);
        try {
            search().build().run(ImageRequest.of(0, 1));
            assertThat(GradMode.is_enabled()).isFalse();
        } finally {
            GradMode.set_enabled(true);
        }
    }

    @Test
    void nothingIsNotedOfALookNorWhereAMachineIsTimed() {
        Decoder.linear(decoder(), SmallWorld.SHAPE, Device.CPU).close();
        Setup setup = new Setup(
                new Networks(denoiser(), decoder(), null),
                WORLD.sampler(),
                reward(() -> {}),
                null,
                List.of(Condition.NONE));
        assertThat(MachineProfile.measure(setup, 2, 2).reaches(2, 2)).isTrue();
        assertThat(noted).isEmpty();
        assertThat(called).containsExactlyInAnyOrder("encode", "network", "decode", "score");
    }
}
