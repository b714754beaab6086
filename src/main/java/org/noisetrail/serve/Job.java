package org.noisetrail.serve;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.noisetrail.report.Png;
import org.noisetrail.reward.Image;
import org.noisetrail.search.ImageResult;
import org.noisetrail.trace.Progress;

/**
 * A drawing on its way: what is known of it now, and a number that grows whenever that changes. Nothing of the past is kept, so a slow or late listener costs nothing. Thread-safe.
 */
final class Job {
    enum Status {
        QUEUED,
        RUNNING,
        DONE,
        CANCELLED,
        STOPPED,
        FAILED;

        boolean ended() {
            return compareTo(DONE) >= 0;
        }

        /** As clients see it. */
        String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** The best image of those judged a moment ago. Thread-safe. */
    static final class Preview {
        private final Image image;
        private final double reward;
        private byte @Nullable [] png;

        Preview(Image image, double reward) {
            this.image = image;
            this.reward = reward;
        }

        double reward() {
            return reward;
        }

        /** Made for the first client that asks, and kept for the others. */
        synchronized byte[] png() {
            byte[] made = png;
            if (made == null) {
                made = Png.encode(image.toBufferedImage(), Map.of());
                png = made;
            }
            return made;
        }
    }

    /** A finished image: its recipe is in its picture, packed. */
    record Drawn(long number, double reward, double heldOut, long networkEvaluations, boolean finite, byte[] png) {
        Drawn(ImageResult image, byte[] png) {
            this(
                    image.request().image(),
                    image.reward(),
                    image.heldOut().orElse(Double.NaN),
                    image.costs().networkEvaluations(),
                    image.finite(),
                    png);
        }
    }

    /**
     * A moment of a job.
     *
     * @param version grows
     * @param drawn in the order in which they were finished
     * @param refusal why it failed or was not done
     */
    record State(
            long version,
            Status status,
            @Nullable Progress progress,
            @Nullable Preview preview,
            List<Drawn> drawn,
            @Nullable Refusal refusal) {}

    private final String id;
    private final Drawing drawing;
    private final Instant created = Instant.now();

    private long version;
    private Status status = Status.QUEUED;
    private @Nullable Progress progress;
    private @Nullable Preview preview;
    private final List<Drawn> drawn = new ArrayList<>();
    private @Nullable Refusal refusal;
    /** The thread that draws it, while an interrupt of it would end this job and no other. */
    private @Nullable Thread runner;
    /** What it will have been when its thread has seen the interrupt. */
    private @Nullable Status asked;

    /** @param id hard to guess: who knows it may see the job */
    Job(String id, Drawing drawing) {
        this.id = id;
        this.drawing = drawing;
    }

    String id() {
        return id;
    }

    Drawing drawing() {
        return drawing;
    }

    Instant created() {
        return created;
    }

    /** Whether this thread is to draw it: not if it was ended while it waited. */
    synchronized boolean begin() {
        if (status != Status.QUEUED) {
            return false;
        }
        runner = Thread.currentThread();
        status = Status.RUNNING;
        changed();
        return true;
    }

    synchronized void progress(Progress now) {
        progress = now;
        changed();
    }

    synchronized void preview(Image image, double reward) {
        preview = new Preview(image, reward);
        changed();
    }

    synchronized void add(Drawn image) {
        drawn.add(image);
        changed();
    }

    /** From here on its thread is not interrupted on its behalf any more, and if it was, that is forgotten. */
    synchronized void settle() {
        runner = null;
        Thread.interrupted();
    }

    synchronized void done() {
        end(Status.DONE, null);
    }

    /** What waits inside a search may have been the one to see an interrupt, and have failed of it. */
    synchronized void failed(Refusal why) {
        if (asked == null) {
            end(Status.FAILED, why);
        } else {
            interrupted();
        }
    }

    /** The search has ended because its thread was interrupted. */
    synchronized void interrupted() {
        Status now = asked == null ? Status.STOPPED : asked;
        end(now, why(now));
    }

    /**
     * Ends it as soon as may be: at once if it waits, within a round if it is drawn.
     *
     * @param as {@link Status#CANCELLED} or {@link Status#STOPPED}
     */
    synchronized void end(Status as) {
        if (status == Status.QUEUED) {
            end(as, why(as));
        } else if (runner != null) {
            asked = as;
            runner.interrupt();
        }
    }

    private static Refusal why(Status status) {
        return status == Status.CANCELLED ? Refusal.cancelled() : Refusal.stopping();
    }

    private void end(Status as, @Nullable Refusal why) {
        if (!status.ended()) {
            status = as;
            refusal = why;
            preview = null;
            changed();
        }
    }

    private void changed() {
        version++;
        notifyAll();
    }

    synchronized State state() {
        return new State(version, status, progress, preview, List.copyOf(drawn), refusal);
    }

    /** Waits for a state of another version; after so long, the same again. */
    synchronized State after(long seen, long millis) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        while (version == seen) {
            long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
            if (left <= 0) {
                break;
            }
            wait(left);
        }
        return state();
    }

    /** Waits for its end. */
    synchronized State ended() throws InterruptedException {
        while (!status.ended()) {
            wait();
        }
        return state();
    }

    /** Of its pictures. */
    synchronized long bytes() {
        return drawn.stream().mapToLong(image -> image.png().length).sum();
    }
}
