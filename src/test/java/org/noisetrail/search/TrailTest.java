package org.noisetrail.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.noisetrail.NoisetrailException;
import org.noisetrail.model.Condition;
import org.noisetrail.model.DiscreteNoise.Prediction;
import org.noisetrail.model.GaussianMixture;
import org.noisetrail.model.ImageShape;
import org.noisetrail.model.Parameterisation;
import org.noisetrail.noise.Draw;
import org.noisetrail.noise.Move;
import org.noisetrail.noise.Recipe;
import org.noisetrail.reward.Rewards;
import org.noisetrail.sampler.EdmSampler;
import org.noisetrail.sampler.Sampler;
import org.noisetrail.sampler.Samplers;
import org.noisetrail.sampler.Schedule;
import org.noisetrail.testing.Noises;

class TrailTest {
    @TempDir
    Path folder;

    private Path file;

    private static Trail trail() {
        List<List<Draw>> steps = new java.util.ArrayList<>(Collections.nCopies(18, List.of()));
        steps.set(3, List.of(new Draw.Named(4, 65535, false), new Draw.Named(65535, 0, true)));
        EdmSampler sampler = new EdmSampler(18, .002, 80, 7, 40, .05, Double.POSITIVE_INFINITY, 1.003);
        return new Trail(
                "sha256:abc",
                Map.of(),
                sampler,
                -1L,
                .15,
                true,
                List.of(new Trail.Entry(new ImageRequest(0xFFFFFFFFL, 9), Recipe.steps(3, 7, steps))));
    }

    @BeforeEach
    void write() {
        file = folder.resolve("trail.json");
        trail().write(file);
    }

    @Test
    void whatIsReadIsWhatWasWritten() {
        assertThat(Trail.read(file)).isEqualTo(trail());
        assertThat(folder).isDirectoryContaining("glob:**/trail.json").isDirectoryNotContaining("glob:**/*.part");
    }

    @Test
    void theSeedIsWrittenUnsigned() throws IOException {
        assertThat(Files.readString(file)).contains("\"18446744073709551615\"");
    }

    @Test
    void anImageTakesAFewHundredBytes() throws IOException {
        assertThat(Files.size(file)).isLessThan(700);
    }

    /** Drawn by the library that wrote version 1; beside them, the states it ended at. */
    private static final String VERSION_1 = """
        {"format":"noisetrail-trail","version":1,"denoiser":"ffb208968e7777552a77423743982cada5ec29c73a52ccf14995843bf243da81",\
        "seed":"18446744073709551611","lambda":0.3,"project":true,"sampler":{"name":"edm","steps":6,"sigmaMin":0.01,"sigmaMax":20.0,"rho":5.0,\
        "churn":30.0,"churnMin":0.05,"churnMax":"Infinity","churnNoise":1.003},"images":[{"image":4294967294,"class":0,"start":0,"chain":0,\
        "steps":["l1.0 l2.0 l3.1","g2.2 l3.2","l1.2 l2.2 l3.1","g1.2 l2.1 l3.2","g2.2 l3.0",""]},{"image":4294967295,"class":1,"start":0,"chain":0,\
        "steps":["l1.0 l2.1 l3.1","g1.0 l2.0 l3.0","g3.0","g1.0 l2.0 l3.0","g3.1",""]}]}
        """;

    private static final float[][] VERSION_1_STATES = {
        {0.53652036f, 0.8109689f, 1.1374493f, 0.77696455f, 0.98148674f, 1.1200757f},
        {-0.45190758f, 0.8026604f, 0.26131073f, 0.26839477f, 0.81841815f, 0.3372843f}
    };

    /** The same, of the best of four whole trajectories. */
    private static final String VERSION_1_CHAIN = """
        {"format":"noisetrail-trail","version":1,"denoiser":"ffb208968e7777552a77423743982cada5ec29c73a52ccf14995843bf243da81",\
        "seed":"18446744073709551611","lambda":0.0,"project":false,"sampler":{"name":"edm","steps":6,"sigmaMin":0.01,"sigmaMax":20.0,"rho":5.0,\
        "churn":30.0,"churnMin":0.05,"churnMax":"Infinity","churnNoise":1.003},"images":[{"image":1,"class":1,"start":1,"chain":1,\
        "steps":["","","","","",""]}]}
        """;

