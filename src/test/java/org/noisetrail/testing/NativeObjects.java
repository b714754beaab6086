package org.noisetrail.testing;

import org.bytedeco.javacpp.Pointer;

/** How many of JavaCPP's native objects are held. That it did not grow is all that a test can say: what earlier tests left to the collector may yet go. */
public final class NativeObjects {
    private static final int QUIET_MILLIS = 20;

    private NativeObjects() {}

    /** The count, when what earlier tests left to the collector is gone, or nearly: were much of it collected later, a leak would not be seen. */
    public static long settled() {
        System.gc();
        long count = Pointer.totalCount();
        for (int quiet = 0; quiet < QUIET_MILLIS; quiet++) {
            try {
                Thread.sleep(1);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            long now = Pointer.totalCount();
            if (now != count) {
                count = now;
                quiet = 0;
            }
        }
        return count;
    }
}
