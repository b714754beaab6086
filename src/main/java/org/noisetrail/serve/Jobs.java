package org.noisetrail.serve;

import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.noisetrail.search.SearchCancelledException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The queue, and the one thread that draws what is in it, one job after the other. Jobs that have ended can be asked for until newer ones need their place. Thread-safe. */
final class Jobs {
    private static final Logger LOG = LoggerFactory.getLogger(Jobs.class);

    /** Ended jobs that are kept, and bytes of their pictures. */
    private static final int KEPT = 256;

    private static final long KEPT_BYTES = 64L << 20;

    private final Studio studio;
    private final int room;
    private final SecureRandom random = new SecureRandom();
    private final Thread worker = new Thread(this::work, "noisetrail-serve");

    private final Deque<Job> waiting = new ArrayDeque<>();
    private final Map<String, Job> ended = new LinkedHashMap<>();
    private @Nullable Job running;
    private boolean stopping;

    Jobs(Studio studio, int room) {
        this.studio = studio;
        this.room = room;
        worker.setDaemon(true);
        worker.start();
    }

    /** @throws Refusal if the queue is full, or the server is stopping */
    synchronized Job submit(Drawing drawing) {
        if (stopping) {
            throw Refusal.stopping();
        }
        if (waiting.size() + (running == null ? 0 : 1) > room) {
            throw Refusal.busy("the queue is full: " + waiting.size() + " of " + room + " jobs wait; try again later");
        }
        byte[] name = new byte[16];
        random.nextBytes(name);
        Job job = new Job(HexFormat.of().formatHex(name), drawing);
        waiting.add(job);
        notifyAll();
        return job;
    }

    synchronized Optional<Job> find(String id) {
        if (running != null && running.id().equals(id)) {
            return Optional.of(running);
        }
        Job known = ended.get(id);
        return known != null
                ? Optional.of(known)
                : waiting.stream().filter(job -> job.id().equals(id)).findFirst();
    }

    /** How many are before it in the queue; 0 if none is, or it does not wait. */
    synchronized int before(Job job) {
        int place = 0;
        for (Job other : waiting) {
            if (other == job) {
                return place + (running == null ? 0 : 1);
            }
            place++;
        }
        return 0;
    }

    /** Ends it, or, if it has ended, forgets it with its pictures. */
    void cancel(Job job) {
        synchronized (this) {
            if (ended.remove(job.id()) != null) {
                return;
            }
            if (waiting.remove(job)) {
                keep(job);
            }
        }
        job.end(Job.Status.CANCELLED);
    }

    private void work() {
        while (true) {
            Job job;
            try {
                job = next();
            } catch (InterruptedException e) {
                continue;
            }
            if (job == null) {
                studio.close();
                return;
            }
            try {
                if (job.begin()) {
                    draw(job);
                }
            } catch (Throwable e) {
                // What was told of a failure may fail itself: this thread is the only one that draws.
                job.failed(Refusal.failed("the search failed"));
            } finally {
                synchronized (this) {
                    running = null;
                    keep(job);
                }
            }
        }
    }

    private synchronized @Nullable Job next() throws InterruptedException {
        while (waiting.isEmpty() && !stopping) {
            wait();
        }
        running = waiting.poll();
        return running;
    }

    private void draw(Job job) {
        try {
            studio.draw(job);
            job.settle();
            job.done();
        } catch (SearchCancelledException e) {
            job.settle();
            job.interrupted();
        } catch (Refusal e) {
            job.settle();
            job.failed(e);
        } catch (Throwable e) {
            job.settle();
            // The library throws it for impossible arguments only.
            if (e instanceof IllegalArgumentException && !(e instanceof NumberFormatException)) {
                job.failed(Refusal.bad(400, "invalid_value", String.valueOf(e.getMessage())));
                LOG.info("job {} was refused: {}", job.id(), e.getMessage());
                return;
            }
            job.failed(Refusal.failed("the search failed; the server's log says more of job " + job.id()));
            LOG.error("job {} failed", job.id(), e);
        }
    }

    private void keep(Job job) {
        ended.put(job.id(), job);
        long bytes = ended.values().stream().mapToLong(Job::bytes).sum();
        Iterator<Job> oldest = ended.values().iterator();
        while (ended.size() > KEPT || bytes > KEPT_BYTES && ended.size() > 1) {
            bytes -= oldest.next().bytes();
            oldest.remove();
        }
    }

    /** Takes no job any more, ends those that wait, and lets the one that is drawn be finished, for so long; then that is ended, too. */
    void stop(Duration patience) {
        List<Job> left = new ArrayList<>();
        Job last;
        synchronized (this) {
            stopping = true;
            left.addAll(waiting);
            waiting.clear();
            left.forEach(this::keep);
            last = running;
            notifyAll();
        }
        left.forEach(job -> job.end(Job.Status.STOPPED));
        boolean interrupted = !join(patience);
        if (last != null && worker.isAlive()) {
            last.end(Job.Status.STOPPED);
        }
        while (worker.isAlive()) {
            interrupted |= !join(Duration.ofHours(1));
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean join(Duration patience) {
        try {
            TimeUnit.NANOSECONDS.timedJoin(worker, TimeUnit.NANOSECONDS.convert(patience));
            return true;
        } catch (InterruptedException e) {
            return false;
        }
    }
}
