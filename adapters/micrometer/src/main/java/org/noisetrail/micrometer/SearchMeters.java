package org.noisetrail.micrometer;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Timer;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.noisetrail.model.Condition;
import org.noisetrail.model.ImageShape;
import org.noisetrail.reward.ImageBatch;
import org.noisetrail.reward.Reward;
import org.noisetrail.search.ImageRequest;
import org.noisetrail.search.ImageResult;
import org.noisetrail.search.SearchListener;

/**
 * Meters of what searches cost and reach: the listener of any number of searches, on any number of threads.
 *
 * <table>
 * <caption>Meters</caption>
 * <tr><th>name</th><th>kind</th><th>what it is</th></tr>
 * <tr><td>{@code noisetrail.images}</td><td>counter, tag {@code finite}</td><td>images finished; those that hold NaN or infinity are {@code finite=false}</td></tr>
 * <tr><td>{@code noisetrail.nfe}</td><td>summary</td><td>network evaluations of an image; its total is all of them</td></tr>
 * <tr><td>{@code noisetrail.seconds}</td><td>timer</td><td>wall-clock time of an image: images drawn together share theirs evenly</td></tr>
 * <tr><td>{@code noisetrail.reward}</td><td>summary</td><td>the searched reward of a finished image, where there is one and it is finite. A summary takes no number below 0: such rewards are left out</td></tr>
 * <tr><td>{@code noisetrail.verifier.seconds}</td><td>timer, tag {@code reward}</td><td>one call of a reward that {@link #timed} has wrapped</td></tr>
 * </table>
 *
 * <p>The time of an image is counted from the start of its search, or from where its thread (with several workers, its worker) has last finished images; a search that fails leaves none. Searches at the same time are told apart by their requests, the objects: give each its own list.
 */
public final class SearchMeters implements SearchListener {
    private static final String VERIFIER = "noisetrail.verifier.seconds";

    private final MeterRegistry registry;
    private final List<Tag> tags;
    private final Counter finite;
    private final Counter notFinite;
    private final DistributionSummary evaluations;
    private final Timer seconds;
    private final DistributionSummary reward;
    /** When the search of a request began; of one whose search has failed, until it is forgotten. */
    private final Map<Begun, Long> begun = new ConcurrentHashMap<>();
    /** Requests that are forgotten. */
    private final ReferenceQueue<ImageRequest> gone = new ReferenceQueue<>();
    /** When this thread, a search's or a worker's, has last finished images. */
    private final ThreadLocal<Long> finished = new ThreadLocal<>();

    /** @param tags of all meters */
    public SearchMeters(MeterRegistry registry, Tag... tags) {
        this.registry = registry;
        this.tags = List.of(tags);
        finite = images("true");
        notFinite = images("false");
        evaluations = DistributionSummary.builder("noisetrail.nfe")
                .description("Network evaluations of an image")
                .tags(this.tags)
                .register(registry);
        seconds = Timer.builder("noisetrail.seconds")
                .description("Wall-clock time of an image")
                .tags(this.tags)
                .register(registry);
        reward = DistributionSummary.builder("noisetrail.reward")
                .description("Searched reward of a finished image")
                .tags(this.tags)
                .register(registry);
    }

    private Counter images(String finite) {
        return Counter.builder("noisetrail.images")
                .description("Images finished")
                .tags(tags)
                .tag("finite", finite)
                .register(registry);
    }

    @Override
    public void onStart(List<ImageRequest> images) {
        long now = System.nanoTime();
        for (Reference<?> old = gone.poll(); old != null; old = gone.poll()) {
            begun.remove(old);
        }
        for (ImageRequest image : images) {
            begun.put(new Begun(image, gone), now);
        }
    }

    @Override
    public void onImages(List<ImageResult> images) {
        long now = System.nanoTime();
        Long last = finished.get();
        finished.set(now);
        for (ImageResult image : images) {
            Long start = begun.get(new Begun(image.request(), null));
            (image.finite() ? finite : notFinite).increment();
            evaluations.record(image.costs().networkEvaluations());
            if (start != null) {
                long since = last == null ? now - start : Math.min(now - start, now - last);
                seconds.record(since / images.size(), TimeUnit.NANOSECONDS);
            }
            if (Double.isFinite(image.reward())) {
                reward.record(image.reward());
            }
        }
    }

    /** A reward that scores as another one and is timed; closing it closes the other. A card calls it each time and never replays it as recorded ({@link Reward#staysOnDevice}), so that each call is timed. */
    public Reward timed(Reward timed) {
        Timer timer = Timer.builder(VERIFIER)
                .description("Wall-clock time of one call of a reward")
                .tags(tags)
                .tag("reward", timed.name())
                .register(registry);
        return new Timed(timed, timer);
    }

    /** A request as the object that it is: searches with other seeds have equal ones. */
    private static final class Begun extends WeakReference<ImageRequest> {
        private final int hash;

        Begun(ImageRequest request, @Nullable ReferenceQueue<ImageRequest> gone) {
            super(request, gone);
            hash = System.identityHashCode(request);
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return this == other || other instanceof Begun begun && get() != null && get() == begun.get();
        }

        @Override
        public int hashCode() {
            return hash;
        }
    }

    private record Timed(Reward reward, Timer timer) implements Reward {
        @Override
        public String name() {
            return reward.name();
        }

        @Override
        public String id() {
            return reward.id();
        }

        @Override
        public void score(ImageBatch images, Tensor scores) {
            timer.record(() -> reward.score(images, scores));
        }

        @Override
        public void check(ImageShape shape, List<Condition> conditions) {
            reward.check(shape, conditions);
        }

        @Override
        public void close() {
            reward.close();
        }
    }
}
