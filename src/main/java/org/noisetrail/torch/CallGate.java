package org.noisetrail.torch;

import java.util.List;
import java.util.concurrent.locks.StampedLock;
import java.util.function.Supplier;
import org.noisetrail.NoisetrailException;
import org.noisetrail.kernels.Device;

/**
 * Keeps what calls use until they have ended, on a card too: closing waits for those in progress, and later ones fail. What is recorded of a call goes through the gate again each time it is
 * launched. Thread-safe.
 */
public final class CallGate {
    private final Device device;
    /** Calls hold it for reading. */
    private final StampedLock open = new StampedLock();

    private boolean closed;

    /** @param device that computes the calls */
    public CallGate(Device device) {
        this.device = device;
    }

    /** @throws NoisetrailException if it was closed */
    public <T> T call(Supplier<T> call) {
        long stamp = enter();
        try {
            Recording.uses(this);
            return call.get();
        } finally {
            open.unlockRead(stamp);
        }
    }

    private long enter() {
        long stamp = open.readLock();
        if (closed) {
            open.unlockRead(stamp);
            throw new NoisetrailException("the model was closed");
        }
        return stamp;
    }

    /** Through several of them. */
    static void run(List<CallGate> gates, Runnable call) {
        long[] stamps = new long[gates.size()];
        int entered = 0;
        try {
            for (; entered < stamps.length; entered++) {
                stamps[entered] = gates.get(entered).enter();
            }
            call.run();
        } finally {
            while (entered-- > 0) {
                gates.get(entered).open.unlockRead(stamps[entered]);
            }
        }
    }

    /** @param free frees what the calls use; run once, however often this is called */
    public void close(Runnable free) {
        long stamp = open.writeLock();
        boolean last = !closed;
        closed = true;
        open.unlockWrite(stamp);
        if (last) {
            try {
                settle();
            } finally {
                free.run();
            }
        }
    }

    /** A card does later what it was given by calls that have ended. */
    private void settle() {
        if (device.isCuda()) {
            CardMemory.settle(device);
        }
    }
}
