package org.noisetrail.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.noisetrail.model.Decoder;
import org.noisetrail.model.ImageShape;
import org.noisetrail.noise.Draw;
import org.noisetrail.reward.Reward;
import org.noisetrail.reward.Rewards;

/** What is chosen among stored scores is what the search draws: image, scores and counts. */
class TrajectoryMethodTest {
    private static final int STORED = 12;
    private static final List<ImageRequest> IMAGES = ImageRequest.of(3, 7);
    private static final List<String> METHODS = List.of(
            "naive",
            "best-of-n:candidates=1",
            "best-of-n:candidates=2",
            "best-of-n:candidates=5",
            "best-of-n:candidates=12",
            "pruned-best-of-n:candidates=1",
            "pruned-best-of-n:candidates=2:keep=1@1",
            "pruned-best-of-n:candidates=12:keep=none",
            "pruned-best-of-n:candidates=12:keep=linear",
            "pruned-best-of-n:candidates=9:keep=5@1,2@3",
            "pruned-best-of-n:candidates=12:keep=3@2,1@4",
            "pruned-best-of-n:candidates=12:keep=6@2,6@3,2@5",
            "pruned-best-of-n:candidates=5:keep=12@1,3@4");

    private static Stream<SmallWorld> worlds() {
        return Stream.of(SmallWorld.edm(), SmallWorld.ddim(), SmallWorld.ddim(0, .3, -.4, .4));
    }

    /** Many equal scores, and NaN for some images. */
    private static Reward coarse() {
        return Reward.of("coarse", image -> {
            int first = image.at(0, 0, 0);
            return first % 7 == 0 ? Double.NaN : first / 64;
        });
    }

    private static void isChosenAndDrawn(Search.Builder search, String text, double target, int maxBatch) {
        TrajectoryMethod method = (TrajectoryMethod) Methods.parse(text);
        Reward other = Rewards.compressibility(700);
        Search drawing = search.method(method)
                .heldOut(other)
                .targetReward(target)
                .maxBatch(maxBatch)
                .build();
        double[][][][] scores = drawing.trajectories(IMAGES, STORED, List.of(other));
        List<ImageResult> drawn = drawing.run(IMAGES).images();
        int last = drawing.schedule().size() - 1;
        for (int i = 0; i < IMAGES.size(); i++) {
            ImageResult image = drawn.get(i);
            TrajectoryMethod.Pick pick = method.pick(scores[0][i], drawing.schedule(), target);
            String what = text + ", image " + i;
            assertThat(image.recipe().start()).as(what).containsExactly(Draw.global(0, pick.trajectory()));
            assertThat((Double) scores[0][i][pick.trajectory()][last]).as(what).isEqualTo((Double) image.reward());
            assertThat(scores[1][i][pick.trajectory()][last])
                    .as(what)
                    .isEqualTo(image.heldOut().orElseThrow());
            assertThat(pick.evaluations()).as(what).isEqualTo(image.costs().networkEvaluations());
            assertThat(pick.rewardCalls()).as(what).isEqualTo(image.costs().rewardCalls());
        }
    }

    @ParameterizedTest
    @MethodSource("worlds")
    void theChoiceIsTheSearchs(SmallWorld world) {
        for (String method : METHODS) {
            isChosenAndDrawn(world.search(new Naive()), method, Double.POSITIVE_INFINITY, 64);
            isChosenAndDrawn(world.search(new Naive()).reward(coarse()), method, Double.POSITIVE_INFINITY, 64);
        }
    }

    @ParameterizedTest
    @MethodSource("worlds")
    void aTargetEndsItWhereItEndsTheSearch(SmallWorld world) {
        for (String method : METHODS) {
            isChosenAndDrawn(world.search(new Naive()), method, .62, 1);
            isChosenAndDrawn(world.search(new Naive()), method, .55, 4);
        }
    }

    @Test
    void aPreviewDecoderJudgesOnTheWayAndTheTrueOneAtTheEnd() {
        SmallWorld world = SmallWorld.ddim();
        Decoder preview = new Decoder() {
            @Override
            public String id() {
                return "darker";
            }

            @Override
            public ImageShape image() {
                return SmallWorld.SHAPE;
            }

            @Override
            public Tensor decode(Tensor states) {
                try (Scalar factor = new Scalar(-1)) {
                    return states.mul(factor);
                }
            }

            @Override
            public void close() {}
        };
        for (String method : METHODS) {
            isChosenAndDrawn(world.search(new Naive()).preview(preview), method, Double.POSITIVE_INFINITY, 64);
        }
    }

    @Test
    void trajectoriesThatAreNotThereAreNotChosenAmong() {
        SmallWorld world = SmallWorld.edm();
        double[][][] scores = world.search(new Naive()).build().trajectories(IMAGES, 3, List.of())[0];
        assertThatThrownBy(() -> new BestOfN(4).pick(scores[0], world.schedule(), 1))
                .hasMessage("scores must be of >= 4 trajectories and 8 steps: 3 and 8");
        assertThatThrownBy(() -> new BestOfN(2, true).pick(scores[0], world.schedule(), 1))
                .hasMessage("trajectories must each have their own initial noise: shared start");
        assertThatThrownBy(() -> new PrunedBestOfN(3, Funnel.NONE, 2).pick(scores[0], world.schedule(), 1))
                .hasMessage("trajectories must go on with their own noise: noises 2");
    }

    @Test
    void oneTrajectorysScoresDoNotDependOnTheOthers() {
        SmallWorld world = SmallWorld.edm();
        Search search = world.search(new Naive()).build();
        double[][][] few = search.trajectories(IMAGES.subList(2, 4), 3, List.of())[0];
        double[][][] many = search.trajectories(IMAGES, 8, List.of())[0];
        for (int i = 0; i < 2; i++) {
            for (int trajectory = 0; trajectory < 3; trajectory++) {
                assertThat(few[i][trajectory]).isEqualTo(many[i + 2][trajectory]);
            }
        }
    }
}
