package org.noisetrail.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.noisetrail.model.Decoder;
import org.noisetrail.model.ImageShape;
import org.noisetrail.noise.Recipe;
import org.noisetrail.reward.Reward;
import org.noisetrail.reward.Rewards;
import org.noisetrail.sampler.Schedule;
import org.noisetrail.testing.NativeObjects;
import org.noisetrail.trace.Costs;

/** A second reward that ends the search of an image when it turns. */
class GuardTest {
    private static final int IMAGES = 4;

    /** Goes up and down as a search for brightness goes on, for each image at other steps. */
    private static final Reward WAVERING = Reward.of("wavering", image -> Math.sin(100 * SmallWorld.brightness(image)));

    static List<String> texts() {
        return List.of(
                "zero-order:candidates=2:rounds=2",
                "eps-greedy:candidates=2:rounds=3",
                "eps-greedy:candidates=3:rounds=3:score-at-first:keep-pivot",
                "eps-greedy:candidates=2:rounds=4:patience=1:0.01:roll-over",
                "ascent:candidates=3",
                "ascent:candidates=3:direction=image:score-at-first",
                "beam:candidates=3",
                "lookahead-beam:candidates=2:lookahead=2",
                "svdd:proposals=4",
                "svdd:proposals=3:alpha=0.05",
                "rbf:starts=3",
                "rbf:starts=1:quota=3");
    }

    static Stream<Arguments> cases() {
        return cases(texts());
    }

    /** Of one trajectory that is never left for another. */
    static Stream<Arguments> single() {
        return cases(texts().stream().filter(text -> !text.contains("beam")).toList());
    }

    /** Whose trails {@link Replayed} can follow. */
    static Stream<Arguments> global() {
        return cases(List.of(
                "ascent:candidates=3",
                "ascent:candidates=3:score-at-first",
                "beam:candidates=3",
                "lookahead-beam:candidates=2:lookahead=2",
                "svdd:proposals=4",
                "rbf:starts=3"));
    }

    private static Stream<Arguments> cases(List<String> texts) {
        return texts.stream()
                .flatMap(
                        text -> Stream.of(SmallWorld.edm(), SmallWorld.ddim()).map(world -> Arguments.of(text, world)));
    }

    private static List<ImageResult> run(Search.Builder search) {
        return search.build().run(ImageRequest.of(0, IMAGES)).images();
    }

    private static Reward constant(double score) {
        return Reward.of("constant", image -> score);
    }

    private static Guarded guarded(ImageResult image) {
        assertThat(image.guarded()).isNotNull();
        return image.guarded();
    }

