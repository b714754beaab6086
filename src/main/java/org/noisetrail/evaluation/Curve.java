package org.noisetrail.evaluation;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntConsumer;

/**
 * Seconds that a call takes, by its rows: measured at some, in proportion between them, and beyond the last at the last one's price a row. It does not fall.
 *
 * @param rows going up, at least 1; empty where calls take nothing
 * @param seconds one for each, at least 0
 */
record Curve(List<Integer> rows, List<Double> seconds) {
    static final Curve NOTHING = new Curve(List.of(), List.of());

    private static final int REPEATS = 5;
    /** Rows are not doubled any more once a call takes this long. */
    private static final double LONG = 1;

    private static final double QUICK = .1;

    Curve {
        if (rows.size() != seconds.size()) {
            throw new IllegalArgumentException(
                    "seconds must be one for each of " + rows.size() + " rows: " + seconds.size());
        }
        for (int i = 0; i < rows.size(); i++) {
            if (rows.get(i) <= (i == 0 ? 0 : rows.get(i - 1))) {
                throw new IllegalArgumentException("rows must go up from 1: " + rows);
            }
            if (!(seconds.get(i) >= 0 && seconds.get(i) < Double.POSITIVE_INFINITY)) {
                throw new IllegalArgumentException("seconds must be >= 0: " + seconds.get(i));
            }
        }
        rows = List.copyOf(rows);
        // What is timed too long is more often the first, of a cold machine, than the last.
        Double[] rising = seconds.toArray(Double[]::new);
        for (int i = rising.length - 2; i >= 0; i--) {
            rising[i] = Math.min(rising[i], rising[i + 1]);
        }
        seconds = List.of(rising);
    }

    /** Medians of some calls of 1, 2, 4, ... rows, after one that warms up; fewer where they are long. */
    static Curve measure(int most, IntConsumer call) {
        return measure(1, most, call);
    }

    /** From so many rows on. */
    static Curve measure(int least, int most, IntConsumer call) {
        List<Integer> rows = new ArrayList<>();
        List<Double> seconds = new ArrayList<>();
        for (int count = least; count <= most; count = count < most ? Math.min(most, 2 * count) : most + 1) {
            double first = time(count, call);
            double[] times = new double[first > LONG ? 1 : REPEATS];
            int calls = count;
            Arrays.setAll(times, i -> time(calls, call));
            Arrays.sort(times);
            rows.add(count);
            seconds.add(times[times.length / 2]);
            if (times[0] > LONG) {
                break;
            }
        }
        return new Curve(rows, seconds);
    }

    private static double time(int rows, IntConsumer call) {
        long start = System.nanoTime();
        call.accept(rows);
        return (System.nanoTime() - start) / 1e9;
    }

    double seconds(int count) {
        if (rows.isEmpty()) {
            return 0;
        }
        int last = rows.size() - 1;
        int next = 0;
        while (next < last && rows.get(next) < count) {
            next++;
        }
        int high = rows.get(next);
        if (next == 0 || count >= high) {
            return seconds.get(next) * (count > high ? (double) count / high : 1);
        }
        int low = rows.get(next - 1);
        double share = (double) (count - low) / (high - low);
        return seconds.get(next - 1) + share * (seconds.get(next) - seconds.get(next - 1));
    }

    /** Whether as many rows were timed, or no more would be. */
    boolean reaches(int most) {
        int last = rows.size() - 1;
        return rows.isEmpty() || rows.get(last) >= most || seconds.get(last) > LONG;
    }

    /** The rows, at most so many, at which a row costs least; the fewest of equals, where a hundredth makes no difference. */
    int best(int most) {
        int best = 1;
        for (int count : rows) {
            if (count <= most && seconds(count) / count < .99 * seconds(best) / best) {
                best = count;
            }
        }
        return rows.isEmpty() ? most : best;
    }

    /** The most rows whose call takes no tenth of a second; 1 where there are none. */
    int quick() {
        int quick = 1;
        for (int count : rows) {
            quick = seconds(count) < QUICK ? Math.max(quick, count) : quick;
        }
        return quick;
    }

    Curve scaled(double factor) {
        return new Curve(rows, seconds.stream().map(time -> time * factor).toList());
    }

    ObjectNode json() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        rows.forEach(json.putArray("rows")::add);
        seconds.forEach(json.putArray("seconds")::add);
        return json;
    }

    /** @throws IllegalArgumentException if it is not what {@link #json} gives */
    static Curve of(String name, JsonNode json) {
        JsonNode rows = json.path("rows");
        JsonNode seconds = json.path("seconds");
        if (!rows.isArray() || !seconds.isArray()) {
            throw new IllegalArgumentException(name + " must have rows and seconds");
        }
        List<Integer> counts = new ArrayList<>();
        List<Double> times = new ArrayList<>();
        rows.forEach(count -> counts.add(count.canConvertToInt() ? count.asInt() : 0));
        seconds.forEach(time -> times.add(time.isNumber() ? time.doubleValue() : Double.NaN));
        return new Curve(counts, times);
    }
}
