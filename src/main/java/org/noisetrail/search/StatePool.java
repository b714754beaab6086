package org.noisetrail.search;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import org.noisetrail.engine.Rows;
import org.noisetrail.engine.StepEngine;

/** States that come and go, in rows that are used again. It grows as more are held at once, by doubling. */
final class StatePool implements AutoCloseable {
    private final StepEngine engine;
    private final Deque<Integer> free = new ArrayDeque<>();
    private Rows rows;

    StatePool(StepEngine engine, int capacity) {
        this.engine = engine;
        rows = engine.rows(capacity);
        release(0, capacity);
    }

    private void release(int from, int to) {
        for (int row = from; row < to; row++) {
            free.add(row);
        }
    }

    /** All states; another object after a {@link #take}. */
    Rows rows() {
        return rows;
    }

    /** How many states are held. */
    int held() {
        return rows.rows() - free.size();
    }

    int take() {
        if (free.isEmpty()) {
            int capacity = rows.rows();
            Rows larger = engine.rows(Math.multiplyExact(capacity, 2));
            try {
                int[] all = new int[capacity];
                Arrays.setAll(all, row -> row);
                engine.put(rows, all, larger);
            } catch (Throwable t) {
                larger.close();
                throw t;
            }
            rows.close();
            rows = larger;
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