    private static void alike(List<ImageResult> actual, List<ImageResult> expected) {
        for (int i = 0; i < expected.size(); i++) {
            ImageResult one = actual.get(i);
            ImageResult other = expected.get(i);
            assertThat(one.recipe()).isEqualTo(other.recipe());
            assertThat(one.state()).isEqualTo(other.state());
            assertThat(one.reward()).isEqualTo(other.reward());
            assertThat(one.pivotNorm()).isEqualTo(other.pivotNorm());
            assertThat(one.costs()).isEqualTo(other.costs());
            assertThat(one.guarded()).isEqualTo(other.guarded());
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void aGuardThatNeverTurnsChangesNothingButWhatItsCallsCost(String text, SmallWorld world) {
        Method method = Methods.parse(text);
        AtomicLong asked = new AtomicLong();
        Reward guard = Reward.of("level", image -> {
            asked.incrementAndGet();
            return .5;
        });
        List<ImageResult> free = run(world.search(method).decoder(new Squares()));
        List<ImageResult> guarded =
                run(world.search(method).decoder(new Squares()).guard(guard, 0));
        long calls = 0;
        for (int i = 0; i < IMAGES; i++) {
            ImageResult one = guarded.get(i);
            Costs before = free.get(i).costs();
            long own = guarded(one).seen().size();
            calls += own;
            assertThat(one.recipe()).isEqualTo(free.get(i).recipe());
            assertThat(one.state()).isEqualTo(free.get(i).state());
            assertThat(one.pixels().pixels()).isEqualTo(free.get(i).pixels().pixels());
            assertThat(guarded(one).ended()).isFalse();
            assertThat(free.get(i).guarded()).isNull();
            assertThat(own).isPositive();
            assertThat(one.costs())
                    .isEqualTo(new Costs(
                            before.networkEvaluations(),
                            before.transitions(),
                            before.decoderCalls() + own,
                            before.rewardCalls(),
                            before.heldOutCalls(),
                            own));
        }
        assertThat(asked.get()).isEqualTo(calls);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void theGuardIsAskedOnceAStepThatIsSearchedButNotAfterTheLast(String text, SmallWorld world) {
        Schedule schedule = world.schedule();
        List<Integer> live = IntStream.range(0, schedule.lastLive())
                .filter(step -> !schedule.isDead(step))
                .boxed()
                .toList();
        for (ImageResult image : run(world.search(Methods.parse(text)).guard(constant(.5), 0))) {
            assertThat(guarded(image).seen().stream().map(Guarded.Seen::step)).isEqualTo(live);
        }
    }

    @ParameterizedTest
    @MethodSource("single")
    void whereTheGuardIsTheOppositeTheSearchEndsWithTheFirstGain(String text, SmallWorld world) {
        Method method = Methods.parse(text);
        Reward opposite = Reward.of("opposite", image -> -SmallWorld.brightness(image));
        SearchResult result = world.search(method).guard(opposite, 0).build().run(ImageRequest.of(0, IMAGES));
        List<ImageResult> free = run(world.search(method));
        int ended = 0;
        for (int i = 0; i < IMAGES; i++) {
            ImageResult image = result.images().get(i);
            Guarded guarded = guarded(image);
            int last = turns(guarded, 0);
            assertThat(guarded.endedAt()).isEqualTo(last);
            if (last < 0) {
                continue;
            }
            ended++;
            Recipe recipe = image.recipe();
            assertThat(recipe.moves().subList(0, last + 1))
                    .isEqualTo(free.get(i).recipe().moves().subList(0, last + 1));
            for (int step = last + 1; step < recipe.moves().size(); step++) {
                assertThat(plain(recipe, step)).as("step %d", step).isTrue();
            }
        }
        assertThat(ended).isGreaterThan(1);
        Trail trail = Trail.parse("test", result.trail().toJson());
        for (int batch : new int[] {64, 1}) {
            List<ImageResult> again =
                    trail.replay(world.denoiser(), batch, SearchListener.NONE).images();
            for (int i = 0; i < IMAGES; i++) {
                assertThat(again.get(i).state())
                        .isEqualTo(result.images().get(i).state());
            }
        }
    }

    /** The step at which scores, told one by one, first stand below the best by more than a drop; -1 for never. */
    private static int turns(Guarded guarded, double drop) {
        double best = Double.NEGATIVE_INFINITY;
        for (Guarded.Seen seen : guarded.seen()) {
            if (best - seen.score() > drop) {
                return seen.step();
            }
            best = Math.max(best, seen.score());
        }
        return -1;
    }

    /** Whether a step takes the chain's own noise. */
    private static boolean plain(Recipe recipe, int step) {
        String own = "g0." + recipe.chain();
        String draws = recipe.moves().get(step).toString();
        return draws.isEmpty() || draws.equals(own);
    }

    @ParameterizedTest
    @ValueSource(strings = {"eps-greedy:candidates=2:rounds=3", "ascent:candidates=3", "svdd:proposals=4"})
    void anEndedSearchCostsItsStepsAndThePlainRest(String text) {
        for (SmallWorld world : List.of(SmallWorld.edm(), SmallWorld.ddim())) {
            Schedule schedule = world.schedule();
            int candidates = text.startsWith("eps") ? 6 : 4;
            for (ImageResult image : run(world.search(Methods.parse(text)).guard(WAVERING, .1))) {
                int last = guarded(image).ended() ? guarded(image).endedAt() : schedule.size() - 1;
                long cost = schedule.startEvaluations();
                for (int step = 0; step < schedule.size(); step++) {
                    boolean searched = step <= last && !schedule.isDead(step);
                    cost += (long) (searched ? candidates : 1) * schedule.evaluations(step);
                }
                assertThat(image.costs().networkEvaluations()).isEqualTo(cost);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void neitherTheBatchNorTheWorkersNorOtherImagesSayWhereItEnds(String text, SmallWorld world) {
        Search.Builder search = world.search(Methods.parse(text)).guard(WAVERING, .1);
        List<ImageResult> all = run(search.maxBatch(256));
        assertThat(all.stream().map(image -> guarded(image).endedAt()).distinct())
                .as("images differ")
                .hasSizeGreaterThan(1);
        all.forEach(image -> assertThat(guarded(image).endedAt()).isEqualTo(turns(guarded(image), .1)));
        for (int maxBatch : new int[] {1, 2, 5, 64}) {
            alike(run(search.maxBatch(maxBatch)), all);
        }
        alike(run(search.maxBatch(256).decodeBatch(1)), all);
        for (int i = 0; i < IMAGES; i++) {
            alike(search.build().run(ImageRequest.of(i, 1)).images(), all.subList(i, i + 1));
        }
        for (int workers : new int[] {3, 9}) {
            alike(run(search.workers(workers)), all);
        }
    }

    /** Follows recipes, and tells what a reward says of the clean estimates on the way. */
    private record Replayed(List<Recipe> recipes, List<double[]> told) implements Method {
        @Override
        public String name() {
            return "replayed";
        }

        @Override
        public int rowsPerImage(int maxBatch) {
            return 1;
        }

        @Override
        public Outcome search(Wave wave) {
            try (Population population = new Population(wave, wave.images())) {
                List<Particle> here = population.start(wave.mapped(slot -> Particle.seed(
                        slot, recipes.get(slot).chain(), recipes.get(slot).start())));
                for (int step = 0; step < wave.schedule().size(); step++) {
                    List<Proposal> moves = new ArrayList<>();
                    for (Particle p : here) {
                        var draws = recipes.get(p.slot()).moves().get(step).draws();
                        moves.add(draws.isEmpty() ? Proposal.own(p) : new Proposal(p, p.chain(), draws));
                    }
                    told.add(population.advance(step, moves, true));
                    here = population.keep(Population.identity(moves.size()));
                }
                return new Outcome(
                        population.states(here),
                        recipes,
                        new double[wave.images()],
                        told.get(wave.schedule().size() - 1));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("global")
    void whatItSeesIsTheWholeEstimateThatTheTrailLeadsTo(String text, SmallWorld world) {
        List<ImageResult> images = run(world.search(Methods.parse(text)).guard(WAVERING, .6));
        List<double[]> told = new ArrayList<>();
        List<Recipe> recipes = images.stream().map(ImageResult::recipe).toList();
        run(world.search(new Replayed(recipes, told)).reward(WAVERING));
        int compared = 0;
        for (int i = 0; i < IMAGES; i++) {
            // A beam's best so far need not lead to the image, unless the search has ended there.
            List<Guarded.Seen> seen = guarded(images.get(i)).seen();
            boolean one = !text.contains("beam");
            List<Guarded.Seen> own = one || !guarded(images.get(i)).ended()
                    ? one ? seen : List.of()
                    : seen.subList(seen.size() - 1, seen.size());
            for (Guarded.Seen each : own) {
                assertThat(each.score()).isEqualTo(told.get(each.step())[i]);
                compared++;
            }
        }
        assertThat(compared).isPositive();
    }

    @ParameterizedTest
    @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY})
    void whatIsNoFiniteNumberEndsTheSearch(double score) {
        double told = score > 0 ? Double.NaN : score;
        for (SmallWorld world : List.of(SmallWorld.edm(), SmallWorld.ddim())) {
            int first = IntStream.range(0, world.schedule().size())
                    .filter(step -> !world.schedule().isDead(step))
                    .findFirst()
                    .orElseThrow();
            for (String text : texts()) {
                for (ImageResult image : run(world.search(Methods.parse(text)).guard(constant(score), 1e9))) {
                    assertThat(guarded(image))
                            .as(text)
                            .isEqualTo(new Guarded(first, List.of(new Guarded.Seen(first, told))));
                    assertThat(image.reward()).isFinite();
                }
            }
        }
    }

    /** Else all that came after a NaN would be no worse than the best. */
    @Test
    void aNaNBetweenNumbersEndsTheSearchWhereItIsSeen() {
        int[] calls = {0};
        Reward odd = Reward.of("odd", image -> ++calls[0] == 3 ? Double.NaN : calls[0]);
        ImageResult image = SmallWorld.ddim()
                .search(Methods.parse("svdd:proposals=4"))
                .guard(odd, 0)
                .build()
                .run(ImageRequest.of(0, 1))
                .images()
                .get(0);
        assertThat(guarded(image).endedAt()).isEqualTo(2);
        assertThat(guarded(image).seen().stream().map(Guarded.Seen::score)).containsExactly(1.0, 2.0, Double.NaN);
    }

    @Test
    void aFallByTheDropItselfIsNone() {
        double[] scores = {1, .75, .5, .25};
        for (int end = 1; end < 3; end++) {
            int[] calls = {0};
            Reward falling = Reward.of("falling", image -> scores[calls[0]++]);
            ImageResult image = SmallWorld.ddim()
                    .search(Methods.parse("ascent:candidates=3"))
                    .guard(falling, .25 * end)
                    .build()
                    .run(ImageRequest.of(0, 1))
                    .images()
                    .get(0);
            assertThat(guarded(image).endedAt()).isEqualTo(end + 1);
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void aBudgetAndATimeLimitHoldUnderAGuard(String text, SmallWorld world) {
        Method method = Methods.parse(text);
        long plain = world.schedule().evaluations();
        for (long budget : new long[] {plain, 2 * plain + 1, 4 * plain - 1}) {
            List<ImageResult> free = run(world.search(method).budget(budget));
            List<ImageResult> level = run(world.search(method).budget(budget).guard(constant(.5), 0));
            for (int i = 0; i < IMAGES; i++) {
                assertThat(level.get(i).state()).isEqualTo(free.get(i).state());
                assertThat(level.get(i).costs().networkEvaluations())
                        .isEqualTo(free.get(i).costs().networkEvaluations());
            }
            assertThat(run(world.search(method).budget(budget).guard(WAVERING, .3)))
                    .allMatch(image -> image.costs().networkEvaluations() <= budget);
        }
        assertThat(run(world.search(method).timeLimit(Duration.ZERO).guard(constant(.5), 0)))
                .as("time ends it, not the guard")
                .noneMatch(image -> guarded(image).ended());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "naive",
                "best-of-n",
                "pruned-best-of-n",
                "pruned-best-of-n:noises=2",
                "mcts",
                "smc",
                "dts",
                "sop",
                "evolve",
                "x-t"
            })
    void methodsWithoutOneTrajectoryToSearchAreRefused(String text) {
        Search.Builder search = SmallWorld.edm().search(Methods.parse(text)).guard(constant(0), 0);
        assertThatThrownBy(search::build)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("a guard needs a method that searches one trajectory step by step")
                .hasMessageEndingWith(": " + Methods.parse(text).name());
    }

    @ParameterizedTest
    @ValueSource(doubles = {-.1, Double.NaN, Double.POSITIVE_INFINITY})
    void aDropMustBeFiniteAndNotNegative(double drop) {
        Search.Builder search = SmallWorld.edm().search(new Ascent(3));
        assertThatThrownBy(() -> search.guard(constant(0), drop))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("guard drop must be from 0.0 to ");
    }

    @ParameterizedTest
    @MethodSource("cases")
    void aGuardedSearchLeavesNoPointersBehind(String text, SmallWorld world) {
        Search search = world.search(Methods.parse(text)).guard(WAVERING, .3).build();
        search.run(ImageRequest.of(0, IMAGES));
        long pointers = NativeObjects.settled();
        search.run(ImageRequest.of(0, IMAGES));
        assertThat(Pointer.totalCount()).isLessThanOrEqualTo(pointers);
    }

    /** What candidates are verified by is not what the guard may see: it sees what goes on. */
    @ParameterizedTest
    @ValueSource(strings = {"eps-greedy:candidates=4:rounds=3", "ascent:candidates=5", "beam:candidates=4"})
    void screenedCandidatesThatWereNotVerifiedAreNeverSeen(String text) {
        SmallWorld world = SmallWorld.edm();
        Screening screening = Screening.parse("first", org.noisetrail.engine.LossBound.parse("5%"), 0);
        Search.Builder search = world.search(Methods.parse(text)).screening(screening);
        double[][] reached = new double[world.schedule().size()][];
        search.listener(new SearchListener() {
            @Override
            public void onStep(int step, List<ImageRequest> images, double[] rewards) {
                reached[step] = rewards;
            }
        });
        // The guard is the searched reward: what it says is what the method was told.
        List<ImageResult> images = run(search.guard(Rewards.brightness(), 1));
        for (int i = 0; i < IMAGES; i++) {
            for (Guarded.Seen seen : guarded(images.get(i)).seen()) {
                assertThat(seen.score()).isEqualTo(reached[seen.step()][i]);
            }
        }
    }

    /** A decoder that costs something. */
    private static final class Squares implements Decoder {
        @Override
        public String id() {
            return "squares";
        }

        @Override
        public ImageShape image() {
            return SmallWorld.SHAPE;
        }

        @Override
        public Tensor decode(Tensor states) {
            return states.mul(states);
        }

        @Override
        public void close() {}
    }
}
