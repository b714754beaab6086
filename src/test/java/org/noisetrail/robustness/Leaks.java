package org.noisetrail.robustness;

import java.io.IOException;
import java.util.List;
import java.util.Locale;
import org.bytedeco.javacpp.Pointer;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Pipeline;
import org.noisetrail.reward.Reward;
import org.noisetrail.reward.RewardText;
import org.noisetrail.sampler.EdmSampler;
import org.noisetrail.search.ImageRequest;
import org.noisetrail.search.Methods;
import org.noisetrail.search.Search;
import org.noisetrail.settings.Kind;
import org.noisetrail.testing.ResidentMemory;
import org.noisetrail.torch.Torch;

/**
 * Searches with every method in turn, and looks at the memory that the process holds: {@code src/test/attack.sh leaks [SEARCHES]} runs it. The model and its rewards are loaded again every 100
 * searches. Ends with 1 if the resident memory of the last tenth is more than 5 % above that of the second, or its native objects are more.
 */
public final class Leaks {
    private static final double MOST = .05;

    private Leaks() {}

    /** Argument: how many searches (1000). */
    public static void main(String[] arguments) throws Exception {
        int searches = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 1000;
        List<String> methods =
                Methods.registry().kinds().stream().map(Kind::name).toList();
        Torch.setThreads(1);
        int block = Math.max(methods.size(), searches / 10);
        double early = 0;
        double late = 0;
        long objects = 0;
        long more = 0;
        for (int from = 0; from < searches; from += block) {
            try (Pipeline model = Pipeline.load("fashion-mnist", Device.CPU);
                    Reward reward =
                            RewardText.parse("0.5*class+0.5*compressibility").build(() -> model)) {
                for (int i = from; i < Math.min(searches, from + block); i++) {
                    Search.builder(model)
                            .sampler(EdmSampler.DEFAULT.withSteps(3))
                            .method(Methods.parse(methods.get(i % methods.size())))
                            .reward(reward)
                            .budget(25)
                            .seed(i)
                            .build()
                            .run(ImageRequest.of(0, 1, 1));
                }
            }
            System.gc();
            double now = residentMegabytes();
            long count = Pointer.totalCount();
            System.out.printf(
                    Locale.ROOT,
                    "%5d searches: %.1f MB resident, %d native objects%n",
                    Math.min(searches, from + block),
                    now,
                    count);
            early = from == block ? now : early;
            late = now;
            objects = from == block ? count : objects;
            more = count - objects;
        }
        System.out.printf(
                Locale.ROOT, "%+.1f %%, %+d native objects since the second line%n", 100 * (late / early - 1), more);
        System.exit(late > early * (1 + MOST) || more > 0 ? 1 : 0);
    }

    private static double residentMegabytes() throws IOException {
        return ResidentMemory.bytes() / 1e6;
    }
}
