package org.noisetrail.engine;

import java.util.Arrays;
import java.util.Collections;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.noisetrail.NoisetrailException;
import org.noisetrail.kernels.Device;
import org.noisetrail.kernels.Kernels;
import org.noisetrail.kernels.Lane;
import org.noisetrail.kernels.UpdateArgs;
import org.noisetrail.model.ClassDenoiser;
import org.noisetrail.model.Condition;
import org.noisetrail.model.Denoiser;
import org.noisetrail.model.ImageShape;
import org.noisetrail.model.Parameterisation;
import org.noisetrail.reward.ImageBatch;
import org.noisetrail.reward.Reward;
import org.noisetrail.reward.Rewards;
import org.noisetrail.sampler.EdmSampler;
import org.noisetrail.sampler.Schedule;
import org.noisetrail.torch.CallGate;
import org.noisetrail.torch.Recording;
import org.noisetrail.torch.Tensors;
import org.noisetrail.trace.Ledger;

/**
 * Local search by an engine whose kernels are CUDA's over the emulation, in a process of its own: {@code libnoisetrail.so} is another there. LibTorch's operations do not run on what is
 * emulated, so the network is a kernel, too.
 */
final class EmulatedCard {
    private static final ImageShape SHAPE = new ImageShape(3, 4, 6);
    private static final int IMAGES = 3;
    private static final int CANDIDATES = 4;
    private static final int ROUNDS = 6;
    private static final int ROWS = IMAGES * CANDIDATES;
    private static final int[] ALL = IntStream.range(0, IMAGES).toArray();

    private EmulatedCard() {}

    /**
     * Prints a line for the CPU, one for calls one by one on the card, and two for recorded rounds, which end in what was launched; then one of a card that has no memory for recordings,
     * what becomes of a reward that is not what it says, and of a network that is closed; and two for tables that lie far from the candidates', two for rounds of some of the images, two for rounds of many kinds.
     */
    public static void main(String[] args) {
        for (boolean keep : new boolean[] {false, true}) {
            System.out.println("cpu " + search(Lane.open(Device.CPU), false, keep, Rewards.brightness(), false));
            System.out.println("calls " + search(Lane.open(new Device(0)), false, keep, Rewards.brightness(), false));
            System.out.println("rounds " + search(Lane.open(new Device(0)), true, keep, Rewards.brightness(), false));
            System.out.println("waiting " + search(Lane.open(new Device(0)), true, keep, new Waiting(), false));
        }
        System.out.println("full " + search(Lane.open(new Device(0)), true, true, Rewards.brightness(), true));
        try {
            search(Lane.open(new Device(0)), true, false, new Counting(), false);
        } catch (NoisetrailException e) {
            System.out.println("counting " + e.getMessage());
        }
        try {
            search(Lane.open(new Device(0)), true, true, Rewards.brightness(), false, 3, 1, ALL);
        } catch (NoisetrailException e) {
            System.out.println("closed " + e.getMessage());
        }
        for (boolean graphs : new boolean[] {false, true}) {
            String way = graphs ? "rounds " : "calls ";
            System.out.println("apart " + way + search(graphs, 20_000, ALL));
            System.out.println("some " + way + search(graphs, 1, new int[] {0, 1}, new int[] {2}));
            System.out.println("many " + way + search(graphs, 1, ALL, ALL, ALL));
        }
    }

    private static String search(boolean graphs, int before, int[]... races) {
        return search(
                Lane.open(new Device(0)), graphs, true, Rewards.brightness(), false, Integer.MAX_VALUE, before, races);
    }

    /** Brightness, but it waits for the card, which no recording can. */
    private static final class Waiting extends Claiming {
        @Override
        public void score(ImageBatch images, Tensor scores) {
            try {
                images.lane().synchronize();
            } catch (NoisetrailException e) {
                // As LibTorch says it to a user's part.
                throw new RuntimeException(e.getMessage());
            }
            Rewards.brightness().score(images, scores);
        }
    }

    /** What the host knows alone. */
    private static final class Counting extends Claiming {
        private int calls;

        @Override
        public void score(ImageBatch images, Tensor scores) {
            Tensors.fill(scores, ++calls);
        }
    }

    private abstract static class Claiming implements Reward {
        @Override
        public final String name() {
            return "claiming";
        }

        @Override
        public final boolean staysOnDevice() {
            return true;
        }
    }

    /** A third of what goes in, from one of a few buffers: as a graph's memory, they stay where they are. */
    private static final class Third extends ClassDenoiser {
        private static final int BUFFERS = 4;

        private final Kernels kernels;
        private final boolean full;
        private final CallGate gate = new CallGate(Device.CPU);
        private final Tensor table;
        private final Tensor steps;
        private final Tensor[] buffers = new Tensor[BUFFERS];
        private int calls;

