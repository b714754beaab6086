package org.noisetrail.noise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The names of noise, and what may be made of them. */
class RecipeTest {
    private static final Move DOWN = Move.down(List.of());

    private static Move up(int step) {
        return new Move(step, List.of());
    }

    private static Recipe recipe(Move... moves) {
        return new Recipe(List.of(Draw.global(0, 0)), 0, List.of(moves));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "g3.1",
                "l65535.0",
                "g0.65535",
                "c1:0.5,-1.25",
                "c0:1.0",
                "c65535:1.0E-300,-4.9E-324,1.7976931348623157E308",
                "c7:0.1,0.0,-0.3333333333333333",
                "h1:4.0:0.5,-1.25",
                "f65535:-1.0E-5:1.0",
                "m3.1:0.2",
                "m0.65535:1.0E-4"
            })
    void aDrawReadsWhatItWrites(String text) {
        assertThat(Draw.parse(text).toString()).isEqualTo(text);
        assertThat(Draw.parse(text)).isEqualTo(Draw.parse(Draw.parse(text).toString()));
    }

    @Test
    void asManyWeightsAsARoundMayHaveComeBack() {
        List<Double> weights = java.util.stream.IntStream.range(0, 65535)
                .mapToObj(i -> i - 32768.5)
                .toList();
        for (Draw draw : List.of(new Draw.Combined(1, weights), new Draw.Shifted(1, 4, true, weights))) {
            assertThat(Draw.parse(draw.toString())).isEqualTo(draw);
            String open = draw + ",";
            assertThatThrownBy(() -> Draw.parse(open)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void weightsComeBackToTheBit() {
        java.util.Random random = new java.util.Random(1);
        for (int i = 0; i < 1000; i++) {
            List<Double> weights = java.util.stream.Stream.generate(
                            () -> random.nextGaussian() * Math.pow(10, random.nextInt(40) - 20))
                    .limit(1 + random.nextInt(6))
                    .toList();
            Draw.Combined draw = new Draw.Combined(random.nextInt(65536), weights);
            assertThat(Draw.parse(draw.toString())).isEqualTo(draw);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "g",
                "g3",
                "g3.",
                "g.1",
                "x3.1",
                "g-3.1",
                "g3.1.2",
                "G3.1",
                "g3.1 ",
                "g3,1",
                "g123456.1",
                "c1",
                "c1:",
                "c:1",
                "c1.1",
                "c1:a",
                "c1:NaN",
                "c1:Infinity",
                "c1:0x1p3",
                "c1:1;2",
                "c1:1,",
                "c1:,1",
                "c-1:1",
                "c1:1 ,2",
                "c1:1f",
                "c1:1d",
                "c1:--1",
                "c1:e",
                "c1:.",
                "h1:1.0",
                "h1::1.0",
                "h1:NaN:1.0",
                "h1:1,2:1.0",
                "f1:-:1.0",
                "m3.1",
                "m3.1:",
                "m3.1:-",
                "m3.1:1e",
                "m3:0.5"
            })
    void whatIsNoDrawIsRefused(String text) {
        assertThatThrownBy(() -> Draw.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(text.strip())
                .hasMessageNotContaining("\n");
    }

    @Test
    void numbersOutOfTheirRangeAreNamed() {
        assertThatThrownBy(() -> Draw.parse("g65536.0")).hasMessage("round must be from 0 to 65535: 65536");
        assertThatThrownBy(() -> Draw.parse("l0.99999")).hasMessage("candidate must be from 0 to 65535: 99999");
        assertThatThrownBy(() -> Draw.global(-1, 0)).hasMessage("round must be from 0 to 65535: -1");
        assertThatThrownBy(() -> Draw.parse("c65536:1")).hasMessage("round must be from 0 to 65535: 65536");
        assertThatThrownBy(() -> new Draw.Combined(1, List.of(0.0, -0.0)))
                .hasMessage("weights must be finite and not all 0: [0.0, -0.0]");
        assertThatThrownBy(() -> new Draw.Combined(1, List.of(1.0, Double.NaN)))
                .hasMessage("weights must be finite and not all 0: [1.0, NaN]");
        assertThatThrownBy(() -> Draw.parse("m1.1:1.5")).hasMessage("share must be from 0 to 1: 1.5");
        assertThatThrownBy(() -> Draw.parse("m1.1:-0.5")).hasMessage("share must be from 0 to 1: -0.5");
        assertThatThrownBy(() -> Draw.parse("h1:1e999:1")).hasMessage("shift must be finite: Infinity");
        assertThatThrownBy(() -> Draw.parse("f1:4:0")).hasMessage("weights must be finite and not all 0: [0.0]");
        assertThatThrownBy(() -> new Draw.Combined(1, List.of())).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Draw.Combined(1, Collections.nCopies(65537, 1.0)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "g3.1", "g3.1 l4.0 c1:1.0,-2.0", "^3", "^0 g1.0", "^10000 l1.1 l2.2"})
    void aMoveReadsWhatItWrites(String text) {
        assertThat(Move.parse(text).toString()).isEqualTo(text);
    }

    @Test
    void aMoveIsDownUnlessItSaysWhereItGoes() {
        assertThat(Move.parse("g3.1 l4.0"))
                .isEqualTo(Move.down(List.of(Draw.global(3, 1), new Draw.Named(4, 0, true))));
        assertThat(Move.parse("")).isEqualTo(DOWN);
        assertThat(DOWN.isUp()).isFalse();
        assertThat(Move.parse("^3 g1.0")).isEqualTo(new Move(3, List.of(Draw.global(1, 0))));
        assertThat(up(0).isUp()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"^", "^x", "^-1", "^ 3", "^3g1.0", "^1.5", "^123456", "g3.1,g4.1", "g3.1 ^2"})
    void whatIsNoMoveIsRefused(String text) {
        assertThatThrownBy(() -> Move.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageNotContaining("\n");
    }

    @Test
    void aMoveGoesToAStepThatCanBe() {
        assertThatThrownBy(() -> up(-2)).hasMessage("a move must go up to a step from 0 to 10000: -2");
        assertThatThrownBy(() -> up(10001)).hasMessage("a move must go up to a step from 0 to 10000: 10001");
    }

    @Test
    void aRecipesMovesMustLeadToTheEnd() {
        recipe(DOWN, DOWN, DOWN).check(3);
        recipe(DOWN, DOWN, up(1), DOWN, DOWN).check(3);
        recipe(DOWN, DOWN, up(1), DOWN, up(0), DOWN, DOWN, DOWN).check(3);
        assertThatThrownBy(() -> recipe(DOWN, DOWN).check(3)).hasMessage("steps must be 3: 2");
        assertThatThrownBy(() -> recipe().check(3)).hasMessage("steps must be 3: 0");
        assertThatThrownBy(() -> recipe(DOWN, DOWN, DOWN, DOWN).check(3))
                .hasMessage("move 3 must start at a step below 3 and go up to an earlier one: 3");
        assertThatThrownBy(() -> recipe(DOWN, up(1), DOWN, DOWN).check(3))
                .hasMessage("move 1 must start at a step below 3 and go up to an earlier one: from 1 to 1");
        assertThatThrownBy(() -> recipe(up(0), DOWN, DOWN, DOWN).check(3))
                .hasMessage("move 0 must start at a step below 3 and go up to an earlier one: from 0 to 0");
        assertThatThrownBy(() -> recipe(DOWN, up(2), DOWN).check(3))
                .hasMessage("move 1 must start at a step below 3 and go up to an earlier one: from 1 to 2");
        assertThatThrownBy(() -> recipe(DOWN, DOWN, up(1)).check(3)).hasMessage("steps must be 3: 1");
        // What has come to its end stays there.
        assertThatThrownBy(
                        () -> recipe(DOWN, DOWN, DOWN, up(0), DOWN, DOWN, DOWN).check(3))
                .hasMessage("move 3 must start at a step below 3 and go up to an earlier one: from 3 to 0");
    }

    @Test
    void aMoveStandsWhereTheOnesBeforeItLead() {
        Recipe recipe = recipe(DOWN, DOWN, up(1), DOWN, DOWN);
        int[] expected = {0, 1, 2, 1, 2, 3};
        for (int m = 0; m < expected.length; m++) {
            assertThat(recipe.position(m)).isEqualTo(expected[m]);
        }
    }

    @Test
    void aRecipeBeginsWithANoiseOfItsOwn() {
        assertThat(Recipe.steps(3, 7, List.of(List.of(), List.of(Draw.global(1, 2)))))
                .isEqualTo(new Recipe(
                        List.of(Draw.global(0, 3)), 7, List.of(DOWN, Move.down(List.of(Draw.global(1, 2))))));
        new Recipe(List.of(new Draw.Combined(1, List.of(1.0, 2.0)), new Draw.Named(2, 0, true)), 0, List.of());
        assertThatThrownBy(() -> new Recipe(List.of(), 0, List.of()))
                .hasMessage("start must begin with a noise of its own: []");
        assertThatThrownBy(() -> new Recipe(List.of(new Draw.Named(1, 0, true)), 0, List.of()))
                .hasMessage("start must begin with a noise of its own: [l1.0]");
        Draw.Shifted shifted = new Draw.Shifted(1, 4, false, List.of(.5, -1.25));
        assertThatThrownBy(() -> new Recipe(List.of(Draw.global(0, 0), shifted), 0, List.of()))
                .hasMessage("start must have no draw by way of clean estimates, which no step leads to: "
                        + "[g0.0, h1:4.0:0.5,-1.25]");
    }

    @ParameterizedTest
    @CsvSource({"-1", "65536"})
    void aChainIsACandidate(int chain) {
        assertThatThrownBy(() -> new Recipe(List.of(Draw.global(0, 0)), chain, List.of()))
                .hasMessage("chain must be from 0 to 65535: " + chain);
    }

    @Test
    void theEndsOfRangesAreWithinThem() {
        assertThat(Recipe.steps(0xFFFF, 0xFFFF, List.of()).chain()).isEqualTo(65535);
        assertThat(Draw.parse("m65535.65535:0").toString()).isEqualTo("m65535.65535:0.0");
        assertThat(Draw.parse("m0.0:1").toString()).isEqualTo("m0.0:1.0");
    }
}
