package org.noisetrail.torch;

import java.util.concurrent.locks.StampedLock;
import java.util.function.Supplier;
import org.noisetrail.NoisetrailException;

/** Keeps what calls use until they have ended: closing waits for those in progress, and later ones fail. Thread-safe. */
public final class CallGate {
    /** Calls hold it for reading. */
    private final StampedLock open = new StampedLock();

    private boolean closed;

    /** @throws NoisetrailException if it was closed */
    public <T> T call(Supplier<T> call) {
        long stamp = open.readLock();
        try {
            if (closed) {
                throw new NoisetrailException("the model was closed");
            }
            return call.get();
        } finally {
            open.unlockRead(stamp);
        }
    }

    /** @param free frees what the calls use; run once, however often this is called */
    public void close(Runnable free) {
        long stamp = open.writeLock();
        try {
            if (!closed) {
                closed = true;
                free.run();
            }
        } finally {
            open.unlockWrite(stamp);
        }
    }
}
