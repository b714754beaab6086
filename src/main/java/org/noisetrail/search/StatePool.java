package org.noisetrail.search;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import org.noisetrail.engine.Particles;
import org.noisetrail.engine.StepEngine;
import org.noisetrail.torch.Unfinished;

/** States that come and go, in rows that are used again. It grows as more are held at once, by doubling. */
final class StatePool implements AutoCloseable {
    private final StepEngine engine;
    private final Deque<Integer> free = new ArrayDeque<>();
    private Particles rows;

    StatePool(StepEngine engine, int capacity) {
        this.engine = engine;
        rows = engine.particles(capacity);
        release(0, capacity);
    }

    private void release(int from, int to) {
        for (int row = from; row < to; row++) {
            free.add(row);
        }
    }

    /** All states; another object after a {@link #take}. */
    Particles rows() {
        return rows;
    }

    int take() {
        if (free.isEmpty()) {
            int capacity = rows.rows();
            int[] all = new int[capacity];
            Arrays.setAll(all, row -> row);
            try (Unfinished parts = new Unfinished()) {
                Particles larger = parts.add(engine.particles(Math.multiplyExact(capacity, 2)));
                engine.put(rows, all, larger);
                rows.close();
                rows = parts.finish(larger);
            }
            release(capacity, 2 * capacity);
        }
        return free.remove();
    }

    void release(int row) {
        free.add(row);
    }

    @Override
    public void close() {
        rows.close();
    }
}
