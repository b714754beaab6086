package org.noisetrail.evaluation;

import java.util.List;
import java.util.SplittableRandom;
import org.bytedeco.pytorch.Tensor;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Condition;
import org.noisetrail.model.Conditioning;
import org.noisetrail.model.Decoder;
import org.noisetrail.model.Denoiser;
import org.noisetrail.model.ImageShape;
import org.noisetrail.model.Parameterisation;
import org.noisetrail.reward.ImageBatch;
import org.noisetrail.reward.Reward;
import org.noisetrail.search.ImageRequest;
import org.noisetrail.search.Method;
import org.noisetrail.search.Search;
import org.noisetrail.torch.Tensors;
import org.noisetrail.trace.Costs;

/**
 * A search with stand-ins for network, decoder and rewards, which do nothing but count: so what any method asks for is known before it runs, call by call. Rewards are random numbers, the same each
 * time; a method whose cost depends on the rewards it meets is known as nearly as these resemble the true ones.
 */
final class Rehearsal {
    private static final ImageShape SMALLEST = new ImageShape(1, 1, 1);

    private final Setup setup;
    private final Device device;
    private final ImageShape state;
    private final ImageShape image;
    private final int maxBatch;
    private final int decodeBatch;

    private Rehearsal(Setup setup, Device device, boolean trueToSize, int maxBatch, int decodeBatch) {
        this.setup = setup;
        this.device = device;
        state = trueToSize ? setup.networks().denoiser().shape() : SMALLEST;
        image = trueToSize ? setup.networks().decoder().image() : SMALLEST;
        this.maxBatch = maxBatch;
        this.decodeBatch = decodeBatch;
    }

    /** On states of one element, so that it takes next to nothing. */
    static Rehearsal small(Setup setup, int maxBatch, int decodeBatch) {
        return new Rehearsal(setup, Device.CPU, false, maxBatch, decodeBatch);
    }

    /** On states and images of their true shape, where the true ones lie: what it takes is the engine's own work. */
    static Rehearsal trueToSize(Setup setup, int maxBatch, int decodeBatch) {
        return new Rehearsal(setup, setup.networks().denoiser().device(), true, maxBatch, decodeBatch);
    }

    /**
     * What a search asks for.
     *
     * @param all over all its images
     * @param costs of its first image
     */
    record Counted(Workload all, Costs costs) {}

    /** Waves of equally many images are alike: one is run, and its rest. */
    Counted count(Method method, int images) {
        int together = Math.max(1, maxBatch / method.rowsPerImage(maxBatch));
        Counted first = run(method, Math.min(together, images));
        if (images <= together) {
            return first;
        }
        Workload all = new Workload();
        all.add(first.all(), images / together);
        int rest = images % together;
        if (rest > 0) {
            all.add(run(method, rest).all(), 1);
        }
        return new Counted(all, first.costs());
    }

    private Counted run(Method method, int images) {
        Workload counts = new Workload();
        Search.Builder search = Search.builder(new StandIn(counts))
                .decoder(decoder(setup.networks().decoder(), Workload.Part.DECODER, counts))
                .sampler(setup.sampler())
                .method(method)
                .reward(new Dice(Workload.Part.REWARD, counts))
                .heldOut(setup.heldOut() == null ? null : new Dice(Workload.Part.HELD_OUT, counts))
                .maxBatch(maxBatch)
                .decodeBatch(decodeBatch);
        if (setup.guarded() && method.guards()) {
            // One that never turns: a search that it ends asks for less.
            search.guard(new Dice(Workload.Part.REWARD, counts), Double.MAX_VALUE);
        }
        if (setup.networks().preview() != null) {
            search.preview(decoder(setup.networks().preview(), Workload.Part.PREVIEW, counts));
        }
        Costs costs =
                search.build().run(ImageRequest.of(0, images)).images().get(0).costs();
        return new Counted(counts, costs);
    }

    private Decoder decoder(Decoder known, Workload.Part part, Workload counts) {
        return known.isIdentity() ? Decoder.identity(image) : new Blank(part, counts);
    }

    /** A network that says nothing. */
    private final class StandIn implements Denoiser {
        private final Workload counts;

        StandIn(Workload counts) {
            this.counts = counts;
        }

        @Override
        public String id() {
            return "stand-in";
        }

        @Override
        public ImageShape shape() {
            return state;
        }

        @Override
        public Device device() {
            return device;
        }

        @Override
        public Parameterisation parameterisation() {
            return setup.networks().denoiser().parameterisation();
        }

        @Override
        public void check(Condition condition) {}

        @Override
        public Conditioning encode(List<Condition> conditions) {
            return new Conditioning() {
                @Override
                public int entries() {
                    return conditions.size();
                }

                @Override
                public void close() {}
            };
        }

        @Override
        public Tensor network(Tensor input, Tensor level, Conditioning conditions, Tensor entries) {
            counts.call(Workload.Part.NETWORK, input.size(0));
            return blank(input.size(0), state);
        }

        @Override
        public int evaluations() {
            return setup.networks().denoiser().evaluations();
        }

        @Override
        public void close() {}
    }

    private Tensor blank(long rows, ImageShape shape) {
        Tensor zeros = Tensors.floats(device, rows, shape.channels(), shape.height(), shape.width());
        Tensors.fill(zeros, 0);
        return zeros;
    }

    /** A decoder of grey images. */
    private final class Blank implements Decoder {
        private final Workload.Part part;
        private final Workload counts;

        Blank(Workload.Part part, Workload counts) {
            this.part = part;
            this.counts = counts;
        }

        @Override
        public String id() {
            return "stand-in";
        }

        @Override
        public ImageShape image() {
            return image;
        }

        @Override
        public Tensor decode(Tensor states) {
            counts.call(part, states.size(0));
            return blank(states.size(0), image);
        }

        @Override
        public void close() {}
    }

    /** A reward of random numbers. */
    private static final class Dice implements Reward {
        private final SplittableRandom random = new SplittableRandom(1);
        private final Workload.Part part;
        private final Workload counts;

        Dice(Workload.Part part, Workload counts) {
            this.part = part;
            this.counts = counts;
        }

        @Override
        public String name() {
            return "stand-in";
        }

        @Override
        public void score(ImageBatch images, Tensor scores) {
            counts.call(part, images.rows());
            Tensors.copy(random.doubles(images.rows()).toArray(), scores);
        }
    }
}
