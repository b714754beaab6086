package org.noisetrail.serve;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.noisetrail.NoisetrailException;
import org.noisetrail.evaluation.RunSettings;
import org.noisetrail.model.MissingPartException;
import org.noisetrail.model.Pipeline;
import org.noisetrail.report.Picture;
import org.noisetrail.report.Report;
import org.noisetrail.report.RunFiles;
import org.noisetrail.reward.Reward;
import org.noisetrail.reward.RewardText;
import org.noisetrail.reward.Rewards;
import org.noisetrail.search.ImageRequest;
import org.noisetrail.search.ImageResult;
import org.noisetrail.search.Search;
import org.noisetrail.search.SearchCancelledException;
import org.noisetrail.search.SearchListener;
import org.noisetrail.search.Trail;
import org.noisetrail.torch.Unfinished;
import org.noisetrail.trace.Progress;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Draws jobs with a model and the rewards that were last asked for. Used by one thread, which closes it; the model is its maker's. */
final class Studio implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Studio.class);

    /** Rewards of requests that are kept: each may hold a network. */
    private static final int KEPT = 4;

    private static final Duration BETWEEN_PREVIEWS = Duration.ofMillis(250);

    private final Pipeline pipeline;
    private final int maxBatch;
    private final int decodeBatch;
    private final @Nullable Path folder;
    /** Where a request names none: never made again, since their files may be gone by then. */
    private final Map<String, Reward> own = new HashMap<>();

    private final Map<String, Reward> rewards = new LinkedHashMap<>(16, .75f, true);

    /** @param folder where each job's files go, to a folder of its own; null for none */
    Studio(Pipeline pipeline, int maxBatch, int decodeBatch, @Nullable Path folder) {
        this.pipeline = pipeline;
        this.maxBatch = maxBatch;
        this.decodeBatch = decodeBatch;
        this.folder = folder;
    }

    /**
     * Makes the rewards of what is drawn where a request names none, for as long as this is open.
     *
     * @throws IllegalArgumentException if they cannot judge the model's images
     * @throws NoisetrailException if a file of them is missing or broken
     */
    void open(Drawing usual) {
        for (RewardText text :
                usual.heldOut() == null ? List.of(usual.reward()) : List.of(usual.reward(), usual.heldOut())) {
            own.computeIfAbsent(text.toString(), name -> text.build(() -> pipeline));
            judge(text, usual);
        }
    }

    /**
     * Draws its images, and tells it.
     *
     * @throws SearchCancelledException if the thread is interrupted
     * @throws Refusal if it asks for what the model cannot draw or be judged by
     */
    void draw(Job job) {
        Drawing drawing = job.drawing();
        Search.Builder builder = drawing.search(maxBatch, decodeBatch);
        Reward searched;
        Reward heldOut;
        Trail run;
        try {
            searched = judge(drawing.reward(), drawing);
            heldOut = drawing.heldOut() == null ? null : judge(drawing.heldOut(), drawing);
            builder.reward(Rewards.shown(searched, BETWEEN_PREVIEWS, job::preview))
                    .heldOut(heldOut);
            run = builder.build().trail(List.of());
        } catch (SearchCancelledException e) {
            throw e;
        } catch (IllegalArgumentException | MissingPartException e) {
            throw Refusal.bad(400, "invalid_value", String.valueOf(e.getMessage()));
        }
        SearchListener listener = new SearchListener() {
            @Override
            public void onProgress(Progress progress) {
                job.progress(progress);
            }

            @Override
            public void onImages(List<ImageResult> images) {
                images.forEach(image -> job.add(new Job.Drawn(image, Picture.png(run, image))));
            }
        };
        RunFiles files = folder == null ? null : files(job, folder, run);
        if (files == null) {
            builder.listener(listener).build().draw(drawing.images());
        } else {
            RunSettings settings = drawing.settings(maxBatch, decodeBatch, searched, heldOut);
            write(job, files, builder, settings, listener);
        }
    }

    /** Null where none can be written: a client does not go without its images for that. */
    private static @Nullable RunFiles files(Job job, Path folder, Trail run) {
        try {
            return new RunFiles(folder.resolve(job.id()), job.drawing().images(), run, false, false);
        } catch (IllegalArgumentException | NoisetrailException e) {
            cannotWrite(job, e);
            return null;
        }
    }

    private static void cannotWrite(Job job, RuntimeException e) {
        LOG.error("what job {} draws cannot be written: {}", job.id(), e.getMessage());
    }

    /** As {@code generate} does. */
    private static void write(
            Job job, RunFiles claimed, Search.Builder builder, RunSettings settings, SearchListener listener) {
        long started = System.nanoTime();
        Drawing drawing = job.drawing();
        try (RunFiles files = claimed) {
            SearchCancelledException cancelled = null;
            Kept kept = new Kept(job, files, listener);
            try {
                builder.listener(kept).build().draw(drawing.images());
            } catch (SearchCancelledException e) {
                cancelled = e;
            }
            job.settle();
            if (!files.finished().isEmpty()) {
                boolean complete = cancelled == null;
                Duration elapsed = Duration.ofNanos(System.nanoTime() - started);
                kept.write(() -> files.finish(new Report(settings.json(), files.finished(), complete, elapsed)));
            }
            if (cancelled != null) {
                throw cancelled;
            }
        }
    }

    /** Tells of images first: a client does not go without one because a disk is full. */
    private static final class Kept implements SearchListener {
        private final Job job;
        private final RunFiles files;
        private final SearchListener told;
        private boolean failed;

        Kept(Job job, RunFiles files, SearchListener told) {
            this.job = job;
            this.files = files;
            this.told = told;
        }

        @Override
        public void onProgress(Progress progress) {
            told.onProgress(progress);
        }

        @Override
        public void onImages(List<ImageResult> images) {
            told.onImages(images);
            write(() -> files.onImages(images));
        }

        void write(Runnable writing) {
            if (failed) {
                return;
            }
            try {
                writing.run();
            } catch (IllegalArgumentException | NoisetrailException e) {
                failed = true;
                cannotWrite(job, e);
            }
        }
    }

    private Reward judge(RewardText text, Drawing drawing) {
        Reward reward = reward(text);
        reward.check(
                pipeline.decoder().image(),
                drawing.images().stream().map(ImageRequest::condition).toList());
        return reward;
    }

    private Reward reward(RewardText text) {
        String name = text.toString();
        Reward known = own.containsKey(name) ? own.get(name) : rewards.get(name);
        if (known == null) {
            // Before, not after: two of the largest need not fit beside the others.
            if (rewards.size() >= KEPT) {
                Iterator<Reward> oldest = rewards.values().iterator();
                oldest.next().close();
                oldest.remove();
            }
            known = text.build(() -> pipeline);
            rewards.put(name, known);
        }
        return known;
    }

    @Override
    public void close() {
        List<Reward> all = new ArrayList<>(rewards.values());
        all.addAll(own.values());
        rewards.clear();
        own.clear();
        Unfinished.closeAll(all);
    }
}
