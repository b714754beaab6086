package org.noisetrail.torch;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * The parts of something that is being made: closed again, last first, unless it is finished. For constructors and factories of owners, where making the next part may fail:
 *
 * <pre>{@code
 * try (Unfinished parts = new Unfinished()) {
 *     first = parts.add(Tensors.floats(device, rows));
 *     second = parts.add(Tensors.ints(device, rows));
 *     parts.finish();
 * }
 * }</pre>
 */
public final class Unfinished implements AutoCloseable {
    private final Deque<AutoCloseable> parts = new ArrayDeque<>();

    /** Takes a part, and gives it back. */
    public <T extends AutoCloseable> T add(T part) {
        parts.push(part);
        return part;
    }

    /** From now on the parts belong to what was made of them. */
    public void finish() {
        parts.clear();
    }

    /** As {@link #finish()}, and gives what was made. */
    public <T> T finish(T made) {
        finish();
        return made;
    }

    @Override
    public void close() {
        if (!parts.isEmpty()) {
            closeAll(parts);
            parts.clear();
        }
    }

    /** Closes parts in their order, all of them, also where one fails: then the first failure is thrown. One that is null was never made. */
    public static void closeAll(Collection<? extends @Nullable AutoCloseable> parts) {
        RuntimeException failed = null;
        for (AutoCloseable part : parts) {
            try {
                if (part != null) {
                    part.close();
                }
            } catch (Exception e) {
                if (failed != null) {
                    failed.addSuppressed(e);
                } else {
                    failed = e instanceof RuntimeException unchecked
                            ? unchecked
                            : new IllegalStateException("a part cannot be closed", e);
                }
            }
        }
        if (failed != null) {
            throw failed;
        }
    }
}
