package org.noisetrail.evaluation;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;
import org.noisetrail.model.Denoiser;
import org.noisetrail.reward.Reward;
import org.noisetrail.sampler.Schedule;
import org.noisetrail.search.ImageRequest;
import org.noisetrail.search.Search;

/**
 * Draws whole trajectories once, for a {@link RewardTensor}: the network's work of every later question.
 *
 * @param denoiser that the searches draw with
 * @param search gives the search with a seed, for the first of the judges
 * @param trajectories of each image, 1 to 65536
 * @param judges rewards by the names that tables show; at least one
 */
public record Recording(
        Denoiser denoiser,
        LongFunction<Search> search,
        List<ImageRequest> images,
        List<Long> seeds,
        int trajectories,
        Map<String, Reward> judges) {
    public Recording {
        images = List.copyOf(images);
        seeds = List.copyOf(seeds);
        judges = Collections.unmodifiableMap(new LinkedHashMap<>(judges));
        if (judges.isEmpty()) {
            throw new IllegalArgumentException("judges must be >= 1: 0");
        }
        if (seeds.isEmpty()) {
            throw new IllegalArgumentException("seeds must be >= 1: 0");
        }
    }

    /**
     * @param settings for the file's head
     * @throws IllegalArgumentException if there are more scores, or more is said of them, than a file holds
     * @throws org.noisetrail.search.SearchCancelledException if the thread is interrupted
     */
    public RewardTensor run(Map<String, @Nullable Object> settings) {
        List<Reward> others = judges.values().stream().skip(1).toList();
        List<RewardTensor.Run> runs = new ArrayList<>();
        seeds.forEach(seed -> images.forEach(image -> runs.add(new RewardTensor.Run(seed, image))));
        List<String> names = List.copyOf(judges.keySet());
        Schedule schedule = search.apply(seeds.get(0)).schedule();
        int factor = denoiser.evaluations();
        RewardTensor.requireStorable(settings, names, runs, trajectories, schedule, factor);
        double[][][][] scores = new double[judges.size()][seeds.size() * images.size()][][];
        for (int s = 0; s < seeds.size(); s++) {
            double[][][][] drawn = search.apply(seeds.get(s)).trajectories(images, trajectories, others);
            for (int reward = 0; reward < scores.length; reward++) {
                System.arraycopy(drawn[reward], 0, scores[reward], s * images.size(), images.size());
            }
        }
        return new RewardTensor(settings, names, runs, schedule, factor, scores);
    }
}