    private static final float[][] VERSION_1_CHAIN_STATES = {
        {0.04574325f, 0.28758243f, 0.51885045f, -0.032786854f, 0.9775593f, 1.2317013f}
    };

    private static GaussianMixture twoClasses() {
        return GaussianMixture.builder(new ImageShape(1, 2, 3), 2)
                .classComponent(0, 1, .3, -.5)
                .classComponent(0, 2, .2, .4)
                .classComponent(1, 1, .25, .1)
                .build();
    }

    @Test
    void aTrailOfVersion1GivesTheImagesThatItGave() {
        assertGives(Trail.parse("version 1", VERSION_1), VERSION_1_STATES);
        assertGives(Trail.parse("version 1", VERSION_1_CHAIN), VERSION_1_CHAIN_STATES);
    }

    /** Steps are one affine update now, so the last bits are others. */
    private static void assertGives(Trail old, float[][] states) {
        List<ImageResult> images =
                old.replay(twoClasses(), 64, SearchListener.NONE).images();
        for (int i = 0; i < states.length; i++) {
            float[] state = images.get(i).state();
            for (int j = 0; j < state.length; j++) {
                assertThat(state[j]).isCloseTo(states[i][j], within(5e-6f));
            }
        }
        Trail written = Trail.parse("version 2", old.toJson());
        assertThat(written).isEqualTo(old);
        assertThat(old.toJson()).contains("\"version\":2", "\"model\":");
        assertThat(written.replay(twoClasses(), 1, SearchListener.NONE)
                        .images()
                        .get(0)
                        .state())
                .isEqualTo(images.get(0).state());
    }

