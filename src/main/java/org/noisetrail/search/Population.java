package org.noisetrail.search;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.noisetrail.engine.Candidates;
import org.noisetrail.engine.Draws;
import org.noisetrail.engine.Locality;
import org.noisetrail.engine.NoiseKind;
import org.noisetrail.engine.Particles;
import org.noisetrail.engine.Rivals;
import org.noisetrail.engine.Rows;
import org.noisetrail.engine.StepEngine;
import org.noisetrail.engine.Trial;
import org.noisetrail.noise.Draw;
import org.noisetrail.reward.Reward;
import org.noisetrail.torch.Unfinished;

/**
 * The particles of a wave's images, any number of each: takes them through steps with noise by name, judges them, and remembers how they came where they are. Their states are held
 * until they are released.
 */
final class Population implements AutoCloseable {
    private final Wave wave;
    private final StepEngine engine;
    private final NamedNoise names;
    private final StatePool pool;
    private Candidates candidates;
    /** What the last {@link #advance} made. */
    private int step;

    private List<Proposal> proposals = List.of();
    private double[] scores = {};
    private double[] norms = {};
    /** Whether it has gone no further than the first of a step's two evaluations. */
    private boolean halfway;

    /** Takes those of them that are kept to their ends; made when first asked for. */
    private @Nullable Candidates whole;

    /** @param capacity particles that it holds at first; it grows */
    Population(Wave wave, int capacity) {
        this.wave = wave;
        engine = wave.engine();
        names = new NamedNoise(engine, Locality.NONE);
        try (Unfinished parts = new Unfinished()) {
            pool = parts.add(new StatePool(engine, capacity));
            candidates = parts.add(engine.candidates(capacity));
            parts.finish();
        }
    }

    /** The initial particles of chains 0 .. count - 1 of every image: image by image. */
    List<Particle> start(int count) {
        List<Particle> seeds = new ArrayList<>();
        wave.each(slot -> IntStream.range(0, count)
                .forEach(chain -> seeds.add(Particle.seed(slot, chain, List.of(Draw.global(0, chain))))));
        return start(seeds);
    }

    /** Initial particles of noises by name. */
    List<Particle> start(List<Particle> seeds) {
        List<List<Draw>> draws =
                seeds.stream().map(seed -> seed.path().move().draws()).toList();
        boolean plain = draws.stream().allMatch(NamedNoise::single);
        try (Draws rows = names.rows(-1, seeds, draws, plain);
                Rows noise = engine.rows(plain ? 1 : seeds.size())) {
            if (!plain) {
                int[] chains = new int[seeds.size()];
                names.make(-1, Particle.slots(seeds), identity(seeds.size()), chains, draws, pool.rows(), noise);
            }
            double[] sizes = plain ? new double[seeds.size()] : engine.norms(noise);
            List<Particle> begins = IntStream.range(0, sizes.length)
                    .mapToObj(i -> seeds.get(i).with(NamedNoise.single(draws.get(i)) ? 0 : sizes[i]))
                    .toList();
            try (Particles begun = plain ? engine.start(rows) : engine.start(rows, noise)) {
                return store(begun, identity(seeds.size()), begins);
            }
        }
    }

    /** One transition of each particle with its own noise, in its place. */
    List<Particle> step(int at, List<Particle> particles, boolean judged) {
        if (particles.isEmpty()) {
            return particles;
        }
        advance(at, particles.stream().map(Proposal::own).toList(), judged);
        List<Particle> moved = keep(identity(particles.size()));
        release(particles);
        return moved;
    }

    /**
     * Takes transitions; what becomes of them is overwritten by the next call.
     *
     * @param judged whether their clean estimates (after the last step the images themselves) are scored
     * @return scores as they are; empty if they were not asked for
     */
    double[] advance(int at, List<Proposal> tried, boolean judged) {
        return advance(at, tried, judged, false, null);
    }

