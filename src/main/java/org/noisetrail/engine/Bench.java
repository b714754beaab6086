package org.noisetrail.engine;

import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.noisetrail.kernels.Kernels;
import org.noisetrail.kernels.ProposeArgs;
import org.noisetrail.kernels.UpdateArgs;
import org.noisetrail.model.Inputs;
import org.noisetrail.sampler.NoiseAt;
import org.noisetrail.sampler.Step;
import org.noisetrail.torch.NoGradients;
import org.noisetrail.torch.Tensors;
import org.noisetrail.torch.Unfinished;
import org.noisetrail.trace.StepEvent;

/** Takes one chunk of rows through a step: proposes their noise, asks the network, updates their states. Used by one thread at a time. */
final class Bench implements AutoCloseable {
    private static final int BEFORE = 0;
    private static final int AFTER = 1;

    private final Group group;
    private final Rows xHat;
    private final Rows input;
    private final Tensor level;
    private final ProposeArgs propose;
    private final UpdateArgs update;

    Bench(Group group) {
        this.group = group;
        try (Unfinished parts = new Unfinished()) {
            xHat = parts.add(new Rows(group.device, group.maxBatch, group.shape));
            input = parts.add(new Rows(group.device, group.maxBatch, group.shape));
            level = parts.add(Tensors.floats(group.device, group.maxBatch));
            propose = parts.add(new ProposeArgs());
            update = parts.add(new UpdateArgs());
            parts.finish();
        }
    }

    /** F at particles' states, as the first stage of a step asks for it. */
    void evaluate(Draws draws, Particles into, Rows f, int step, int at, int count) {
        group.kernels.input(
                into.x().at(at),
                count,
                group.elements,
                Tensors.pointer(group.table),
                group.schedule.size(),
                step,
                input.pointer(),
                Kernels.F32,
                Tensors.pointer(level));
        network(draws, at, count, draws.step(), 0, f).close();
    }

    /** The noise of each row alone. */
    void noise(Rows into, @Nullable Rows pivots, Draws draws, Locality locality) {
        into.need(draws.rows());
        if (pivots != null) {
            pivots.need(draws.parents());
        }
        try (StepEvent noise = StepEvent.noise(group.images(), draws.rows(), draws.step(), 0)) {
            group.kernels.propose(proposal(draws, 0, draws.rows(), 0, locality)
                    .pivots(pointer(pivots))
                    .parents(pivots == null ? 0 : pivots.rows())
                    .noise(into.pointer()));
        }
    }

    /** One transition per row, or the first half of it. */
    void advance(Candidates into, Trial trial, int at, int count, boolean screened) {
        Draws draws = trial.draws();
        Step step = group.schedule.step(trial.step());
        if (step.at() == NoiseAt.BEFORE) {
            noiseFirst(step, screened, into, trial, at, count);
        } else {
            noiseLast(step, into, trial, at, count);
        }
        if (!screened) {
            group.tell(() -> transitions(draws, at, count));
        }
    }

    private void transitions(Draws draws, int at, int count) {
        for (int row = at; row < at + count; row++) {
            group.ledger.transition(draws.slot(row));
        }
    }

    private void noiseFirst(Step step, boolean screened, Candidates into, Trial trial, int at, int count) {
        Draws draws = trial.draws();
        int round = trial.round();
        boolean two = step.second() != null && !screened;
        Pointer raised = screened ? into.halfway().x().at(at) : xHat.pointer();
        propose(trial, at, count, BEFORE, into.noise.at(at), raised, true);
        Pointer next = into.next().x().at(at);
        Pointer clean = into.clean().at(at);
        Rows keep = screened ? into.halfway().f() : null;
        try (Tensor first = network(draws, at, count, draws.step(), round, keep)) {
            euler(draws, at, count, round, raised, Tensors.pointer(first), next, two, clean);
            if (two) {
                heun(draws, at, count, round, raised, Tensors.pointer(first), next, clean);
            }
        }
    }

    /** The second evaluation of screened rows. */
    void complete(Candidates into, Particles halfway, Draws draws, int at, int count) {
        Pointer raised = halfway.x().at(at);
        Pointer first = halfway.output().at(at);
        Pointer next = into.next().x().at(at);
        euler(draws, at, count, 0, raised, first, next, true, into.clean().at(at));
        heun(draws, at, count, 0, raised, first, next, into.clean().at(at));
        group.tell(() -> transitions(draws, at, count));
    }

    private void euler(
            Draws draws,
            int at,
            int count,
            int round,
            Pointer raised,
            Pointer first,
            Pointer next,
            boolean two,
            Pointer clean) {
        try (StepEvent updating = StepEvent.update(group.images(), count, draws.step(), round)) {
            group.kernels.update(update(draws, at, count, BEFORE)
                    .xHat(raised)
                    .f1(first)
                    .next(next)
                    .clean(two ? null : clean)
                    .input(two ? input.pointer() : null)
                    .level(two ? Tensors.pointer(level) : null));
        }
    }

