package org.noisetrail.search;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.noisetrail.engine.Candidates;
import org.noisetrail.engine.Draws;
import org.noisetrail.engine.Locality;
import org.noisetrail.engine.NoiseKind;
import org.noisetrail.engine.Particles;
import org.noisetrail.engine.StepEngine;
import org.noisetrail.model.Condition;
import org.noisetrail.noise.Draw;
import org.noisetrail.reward.Reward;
import org.noisetrail.trace.Ledger;

/** One beam's choices against candidates that are taken on one by one, from the definition. */
class LookaheadBeamTest {
    private static final int CANDIDATES = 6;
    private static final int IMAGES = 4;
    private static final int NO_NOISE = -1;

    /** One element's, which its own noise and the whole image's side both move. */
    private static final Reward CORNER = Reward.of("corner", image -> image.at(0, 0, 0) / 255.0);

    /** The only row of a step: a candidate of round 1, or no noise. */
    private static void advance(StepEngine engine, int step, int candidate, Particles x, Candidates into) {
        NoiseKind kind = candidate == NO_NOISE ? NoiseKind.NONE : NoiseKind.GLOBAL;
        try (Draws draws =
                engine.draws(step, 1).add(0, 1, Math.max(0, candidate), 0, kind).build()) {
            engine.advance(into, x, null, draws, 0, Locality.NONE);
            engine.score(into, draws, CORNER);
        }
    }

    /** What a candidate's clean estimate is worth after so many more steps without noise, as far as there are. */
    private static double worth(StepEngine engine, int step, int candidate, int ahead, Particles x) {
        Particles here = engine.copies(x, new int[] {0});
        try (Candidates one = engine.candidates(1)) {
            advance(engine, step, candidate, here, one);
            for (int at = step + 1;
                    at <= Math.min(step + ahead, engine.schedule().size() - 1);
                    at++) {
                here = one.exchangeNext(here);
                advance(engine, at, NO_NOISE, here, one);
            }
            return engine.scores(one)[0];
        } finally {
            here.close();
        }
    }

    /** The draws of an image's steps. */
    private static List<List<Draw>> choices(SmallWorld world, int ahead, long image) {
        List<List<Draw>> choices = new ArrayList<>();
        try (StepEngine engine = StepEngine.builder(world.denoiser(), world.schedule())
                .seed(SmallWorld.SEED)
                .images(new long[] {image}, List.of(Condition.NONE), new Ledger(1))
                .build()) {
            Particles x;
            try (Draws start =
                    engine.draws(-1, 1).add(0, 0, 0, 0, NoiseKind.GLOBAL).build()) {
                x = engine.start(start);
            }
            try (Candidates one = engine.candidates(1)) {
                for (int step = 0; step < engine.schedule().size(); step++) {
                    int best = NO_NOISE;
                    double highest = Double.NEGATIVE_INFINITY;
                    for (int c = 0; c < CANDIDATES && !engine.schedule().isDead(step); c++) {
                        double worth = worth(engine, step, c, ahead, x);
                        if (worth > highest) {
                            best = c;
                            highest = worth;
                        }
                    }
                    choices.add(best == NO_NOISE ? List.of() : List.of(Draw.global(1, best)));
                    advance(engine, step, best, x, one);
                    x = one.exchangeNext(x);
                }
            } finally {
                x.close();
            }
        }
        return choices;
    }

    private static List<List<List<Draw>>> choices(SmallWorld world, int ahead) {
        List<List<List<Draw>>> all = new ArrayList<>();
        for (int image = 0; image < IMAGES; image++) {
            all.add(choices(world, ahead, image));
        }
        return all;
    }

    @ParameterizedTest
    @CsvSource({"ddim, 1", "ddim, 2", "ddim, 9", "edm, 2"})
    void aCandidateIsWorthItsCleanEstimateAfterStepsWithoutNoise(String sampler, int ahead) {
        SmallWorld world = sampler.equals("edm") ? SmallWorld.edm() : SmallWorld.ddim(1, .15, -.4, .4);
        List<List<List<Draw>>> expected = choices(world, ahead);
        SearchResult result = world.search(new LookaheadBeam(CANDIDATES, 1, ahead))
                .reward(CORNER)
                .build()
                .run(ImageRequest.of(0, IMAGES));
        for (int i = 0; i < IMAGES; i++) {
            assertThat(result.images().get(i).recipe().moves().stream()
                            .map(move -> move.draws())
                            .toList())
                    .as("image %d", i)
                    .isEqualTo(expected.get(i));
        }
        assertThat(choices(world, 0))
                .as("what candidates are worth without looking ahead")
                .isNotEqualTo(expected);
    }
}