        /** @param full whether there is no memory for it in a recording */
        Third(Kernels kernels, boolean full) {
            super(SHAPE, 0, Device.CPU, Parameterisation.denoiser());
            this.kernels = kernels;
            this.full = full;
            int[] rows = new int[Draws.FIELDS * ROWS];
            for (int row = 0; row < ROWS; row++) {
                rows[row * Draws.FIELDS + 1] = 1;
            }
            table = Tensors.of(Device.CPU, rows, rows.length);
            float[] step = new float[Schedule.FLOATS];
            // stage[0].next.x
            step[6] = 1 / 3f;
            steps = Tensors.of(Device.CPU, step, step.length);
            Arrays.setAll(
                    buffers, i -> Tensors.floats(Device.CPU, ROWS, SHAPE.channels(), SHAPE.height(), SHAPE.width()));
        }

        @Override
        public String id() {
            return "third";
        }

        @Override
        protected Tensor network(Tensor input, Tensor level, @Nullable Tensor labels) {
            if (full && Recording.isOpen()) {
                throw new NoisetrailException("LibTorch: CUDA out of memory. Tried to allocate 2.00 GiB");
            }
            return gate.call(() -> third(input));
        }

        private Tensor third(Tensor input) {
            Tensor output = Tensors.rows(buffers[calls++ % BUFFERS], 0, input.size(0));
            try (UpdateArgs args = new UpdateArgs()) {
                kernels.update(args.table(Tensors.pointer(table))
                        .rows(input.size(0))
                        .elements(SHAPE.elements())
                        .steps(Tensors.pointer(steps))
                        .stepCount(1)
                        .xHat(Tensors.pointer(input))
                        .next(Tensors.pointer(output)));
            }
            return output;
        }

        @Override
        public void close() {
            gate.close(() -> {});
        }
    }

    private static String search(Lane lane, boolean graphs, boolean keep, Reward reward, boolean full) {
        return search(lane, graphs, keep, reward, full, Integer.MAX_VALUE, 1, ALL);
    }

    /**
     * @param closing the step before which the network is closed
     * @param before rounds of a table that lies between the candidates' scores and a step's
     * @param races whose rounds a step has, one after the other, each in a table of another size
     */
    private static String search(
            Lane lane,
            boolean graphs,
            boolean keep,
            Reward reward,
            boolean full,
            int closing,
            int before,
            int[]... races) {
        Denoiser network = Denoiser.withinMemory(new Third(Kernels.on(lane), full));
        Schedule schedule = new EdmSampler(6, .02, 80, 7, 40, .05, 100, 1.003).schedule(network.parameterisation());
        Ledger ledger = new Ledger(IMAGES);
        StringBuilder told = new StringBuilder();
        try (StepEngine engine = StepEngine.builder(network, schedule)
                        .seed(5)
                        .images(new long[] {7, 8, 9}, Collections.nCopies(IMAGES, Condition.NONE), ledger)
                        .lane(lane)
                        .graphs(graphs)
                        .build();
                Candidates many = engine.candidates(ROWS);
                Winners between = engine.winners(before, ALL);
                Rows pivots = engine.rows(IMAGES)) {
            Particles x;
            try (Draws own = own(engine, -1)) {
                x = engine.start(own);
            }
            Particles next = engine.particles(IMAGES);
            for (int step = 0; step < schedule.size(); step++) {
                if (step == closing) {
                    network.close();
                }
                try (Draws own = own(engine, step)) {
                    engine.noise(pivots, null, own, Locality.NONE);
                }
                for (int race = 0; race < races.length; race++) {
                    try (Winners winners = engine.winners(ROUNDS + race, races[race]);
                            Draws draws = candidates(engine, step, races[race])) {
                        for (int round = 1; round <= ROUNDS; round++) {
                            Trial trial = new Trial(x, pivots, draws, round, new Locality(.4, .3, true), winners);
                            round(engine, many, trial, reward, keep, next);
                        }
                        told.append(Arrays.deepToString(winners.read())).append(Arrays.toString(winners.scores()));
                    }
                }
                Particles done = x;
                x = next;
                next = done;
            }
            told.append(Arrays.hashCode(x.x().toFloats()));
            for (int slot : ALL) {
                told.append(ledger.costs(slot));
            }
            double[][] weights = {{.1, .2, .3, .4}, {3, 0, 1e-9, 7}};
            told.append(Arrays.deepToString(engine.resample(weights, new double[] {.5, .3})));
            x.close();
            next.close();
            return told + (graphs ? " launches " + engine.launches() : "");
        }
    }

    /** A failed one says how many were launched before. */
    private static void round(
            StepEngine engine, Candidates many, Trial trial, Reward reward, boolean keep, Particles next) {
        int launches = engine.launches();
        try {
            engine.round(many, trial, reward, false, keep, next);
        } catch (NoisetrailException e) {
            throw new NoisetrailException(e.getMessage() + " after " + launches);
        }
    }

    private static Draws own(StepEngine engine, int step) {
        Draws.Builder draws = engine.draws(step, IMAGES);
        for (int slot = 0; slot < IMAGES; slot++) {
            draws.add(slot, 0, 0, slot, NoiseKind.GLOBAL);
        }
        return draws.build();
    }

    private static Draws candidates(StepEngine engine, int step, int[] slots) {
        Draws.Builder draws = engine.draws(step, ROWS);
        for (int slot : slots) {
            for (int c = 0; c < CANDIDATES; c++) {
                draws.add(slot, 0, c, slot, NoiseKind.COIN);
            }
        }
        return draws.build();
    }
}