    /** As {@link #advance(int, List, boolean)}, judged, but after the first of a step's evaluations, if it has two: what is kept of them pays the second. */
    double[] screen(int at, List<Proposal> tried) {
        return advance(at, tried, true, true, null);
    }

    /**
     * As {@link #advance(int, List, boolean)}, judged, of proposals that compete: only those that go on, and no more than {@code rivals} keeps, may be kept.
     *
     * @return scores; minus infinity where a screen left one unverified
     */
    double[] compete(int at, List<Proposal> tried, Rivals rivals) {
        return advance(at, tried, true, false, rivals);
    }

    private double[] advance(int at, List<Proposal> tried, boolean judged, boolean first, @Nullable Rivals rivals) {
        candidates = candidates.atLeast(tried.size());
        step = at;
        halfway = first && wave.schedule().screens(at);
        proposals = tried;
        boolean dead = wave.schedule().isDead(at);
        List<Particle> parents = tried.stream().map(Proposal::parent).toList();
        List<List<Draw>> draws = tried.stream().map(Proposal::draws).toList();
        boolean plain = dead || draws.stream().allMatch(d -> d.isEmpty() || NamedNoise.single(d));
        try (Draws rows = names.rows(at, parents, draws, plain)) {
            if (plain) {
                take(new Trial(pool.rows(), null, rows, 0, Locality.NONE), judged, rivals);
            } else {
                made(parents, draws, rows, judged, rivals);
            }
            norms = dead ? new double[tried.size()] : engine.norms(candidates);
            scores = judged ? scores(rows) : new double[0];
        }
        return scores.clone();
    }

    private void take(Trial trial, boolean judged, @Nullable Rivals rivals) {
        if (rivals != null) {
            engine.compete(candidates, trial, wave.reward(), rivals);
            return;
        }
        if (halfway) {
            engine.screen(candidates, trial.from(), trial.pivots(), trial.draws(), trial.round(), trial.locality());
        } else {
            engine.advance(candidates, trial.from(), trial.pivots(), trial.draws(), trial.round(), trial.locality());
        }
        if (judged) {
            engine.score(candidates, trial.draws(), wave.reward());
        }
    }

    private void made(
            List<Particle> parents, List<List<Draw>> draws, Draws rows, boolean judged, @Nullable Rivals rivals) {
        int count = parents.size();
        int[] sources = Particle.rows(parents);
        try (Particles x = engine.copies(pool.rows(), sources);
                Rows noise = engine.rows(count)) {
            names.make(step, Particle.slots(parents), identity(count), new int[count], draws, x, noise);
            take(new Trial(x, noise, rows, 0, Locality.NONE), judged, rivals);
        }
    }

    private double[] scores(Draws rows) {
        double[] all = engine.scores(candidates);
        for (int r = 0; r < all.length; r++) {
            wave.countNans(rows.slot(r), Double.isNaN(all[r]) ? 1 : 0);
        }
        wave.reportRewards(all);
        return all;
    }

    /** What rewards, the searched one first, say of the last {@link #advance}: [rewards][transitions]. */
    double[][] judge(List<Reward> rewards) {
        int[] slots = proposals.stream()
                .mapToInt(proposal -> proposal.parent().slot())
                .toArray();
        try (Draws rows = wave.own(step, slots, 0, NoiseKind.GLOBAL)) {
            return engine.judge(candidates, rows, rewards);
        }
    }

    /** Holds the particles that transitions of the last {@link #advance} lead to: images go on from them. */
    List<Particle> keep(int... chosen) {
        List<Particle> kept = hold(chosen);
        stand(step, kept);
        return kept;
    }

