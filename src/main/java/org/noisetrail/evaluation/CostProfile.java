package org.noisetrail.evaluation;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.noisetrail.search.SearchResult;
import org.noisetrail.trace.Profile;
import org.noisetrail.trace.Profile.Part;
import org.noisetrail.trace.Profile.Times;

/**
 * Where the time of a search went, over several runs of it.
 *
 * @param runs each with the network evaluations of all its images
 */
public record CostProfile(List<Run> runs) {
    /**
     * One recorded run.
     *
     * @param evaluations network evaluations of all its images
     */
    public record Run(Profile profile, long evaluations) {
        /** Microseconds of a part, for each network evaluation. */
        public double micros(Part part) {
            return times(part).totalNanos() / 1e3 / evaluations;
        }

        /** Wall-clock time for each network evaluation of one image, in microseconds. */
        public double wallMicros() {
            return profile.wall().toNanos() / 1e3 / evaluations;
        }

        /** What a part's calls took; all zero where it made none. */
        public Times times(Part part) {
            Times times = profile.parts().get(part);
            return times == null ? new Times(0, 0, 0, 0, 0) : times;
        }
    }

    /** The median of the runs, and their extremes. */
    public record Spread(double median, double low, double high) {
        static Spread of(double[] values) {
            double[] sorted = values.clone();
            java.util.Arrays.sort(sorted);
            int middle = sorted.length / 2;
            double median = sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
            return new Spread(median, sorted[0], sorted[sorted.length - 1]);
        }
    }

    public CostProfile {
        runs = List.copyOf(runs);
        if (runs.isEmpty()) {
            throw new IllegalArgumentException("runs must be >= 1: 0");
        }
    }

    /**
     * Runs a search once to warm up, then {@code count} times with the events on.
     *
     * @param search of one worker: several at once have no parts that add up to the time on the clock
     * @throws IllegalArgumentException if {@code count} is below 1, or the search has several workers
     */
    public static CostProfile of(int count, Supplier<SearchResult> search) {
        if (count < 1) {
            throw new IllegalArgumentException("runs must be >= 1: " + count);
        }
        List<Run> runs = new ArrayList<>();
        @SuppressWarnings("unused")
        SearchResult warmUp = search.get();
        for (int run = 0; run < count; run++) {
            Profile.Recorded<SearchResult> recorded = Profile.record(search);
            Run known = new Run(
                    recorded.profile(),
                    recorded.result().images().stream()
                            .mapToLong(image -> image.costs().networkEvaluations())
                            .sum());
            if (known.times(Part.FORWARD).calls() == 0) {
                throw new IllegalArgumentException(
                        "a search to profile must have 1 worker: its network was not called on the thread that ran it");
            }
            runs.add(known);
        }
        return new CostProfile(runs);
    }

    /** Microseconds for each network evaluation that a part took, over the runs. */
    public Spread micros(Part part) {
        return Spread.of(runs.stream().mapToDouble(run -> run.micros(part)).toArray());
    }

    /** Microseconds for each network evaluation, all parts together. */
    public Spread wallMicros() {
        return Spread.of(runs.stream().mapToDouble(Run::wallMicros).toArray());
    }

    /** Of the wall time, over all runs: 0 to 1. */
    public double share(Part part) {
        double wall =
                runs.stream().mapToDouble(run -> run.profile().wall().toNanos()).sum();
        return runs.stream().mapToDouble(run -> run.times(part).totalNanos()).sum() / wall;
    }
}
