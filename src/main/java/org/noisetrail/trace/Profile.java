package org.noisetrail.trace;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.noisetrail.NoisetrailException;

/**
 * Where the time of a piece of work went, from its Flight Recorder events ({@link StepEvent}).
 *
 * @param wall wall-clock time of the work
 * @param parts what its parts took; {@link Part#HOST} is what no event covers, so that all parts add up to the wall time
 */
public record Profile(Duration wall, Map<Part, Times> parts) {
    /** The parts of a search. */
    public enum Part {
        FORWARD("org.noisetrail.Denoise"),
        NOISE("org.noisetrail.Noise"),
        UPDATE("org.noisetrail.Update"),
        DECODE("org.noisetrail.Decode"),
        SCORE("org.noisetrail.Score"),
        SELECT("org.noisetrail.Select"),
        HOST("");

        private final String event;

        Part(String event) {
            this.event = event;
        }
    }

    /**
     * @param calls how often the part ran
     * @param totalNanos all together
     * @param medianNanos of one call
     * @param lowNanos the 10th percentile of one call
     * @param highNanos the 90th
     */
    public record Times(long calls, long totalNanos, long medianNanos, long lowNanos, long highNanos) {
        static Times of(long[] nanos) {
            long[] sorted = nanos.clone();
            Arrays.sort(sorted);
            return new Times(
                    sorted.length,
                    Arrays.stream(sorted).sum(),
                    percentile(sorted, .5),
                    percentile(sorted, .1),
                    percentile(sorted, .9));
        }

        private static long percentile(long[] sorted, double share) {
            return sorted.length == 0 ? 0 : sorted[(int) Math.round(share * (sorted.length - 1))];
        }
    }

    /** What the work gave, and where its time went. */
    public record Recorded<T>(T result, Profile profile) {}

    /**
     * Runs work on this thread with the events on. One at a time in a JVM: events of other threads are left out, but their
     * work slows this one.
     *
     * @throws NoisetrailException if the recording cannot be written to the temporary folder
     */
    public static <T> Recorded<T> record(Supplier<T> work) {
        long thread = Thread.currentThread().getId();
        try (Recording recording = new Recording()) {
            for (Part part : Part.values()) {
                if (part != Part.HOST) {
                    recording.enable(part.event).withoutThreshold().withoutStackTrace();
                }
            }
            recording.start();
            long start = System.nanoTime();
            T result = work.get();
            Duration wall = Duration.ofNanos(System.nanoTime() - start);
            recording.stop();
            return new Recorded<>(result, of(wall, events(recording), thread));
        } catch (IOException e) {
            throw new NoisetrailException("cannot write the flight recording: " + e.getMessage(), e);
        }
    }

    private static List<RecordedEvent> events(Recording recording) throws IOException {
        Path file = Files.createTempFile("noisetrail", ".jfr");
        try {
            recording.dump(file);
            return RecordingFile.readAllEvents(file);
        } finally {
            Files.deleteIfExists(file);
        }
    }

    private static Profile of(Duration wall, List<RecordedEvent> events, long thread) {
        Map<Part, Times> parts = new EnumMap<>(Part.class);
        long covered = 0;
        for (Part part : Part.values()) {
            List<Long> nanos = new ArrayList<>();
            for (RecordedEvent event : events) {
                if (event.getEventType().getName().equals(part.event)
                        && event.getThread().getJavaThreadId() == thread) {
                    nanos.add(event.getDuration().toNanos());
                }
            }
            Times times = Times.of(nanos.stream().mapToLong(Long::longValue).toArray());
            covered += times.totalNanos();
            parts.put(part, times);
        }
        long rest = wall.toNanos() - covered;
        parts.put(Part.HOST, new Times(1, rest, rest, rest, rest));
        return new Profile(wall, parts);
    }
}
