package org.noisetrail.files;

import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What is still done when the process is told to end, in its order: first what finishes work, all at once, then what tidies up after it. One hook of Java's, which run at once and in no order, and of which a
 * process that goes on for months must not have more and more. Hooks of an application's own run beside it: what they wait for may lose its temporary file. Thread-safe.
 */
public final class ProcessEnd {
    private static final Set<Runnable> FINISH = ConcurrentHashMap.newKeySet();
    private static final Set<Runnable> TIDY = ConcurrentHashMap.newKeySet();

    static {
        try {
            Runtime.getRuntime().addShutdownHook(new Thread(ProcessEnd::run, "noisetrail-end"));
        } catch (IllegalStateException e) {
            // It is ending already: nothing is to be finished any more.
        }
    }

    private ProcessEnd() {}

    /** Is run on a thread of its own before anything is tidied up, and may wait for work to be finished. */
    public static void finish(Runnable task) {
        FINISH.add(task);
    }

    /** Is not to be done any more. If the process is ending already, it goes on. */
    public static void forget(Runnable task) {
        FINISH.remove(task);
    }

    /** Is run once all work is finished. */
    static void tidy(Runnable task) {
        TIDY.add(task);
    }

    private static void run() {
        List<Thread> threads = FINISH.stream()
                .map(task -> new Thread(task, "noisetrail-finish"))
                .toList();
        threads.forEach(Thread::start);
        for (Thread thread : threads) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        TIDY.forEach(Runnable::run);
    }
}
