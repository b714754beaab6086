package org.noisetrail.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.function.UnaryOperator;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.noisetrail.NoisetrailException;
import org.noisetrail.model.Condition;
import org.noisetrail.model.Conditioning;
import org.noisetrail.model.Decoder;
import org.noisetrail.model.Denoiser;
import org.noisetrail.model.ImageShape;
import org.noisetrail.model.Parameterisation;
import org.noisetrail.noise.Recipe;
import org.noisetrail.reward.ImageBatch;
import org.noisetrail.reward.Reward;
import org.noisetrail.reward.Rewards;
import org.noisetrail.sampler.Sampler;
import org.noisetrail.sampler.Schedule;
import org.noisetrail.testing.Wrapped;

/** Users' samplers, methods and denoisers that say what cannot be: one line, and as early as it can be seen. */
class UsersPartsTest {
    private static final SmallWorld WORLD = SmallWorld.ddim();

    private static void refused(String message, ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class).hasMessage(message);
    }

    private record Miscounting(Sampler inner) implements Sampler {
        @Override
        public String name() {
            return inner.name();
        }

        @Override
        public int steps() {
            return inner.steps() + 1;
        }

        @Override
        public Schedule schedule(Parameterisation parameterisation) {
            return inner.schedule(parameterisation);
        }
    }

    @Test
    void aSamplerOfOtherStepsThanItsTableIsRefusedBeforeTheSearch() {
        Search.Builder search = WORLD.search(new Naive()).sampler(new Miscounting(WORLD.sampler()));
        refused("sampler steps must be 6, its schedule's: 7", search::build);
    }

    /** Of no provider. */
    private record Own(String name, Sampler inner) implements Sampler {
        @Override
        public int steps() {
            return inner.steps();
        }

        @Override
        public Schedule schedule(Parameterisation parameterisation) {
            return inner.schedule(parameterisation);
        }
    }

    @Test
    void aSamplerOfNoProviderIsSearchedWithAndReplayedButNotWritten() {
        Sampler ddim = WORLD.sampler();
        List<ImageResult> known = images(WORLD.search(new BestOfN(2)));
        for (String name : List.of("own", "ddim")) {
            Search search =
                    WORLD.search(new BestOfN(2)).sampler(new Own(name, ddim)).build();
            SearchResult result = search.run(ImageRequest.of(0, 2));
            SearchResult replayed = result.trail().replay(WORLD.denoiser(), 64, SearchListener.NONE);
            for (int i = 0; i < 2; i++) {
                assertThat(result.images().get(i).state())
                        .isEqualTo(known.get(i).state());
                assertThat(replayed.images().get(i).state())
                        .isEqualTo(known.get(i).state());
            }
            refused(
                    name.equals("own")
                            ? "sampler must be one of edm, ddim, euler-ancestral, flow-sde: own"
                            : "ddim must be of class " + ddim.getClass().getName() + ": " + Own.class.getName(),
                    () -> result.trail().toJson());
        }
    }

    private static List<ImageResult> images(Search.Builder search) {
        return search.build().run(ImageRequest.of(0, 2)).images();
    }

    /** Another method, whose outcome is changed. */
    private record Changed(int rowsPerImage, UnaryOperator<Outcome> change) implements Method {
        @Override
        public String name() {
            return "changed";
        }

        @Override
        public int rowsPerImage(int maxBatch) {
            return rowsPerImage;
        }

        @Override
        public Outcome search(Wave wave) {
            return change.apply(new Naive().search(wave));
        }
    }

    private static ThrowingCallable run(int rowsPerImage, UnaryOperator<Outcome> change) {
        Search search = WORLD.search(new Changed(rowsPerImage, change)).build();
        return () -> search.run(ImageRequest.of(0, 3));
    }

    @Test
    void anOutcomeHasOneOfEachForEveryImage() {
        refused(
                "outcome's recipes must be 3, one an image: 2",
                run(1, o -> new Outcome(o.x(), o.recipes().subList(0, 2), o.pivotNorms(), null)));
        refused(
                "outcome's pivot norms must be 3, one an image: 0",
                run(1, o -> new Outcome(o.x(), o.recipes(), new double[0], null)));
        refused(
                "outcome's rewards must be 3, one an image: 4",
                run(1, o -> new Outcome(o.x(), o.recipes(), o.pivotNorms(), new double[4])));
    }

    @Test
    void anOutcomesRecipesLeadToTheEnd() {
        refused("steps must be 6: 5", run(1, o -> {
            List<Recipe> shorter = o.recipes().stream()
                    .map(each ->
                            new Recipe(each.start(), each.chain(), each.moves().subList(1, 6)))
                    .toList();
            return new Outcome(o.x(), shorter, o.pivotNorms(), null);
        }));
    }

    @Test
    void anOutcomesEndlessRewardIsNotANumber() {
        double[] said = {1, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY};
        Search search = WORLD.search(new Changed(1, o -> new Outcome(o.x(), o.recipes(), o.pivotNorms(), said)))
                .build();
        assertThat(search.run(ImageRequest.of(0, 3)).images().stream().mapToDouble(ImageResult::reward))
                .containsExactly(1., Double.NaN, Double.NEGATIVE_INFINITY);
    }

    /** Ends with one particle, whatever it was asked for. */
    private record One() implements Method {
        @Override
        public String name() {
            return "one";
        }

        @Override
        public int rowsPerImage(int maxBatch) {
            return 1;
        }

        @Override
        public Outcome search(Wave wave) {
            try (Outcome whole = new Naive().search(wave)) {
                return new Outcome(
                        wave.engine().copies(whole.x(), new int[1]), whole.recipes(), whole.pivotNorms(), null);
            }
        }
    }

    @Test
    void anOutcomeHasAStateForEveryImage() {
        Search search = WORLD.search(new One()).build();
        refused("outcome's states must be 3, one an image: 1", () -> search.run(ImageRequest.of(0, 3)));
    }

    @Test
    void aMethodBringsAtLeastARowAnImage() {
        refused("rows per image of method changed must be >= 1: 0", run(0, outcome -> outcome));
    }

    private static final class Counting extends Wrapped {
        private final int evaluations;

        Counting(Denoiser inner, int evaluations) {
            super(inner);
            this.evaluations = evaluations;
        }

        @Override
        public int evaluations() {
            return evaluations;
        }
    }

    @Test
    void aCallOfADenoiserIsAtLeastOneEvaluation() {
        for (int evaluations : new int[] {0, -2}) {
            Search.Builder search =
                    Search.builder(new Counting(WORLD.denoiser(), evaluations)).sampler(WORLD.sampler());
            refused("a denoiser's evaluations must be >= 1: " + evaluations, search::build);
        }
    }

    @Test
    void roundsOutOfRangeAreRefusedBeforeTheyAreCounted() {
        for (int rounds : new int[] {-1, 65536, Integer.MAX_VALUE}) {
            Method method =
                    LocalSearch.builder().rounds((step, sigma) -> rounds).build();
            String message = "rounds must be " + (rounds < 0 ? ">= 0: " : "<= 65535: ") + rounds;
            refused(message, () -> method.evaluations(WORLD.schedule()));
            refused(message, () -> method.sized(WORLD.schedule(), 100));
            refused(message, () -> WORLD.search(method).build().run(ImageRequest.of(0, 1)));
        }
    }

    /** 4096 images of 786432 bytes are more than an array holds: none of them is wanted. */
    @Test
    void trajectoriesAreJudgedWithoutAnArrayOfAllTheirImages() {
        Denoiser small = SmallWorld.mixture(new ImageShape(3, 1, 1), SmallWorld.noise(), .3, 0);
        ImageShape large = new ImageShape(3, 512, 512);
        Reward reward = Reward.of("ends it", image -> {
            throw new IllegalStateException("was asked");
        });
        Search search = Search.builder(small)
                .sampler(WORLD.sampler())
                .decoder(new Enlarging(large))
                .maxBatch(4096)
                .decodeBatch(1)
                .reward(reward)
                .build();
        assertThatThrownBy(() -> search.trajectories(ImageRequest.of(0, 1), 4096, List.of(Rewards.brightness())))
                .rootCause()
                .hasMessage("was asked");
    }

    private record Enlarging(ImageShape image) implements Decoder {
        @Override
        public String id() {
            return "enlarging";
        }

        @Override
        public org.bytedeco.pytorch.Tensor decode(org.bytedeco.pytorch.Tensor states) {
            return org.noisetrail.torch.Tensors.of(
                    org.noisetrail.kernels.Device.CPU,
                    new float[image.elements()],
                    1,
                    image.channels(),
                    image.height(),
                    image.width());
        }

        @Override
        public void close() {}
    }

    /** Can be named until it has scored. */
    private static final class Forgetful implements Reward {
        private final @Nullable String name;
        private boolean asked;

        Forgetful(@Nullable String name) {
            this.name = name;
        }

        @Override
        @SuppressWarnings("NullAway") // what a user's reward must not say
        public String name() {
            return name;
        }

        @Override
        public String id() {
            if (asked) {
                throw new NoisetrailException("gone");
            }
            return "forgetful";
        }

        @Override
        public void score(ImageBatch images, Tensor scores) {
            asked = true;
            Rewards.brightness().score(images, scores);
        }
    }

    @Test
    void aRewardIsAskedForItsNameBeforeItIsAskedForScores() {
        Trail.Judge forgetful = new Trail.Judge("forgetful", "forgetful");
        Search search = WORLD.search(new BestOfN(2))
                .reward(new Forgetful("forgetful"))
                .heldOut(new Forgetful("forgetful"))
                .build();
        Trail trail = search.run(ImageRequest.of(0, 3)).trail();
        assertThat(trail.reward()).isEqualTo(forgetful);
        assertThat(trail.heldOut()).isEqualTo(forgetful);
        Search drawn =
                WORLD.search(new BestOfN(2)).reward(new Forgetful("forgetful")).build();
        drawn.draw(ImageRequest.of(0, 3));
        assertThat(drawn.trail(List.of()).reward()).isEqualTo(forgetful);
    }

    @Test
    void aRewardWithoutANameJudgesNothing() {
        Forgetful nameless = new Forgetful(null);
        String message = "a reward must have a name: " + Forgetful.class.getName() + " says null";
        Search search = WORLD.search(new BestOfN(2)).reward(nameless).build();
        refused(message, () -> search.run(ImageRequest.of(0, 3)));
        refused(message, () -> search.draw(ImageRequest.of(0, 3)));
        assertThat(nameless.asked).isFalse();
    }

    @Test
    @SuppressWarnings("NullAway") // what users' parts must not be
    void whatIsMissingIsNamed() {
        Search.Builder search = WORLD.search(new Naive());
        assertThatThrownBy(() -> search.listener(null))
                .isInstanceOf(NullPointerException.class)
                .hasMessage("listener");
        assertThatThrownBy(() -> search.sampler(null)).hasMessage("sampler");
        assertThatThrownBy(() -> search.method(null)).hasMessage("method");
        assertThatThrownBy(() -> search.decoder(null)).hasMessage("decoder");
        Denoiser silent = new Wrapped(WORLD.denoiser()) {
            @Override
            public Conditioning encode(List<Condition> conditions) {
                return null;
            }
        };
        Search asked = Search.builder(silent).sampler(WORLD.sampler()).build();
        assertThatThrownBy(() -> asked.run(ImageRequest.of(0, 1)))
                .isInstanceOf(NullPointerException.class)
                .hasMessage("the denoiser's conditioning");
    }
}