    /** As {@link #keep}, of particles that are yet to be chosen from, or of which a trail cannot say how they came. */
    List<Particle> hold(int... chosen) {
        boolean dead = wave.schedule().isDead(step);
        List<Particle> made = new ArrayList<>();
        for (int c : chosen) {
            Proposal from = proposals.get(c);
            double score = scores.length == 0 ? from.parent().score() : scores[c];
            made.add(from.child(dead, score, norms[c]));
        }
        return halfway ? completed(chosen, made) : store(candidates.next(), chosen, made);
    }

    /** Tells where images stand once they have taken a step. */
    void stand(int at, List<Particle> particles) {
        wave.stand(
                pool.rows(),
                () -> particles.stream()
                        .map(p -> new Stand(p.slot(), at + 1, p.row(), p.path().recipe(), p.norm(), p.score()))
                        .toList());
    }

    private List<Particle> completed(int[] chosen, List<Particle> made) {
        if (made.isEmpty()) {
            return made;
        }
        Candidates into = whole == null ? engine.candidates(chosen.length) : whole.atLeast(chosen.length);
        whole = into;
        try (Draws own = wave.own(step, Particle.slots(made), 0, NoiseKind.NONE)) {
            engine.complete(into, candidates, chosen, own);
        }
        return store(into.next(), identity(chosen.length), made);
    }

    /** Tells the guard, where there is one, what images go on from after a searched step. */
    void watch(int at, List<Particle> particles) {
        wave.watch(at, pool.rows(), Particle.rows(particles), Particle.slots(particles));
    }

    /** Copies of particles, as other chains. */
    List<Particle> copies(List<Particle> particles, int[] chains) {
        List<Particle> copied = new ArrayList<>();
        for (int i = 0; i < chains.length; i++) {
            Particle p = particles.get(i);
            copied.add(p.as(chains[i]));
        }
        if (copied.isEmpty()) {
            return copied;
        }
        // A copy within one memory may not overlap, and the pool may grow.
        try (Particles chosen = states(particles)) {
            return store(chosen, identity(copied.size()), copied);
        }
    }

    /** Particles back up to an earlier step's level, in new rows; all stand at the same step. */
    List<Particle> renoise(int from, int to, List<Particle> particles, List<Draw> draws) {
        int count = particles.size();
        List<List<Draw>> each = draws.stream().map(List::of).toList();
        try (Particles low = states(particles);
                Particles high = engine.particles(count);
                Rows noise = engine.rows(count);
                Draws rows = names.rows(from, particles, each, false)) {
            names.make(from, Particle.slots(particles), identity(count), new int[count], each, low, noise);
            engine.renoise(rows, low, to, noise, high);
            double[] sizes = engine.norms(noise);
            List<Particle> raised = new ArrayList<>();
            for (int r = 0; r < count; r++) {
                Particle p = particles.get(r);
                raised.add(p.on(p.path().up(to, each.get(r))).with(sizes[r]));
            }
            return store(high, identity(count), raised);
        }
    }

    private List<Particle> store(Particles from, int[] sources, List<Particle> particles) {
        List<Particle> stored = new ArrayList<>();
        if (particles.isEmpty()) {
            return stored;
        }
        for (Particle p : particles) {
            stored.add(p.at(pool.take()));
        }
        engine.copy(from, sources, Particle.rows(stored), pool.rows());
        return stored;
    }

    void release(Collection<Particle> particles) {
        particles.forEach(particle -> pool.release(particle.row()));
    }

    /** Releases those that are not kept. */
    void retain(Collection<Particle> particles, Collection<Particle> kept) {
        Set<Integer> rows = kept.stream().map(Particle::row).collect(Collectors.toSet());
        release(particles.stream().filter(p -> !rows.contains(p.row())).toList());
    }

    /** Copies of the particles' states, for who asked to close. */
    Particles states(List<Particle> particles) {
        return engine.copies(pool.rows(), Particle.rows(particles));
    }

    static int[] identity(int count) {
        return IntStream.range(0, count).toArray();
    }

    @Override
    public void close() {
        Unfinished.closeAll(Arrays.asList(candidates, whole, pool));
    }
}