    private void heun(
            Draws draws, int at, int count, int round, Pointer raised, Pointer first, Pointer next, Pointer clean) {
        try (Tensor second = network(draws, at, count, draws.step(), round, null);
                StepEvent updating = StepEvent.update(group.images(), count, draws.step(), round)) {
            group.kernels.update(update(draws, at, count, AFTER)
                    .xHat(raised)
                    .f1(first)
                    .y(next)
                    .f2(Tensors.pointer(second))
                    .next(next)
                    .clean(clean));
        }
    }

    private void noiseLast(Step step, Candidates into, Trial trial, int at, int count) {
        Draws draws = trial.draws();
        int round = trial.round();
        boolean evaluated = step.second() != null;
        Pointer next = into.next().x().at(at);
        propose(trial, at, count, AFTER, into.noise.at(at), next, evaluated);
        if (!evaluated) {
            // Nothing follows the last step: the state is its own clean estimate.
            try (Tensor last = into.next().x().view(at, count)) {
                into.clean().set(at, last);
            }
            return;
        }
        try (Tensor second = network(
                        draws, at, count, draws.step(), round, into.next().f());
                StepEvent updating = StepEvent.update(group.images(), count, draws.step(), round)) {
            group.kernels.update(update(draws, at, count, AFTER)
                    .y(next)
                    .f2(Tensors.pointer(second))
                    .clean(into.clean().at(at)));
        }
    }

    private void propose(Trial trial, int at, int count, int stage, Pointer noise, Pointer state, boolean asked) {
        Particles from = trial.from();
        Winners winners = trial.winners();
        try (StepEvent proposing = StepEvent.noise(group.images(), count, trial.step(), trial.round())) {
            group.kernels.propose(proposal(trial.draws(), at, count, trial.base(), trial.locality())
                    .cursor(winners == null ? null : winners.cursor())
                    .x(from.x().pointer())
                    .f(pointer(from.f()))
                    .parents(from.rows())
                    .pivots(pointer(trial.pivots()))
                    .steps(Tensors.pointer(group.table))
                    .stepCount(group.schedule.size())
                    .stage(stage)
                    .noise(noise)
                    .state(state)
                    .input(asked ? input.pointer() : null)
                    .level(asked ? Tensors.pointer(level) : null));
        }
    }

    private ProposeArgs proposal(Draws draws, int at, int count, int round, Locality locality) {
        return propose.table(draws.table(at))
                .rows(count)
                .round(round)
                .seed(group.seed)
                .elements(group.elements)
                .epsilon(locality.epsilon())
                .lambda(locality.lambda())
                .sphere(locality.project())
                .x(null)
                .f(null)
                .parents(0)
                .pivots(null)
                .steps(null)
                .stepCount(0)
                .stage(0)
                .noise(null)
                .state(null)
                .input(null)
                .inputDtype(Kernels.F32)
                .level(null)
                .cursor(null);
    }

    private UpdateArgs update(Draws draws, int at, int count, int stage) {
        return update.table(draws.table(at))
                .rows(count)
                .elements(group.elements)
                .steps(Tensors.pointer(group.table))
                .stepCount(group.schedule.size())
                .stage(stage)
                .xHat(null)
                .f1(null)
                .y(null)
                .f2(null)
                .networkDtype(Kernels.F32)
                .next(null)
                .clean(null)
                .input(null)
                .inputDtype(Kernels.F32)
                .level(null);
    }

    /**
     * The network at what lies in {@code input}.
     *
     * @param keep takes its output at the same rows; null where nobody needs it later
     */
    private Tensor network(Draws draws, int at, int count, int step, int round, @Nullable Rows keep) {
        group.tell(() -> {
            group.checkpoint.pass(count);
            for (int row = at; row < at + count; row++) {
                group.ledger.networkEvaluations(draws.slot(row), group.denoiser.evaluations());
            }
        });
        try (Tensor inputs = input.view(0, count);
                Tensor levels = Tensors.rows(level, 0, count);
                Tensor entries = draws.entries(at, count);
                StepEvent denoise = StepEvent.denoise(group.images(), count, step, round);
                NoGradients plain = new NoGradients();
                Unfinished made = new Unfinished()) {
            Tensor output = group.denoiser.network(inputs, levels, group.conditioning, entries);
            Inputs.checkOutput("the denoiser", output, inputs, count, group.shape);
            made.add(output);
            if (keep != null) {
                keep.set(at, output);
            }
            return made.finish(output);
        }
    }

    private static @Nullable Pointer pointer(@Nullable Rows rows) {
        return rows == null ? null : rows.pointer();
    }

    @Override
    public void close() {
        xHat.close();
        input.close();
        level.close();
        propose.close();
        update.close();
    }
}
