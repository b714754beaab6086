package org.noisetrail.evaluation;

import java.util.EnumMap;
import java.util.Map;
import java.util.TreeMap;

/** What a search asks for: how many calls of so many rows each part gets. */
final class Workload {
    /** What takes time beside the engine's own arithmetic, which goes with the network's calls. */
    enum Part {
        NETWORK,
        DECODER,
        PREVIEW,
        REWARD,
        HELD_OUT,
        OVERHEAD
    }

    private final Map<Part, Map<Integer, Long>> calls = new EnumMap<>(Part.class);

    void call(Part part, long rows) {
        calls.computeIfAbsent(part, first -> new TreeMap<>()).merge((int) rows, 1L, Long::sum);
        if (part == Part.NETWORK) {
            call(Part.OVERHEAD, rows);
        }
    }

    void add(Workload other, long times) {
        other.calls.forEach((part, counts) -> counts.forEach((rows, count) ->
                calls.computeIfAbsent(part, first -> new TreeMap<>()).merge(rows, count * times, Long::sum)));
    }

    /** How many calls of a part. */
    long calls(Part part) {
        return counts(part).values().stream().mapToLong(Long::longValue).sum();
    }

    /** How many rows went to a part, over all its calls. */
    long rows(Part part) {
        return counts(part).entrySet().stream()
                .mapToLong(entry -> entry.getKey() * entry.getValue())
                .sum();
    }

    Map<Integer, Long> counts(Part part) {
        return calls.getOrDefault(part, Map.of());
    }
}