    private static Trail every(Sampler sampler) {
        return new Trail(
                "model decoder",
                Map.of("guidance", "7.5", "guidance-rescale", "0.7"),
                sampler,
                Long.MIN_VALUE,
                .3,
                false,
                List.of(
                        new Trail.Entry(
                                new ImageRequest(0, new Condition.Prompt("a cat, \"so\" small\n\u00e9\u732b", "")),
                                Recipe.steps(65535, 65535, Collections.nCopies(sampler.steps(), List.of()))),
                        new Trail.Entry(
                                new ImageRequest(1, new Condition.Prompt("", "blurry")),
                                new Recipe(
                                        List.of(new Draw.Combined(1, List.of(.1, -1e-300)), new Draw.Named(2, 0, true)),
                                        0,
                                        List.of(
                                                Move.down(List.of(new Draw.Combined(65535, List.of(1.0)))),
                                                Move.down(List.of(
                                                        Draw.global(1, 0), new Draw.Shifted(1, 4, true, List.of(2.0)))),
                                                new Move(0, List.of()),
                                                Move.down(List.of(new Draw.Shifted(1, -.5, false, List.of(1.0, -2.0)))),
                                                Move.down(List.of(new Draw.Mixed(3, 1, .2))),
                                                Move.down(List.of())))),
                        new Trail.Entry(
                                new ImageRequest(2, Condition.prompt("no negative")),
                                Recipe.steps(0, 0, Collections.nCopies(sampler.steps(), List.of()))),
                        new Trail.Entry(
                                new ImageRequest(3, Condition.NONE),
                                Recipe.steps(0, 0, Collections.nCopies(sampler.steps(), List.of())))));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "edm:steps=3:s-max=Infinity",
                "ddim:steps=3:eta=0.1:timestep-spacing=trailing:steps-offset=1:set-alpha-to-one",
                "euler-ancestral:steps=3:eta=0.3333333333333333",
                "flow-sde:steps=3:flow-noise=1.0E-7:flow-shift=3"
            })
    void promptsAndEveryKindOfMoveComeBack(String sampler) {
        Trail trail = every(Samplers.parse(sampler));
        assertThat(Trail.parse("test", trail.toJson())).isEqualTo(trail);
        assertThat(trail.toJson()).doesNotContain("\n");
        trail.write(file);
        assertThat(Trail.read(file)).isEqualTo(trail);
    }

    private static final Map<String, Parameterisation> NETWORKS = Map.of(
            "edm:steps=4", Parameterisation.denoiser(),
            "ddim:steps=4:steps-offset=1", Noises.stableDiffusion(Prediction.V),
            "euler-ancestral:steps=4", Noises.stableDiffusion(Prediction.EPSILON),
            "flow-sde:steps=4", Parameterisation.flow());

    static Set<String> samplers() {
        return NETWORKS.keySet();
    }

    /** Recipes that no method of today makes: images of one wave that go up and down at different times, from starts of different making. */
    @ParameterizedTest
    @MethodSource("samplers")
    void recipesOfEveryKindReplayTheSameAloneAndTogether(String text) {
        Sampler sampler = Samplers.parse(text);
        Parameterisation parameterisation = NETWORKS.get(text);
        Schedule schedule = sampler.schedule(parameterisation);
        GaussianMixture mixture = GaussianMixture.builder(new ImageShape(1, 3, 4), 0)
                .component(1, .2, -.5)
                .component(1, .3, .5)
                .parameterisation(parameterisation)
                .build();
        Move plain = Move.down(List.of());
        Move drawn = Move.parse("g3.1 l4.0");
        Move sum = Move.parse("c1:0.5,-1.25,2.0 l2.1");
        Move up = Move.parse("^1 g7.0");
        List<Draw> own = List.of(Draw.global(0, 0));
        List<Recipe> recipes = List.of(
                new Recipe(own, 0, List.of(plain, plain, plain, plain)),
                new Recipe(own, 3, List.of(plain, drawn, sum, plain)),
                new Recipe(List.of(new Draw.Combined(1, List.of(1.0, -.5))), 0, List.of(drawn, drawn, plain, sum)),
                new Recipe(
                        List.of(Draw.global(1, 3), new Draw.Named(2, 1, true)),
                        0,
                        List.of(plain, plain, up, Move.parse("m2.1:0.3"), plain, plain)),
                new Recipe(own, 0, List.of(plain, plain, Move.parse("^0"), drawn, plain, sum, plain)),
                new Recipe(own, 0, List.of(plain, plain, plain, up, plain, up, drawn, plain, plain)));
        List<Trail.Entry> entries = new java.util.ArrayList<>();
        for (int i = 0; i < recipes.size(); i++) {
            entries.add(new Trail.Entry(new ImageRequest(100 + i, -1), recipes.get(i)));
        }
        Trail trail = new Trail(mixture.id(), Map.of(), sampler, 5, .4, true, entries);
        assertThat(Trail.parse("test", trail.toJson())).isEqualTo(trail);
        List<ImageResult> together =
                trail.replay(mixture, 64, SearchListener.NONE).images();
        for (int batch : new int[] {1, 2, 4}) {
            List<ImageResult> again =
                    trail.replay(mixture, batch, SearchListener.NONE).images();
            for (int i = 0; i < entries.size(); i++) {
                assertThat(again.get(i).state())
                        .as("image %d in waves of %d", i, batch)
                        .isEqualTo(together.get(i).state());
                assertThat(again.get(i).pivotNorm()).isEqualTo(together.get(i).pivotNorm());
                assertThat(again.get(i).costs()).isEqualTo(together.get(i).costs());
            }
        }
        for (int i = 0; i < entries.size(); i++) {
            long cost = schedule.startEvaluations();
            for (int m = 0; m < recipes.get(i).moves().size(); m++) {
                cost += recipes.get(i).moves().get(m).isUp()
                        ? schedule.startEvaluations()
                        : schedule.evaluations(recipes.get(i).position(m));
            }
            assertThat(together.get(i).costs().networkEvaluations()).isEqualTo(cost);
            for (float value : together.get(i).state()) {
                assertThat(value).isFinite();
            }
            for (int j = 0; j < i; j++) {
                assertThat(together.get(i).state()).isNotEqualTo(together.get(j).state());
            }
        }
        Search naive = Search.builder(mixture).sampler(sampler).seed(5).build();
        assertThat(naive.run(List.of(new ImageRequest(100, -1))).images().get(0).state())
                .isEqualTo(together.get(0).state());
    }

    @Test
    void aReplayByASearchOfOnesOwnTellsItsListener() {
        SmallWorld world = SmallWorld.ddim();
        SearchResult result = world.search(new BestOfN(2)).build().run(ImageRequest.of(0, 2));
        List<ImageResult> told = new ArrayList<>();
        Search.Builder again = Search.builder(world.denoiser())
                .heldOut(Rewards.brightness())
                .listener(new SearchListener() {
                    @Override
                    public void onImages(List<ImageResult> images) {
                        told.addAll(images);
                    }
                });
        SearchResult replayed = result.trail().replay(again, 64);
        assertThat(told).isEqualTo(replayed.images()).hasSize(2);
        assertThat(told.get(0).state()).isEqualTo(result.images().get(0).state());
    }

    @Test
    void aReplayTakesNothingThatWouldEndItEarly() {
        SmallWorld world = SmallWorld.ddim();
        Trail trail =
                world.search(new BestOfN(2)).build().run(ImageRequest.of(0, 2)).trail();
        String message = "a replay draws what its trail says, and takes no ";
        Map<String, UnaryOperator<Search.Builder>> ends = Map.of(
                message + "time limit", search -> search.timeLimit(Duration.ZERO),
                message + "guard", search -> search.guard(Rewards.brightness(), .1),
                message + "budget", search -> search.budget(1000));
        ends.forEach((refusal, end) -> assertThatThrownBy(
                        () -> trail.replay(end.apply(Search.builder(world.denoiser())), 64))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(refusal));
        Search.Builder other = Search.builder(world.denoiser());
        assertThatThrownBy(() -> trail.replay(
                        other.screening(new Screening(true, Screening.Look.WHOLE, Screening.LOSS, 0))
                                .reward(Rewards.brightness()),
                        64))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("screen needs a method");
    }

    private void replace(String what, String by) throws IOException {
        String text = Files.readString(file);
        assertThat(text).contains(what);
        Files.writeString(file, text.replace(what, by));
    }

    private void refused(String... words) {
        assertThatThrownBy(() -> Trail.read(file))
                .isInstanceOf(NoisetrailException.class)
                .hasMessageContainingAll(words)
                .hasMessageNotContaining("\n");
    }

    @Test
    void aNewerVersionIsRefused() throws IOException {
        replace("\"version\":2", "\"version\":3");
        refused("version 3", "newer noisetrail");
    }

    @Test
    void aFileOfAnotherFormatIsRefused() throws IOException {
        Files.writeString(file, "{\"images\": []}");
        refused("is not a trail");
    }

    @Test
    void aTruncatedFileIsRefused() throws IOException {
        String text = Files.readString(file);
        Files.writeString(file, text.substring(0, text.length() / 2));
        refused(file.toString(), "is not a trail");
    }

    @Test
    void aMissingFileIsNamed() {
        assertThatThrownBy(() -> Trail.read(folder.resolve("none.json")))
                .isInstanceOf(NoisetrailException.class)
                .hasMessageContaining("none.json");
    }

    @Test
    void aMissingFieldIsNamed() throws IOException {
        replace("\"lambda\":0.15,", "");
        refused("\"lambda\" is missing");
    }

    @Test
    void anUnreadableDrawIsShown() throws IOException {
        replace("g4.65535", "x4");
        refused("draw must be like g3.1, l3.1, ", ": x4");
    }

    @Test
    void aDrawOutOfRangeIsRefused() throws IOException {
        replace("g4.65535", "g4.65536");
        refused("candidate must be from 0 to 65535: 65536");
    }

    @Test
    void aWrongNumberOfStepsIsRefused() throws IOException {
        replace("\"steps\":18", "\"steps\":20");
        refused("image 4294967295: steps must be 20: 18");
    }

    @Test
    void anImpossibleSeedIsRefused() throws IOException {
        replace("18446744073709551615", "18446744073709551616");
        refused("is not a valid trail");
    }

    @Test
    void aFileThatCannotBeWrittenIsNamed() {
        Path nowhere = folder.resolve("none").resolve("trail.json");
        assertThatThrownBy(() -> trail().write(nowhere))
                .isInstanceOf(NoisetrailException.class)
                .hasMessageContaining("cannot write " + nowhere);
    }
}
