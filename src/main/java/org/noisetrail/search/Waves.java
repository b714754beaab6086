package org.noisetrail.search;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.OptionalDouble;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.noisetrail.engine.Draws;
import org.noisetrail.engine.NoiseKind;
import org.noisetrail.engine.Screen;
import org.noisetrail.engine.StepEngine;
import org.noisetrail.model.Condition;
import org.noisetrail.model.ImageShape;
import org.noisetrail.reward.Image;
import org.noisetrail.reward.Reward;
import org.noisetrail.torch.Crew;

/**
 * A run of a search: its images in waves that fit the batch, each worker taking the next one when it is free. Where there are fewer images than workers, those of one denoiser are
 * hands that share the rows of each step.
 */
final class Waves {
    /** Takes finished images: the first one's place in the run, and they. */
    @FunctionalInterface
    interface Sink {
        void accept(int first, List<ImageResult> finished);
    }

    private final Method method;
    private final List<ImageRequest> images;
    private final Reporter reporter;
    private final Sink sink;
    private final List<SearchSettings> workers;
    private final int size;

    /** @throws IllegalArgumentException if there is no image, or one asks for what cannot be drawn or judged */
    Waves(List<SearchSettings> given, Method method, List<ImageRequest> images, SearchListener listener, Sink sink) {
        if (images.isEmpty()) {
            throw new IllegalArgumentException("images must be >= 1: 0");
        }
        new LinkedHashSet<>(given).forEach(worker -> check(worker, images));
        this.method = method;
        this.images = images;
        this.sink = sink;
        SearchSettings first = given.get(0);
        listener.onStart(images);
        reporter =
                new Reporter(listener, (long) images.size() * first.schedule().size());
        int together = Math.min(given.size(), images.size());
        boolean alike = given.stream()
                .allMatch(worker ->
                        worker.networks().denoiser() == first.networks().denoiser());
        int hands = alike ? given.size() / together : 1;
        workers = given.subList(0, together).stream()
                .map(worker -> worker.withHands(hands))
                .toList();
        int rows = Checks.ranged(
                "rows per image of method " + method.name(),
                method.rowsPerImage(first.maxBatch()),
                1,
                Integer.MAX_VALUE);
        int largest = Math.max(1, first.maxBatch() / rows);
        size = together == 1 ? largest : even(images.size(), together, largest);
    }

    /** Of as many waves for each worker, and of the same size. */
    private static int even(int images, int workers, int largest) {
        long waves = Sizes.chunks(images, largest * workers) * workers;
        return (int) ((images + waves - 1) / waves);
    }

    private static void check(SearchSettings worker, List<ImageRequest> images) {
        List<Condition> conditions =
                images.stream().map(ImageRequest::condition).toList();
        new LinkedHashSet<>(conditions).forEach(worker.networks().denoiser()::check);
        Guard guard = worker.guard();
        for (Reward judge : new Reward[] {worker.reward(), worker.heldOut(), guard == null ? null : guard.reward()}) {
            if (judge != null) {
                judge.check(worker.networks().decoder().image(), conditions);
            }
        }
        Screen screen = worker.screen();
        if (screen != null) {
            screen.reward().check(screen.decoder().image(), conditions);
        }
    }

    void run() {
        AtomicInteger next = new AtomicInteger();
        if (workers.size() == 1) {
            run(workers.get(0), next);
            return;
        }
        try (Crew crew = new Crew(workers.size())) {
            crew.run(workers.stream()
                    .map(worker -> (Runnable) () -> run(worker, next))
                    .toList());
        }
    }

    private void run(SearchSettings worker, AtomicInteger next) {
        for (int from = next.getAndAdd(size); from < images.size(); from = next.getAndAdd(size)) {
            run(worker, from, images.subList(from, Math.min(images.size(), from + size)));
        }
    }

    private void run(SearchSettings worker, int from, List<ImageRequest> group) {
        try (Wave wave = new Wave(worker, from, group, reporter, deadline(worker, from))) {
            List<ImageResult> finished;
            try (Outcome outcome = wave.search(method)) {
                finished = results(wave, outcome);
            }
            reporter.waveDone((long) group.size() * worker.schedule().size(), wave.ledger);
            sink.accept(from, finished);
            reporter.images(finished);
        } catch (RuntimeException e) {
            throw SearchCancelledException.orElse(e);
        }
    }

    private @Nullable Deadline deadline(SearchSettings worker, int from) {
        TimeLimit limit = worker.timeLimit();
        if (limit == null) {
            return null;
        }
        long now = limit.clock().getAsLong();
        double share = share(images.size(), size, workers.size(), from);
        return new Deadline(
                now + (long) ((limit.end() - now) * share),
                worker.networks().denoiser().device().leastRows(),
                worker.hands(),
                limit.clock());
    }

    /** Of the time that is left, what a wave may take: its images' part of those that its worker has still to draw if the others keep up. */
    static double share(int images, int size, int workers, int from) {
        long left = 0;
        for (long at = from; at < images; at += (long) size * workers) {
            left += Math.min(size, images - at);
        }
        return Math.min(size, images - from) / (double) left;
    }

    private static List<ImageResult> results(Wave wave, Outcome outcome) {
        outcome.check(wave.images(), wave.settings.schedule().size());
        SearchSettings settings = wave.settings;
        ImageShape shape = settings.networks().decoder().image();
        StepEngine.Finals finals;
        try (Draws own = wave.own(settings.schedule().size() - 1, wave.slots(), 0, NoiseKind.GLOBAL)) {
            Reward asked = outcome.rewards() == null ? settings.reward() : null;
            finals = wave.engine.finish(outcome.x().x(), own, asked, settings.heldOut());
        }
        double[] rewards = outcome.rewards() == null ? finals.rewards() : outcome.rewards();
        double[] heldOuts = finals.heldOuts();
        if (rewards != null) {
            wave.reporter.rewards(rewards);
        }
        float[] states = outcome.x().x().toFloats();
        List<ImageResult> results = new ArrayList<>();
        int size = shape.elements();
        int d = settings.networks().denoiser().shape().elements();
        for (int slot = 0; slot < wave.images(); slot++) {
            ImageRequest request = wave.requests.get(slot);
            byte[] pixels = Arrays.copyOfRange(finals.pixels(), slot * size, (slot + 1) * size);
            results.add(new ImageResult(
                    request,
                    new Image(shape, pixels, request.condition()),
                    Arrays.copyOfRange(states, slot * d, (slot + 1) * d),
                    settings.networks().denoiser().shape(),
                    rewards == null ? Double.NaN : rewards[slot],
                    heldOuts == null ? OptionalDouble.empty() : OptionalDouble.of(heldOuts[slot]),
                    wave.ledger.costs(slot),
                    outcome.pivotNorms()[slot],
                    wave.nans(slot),
                    finals.finite()[slot],
                    outcome.recipes().get(slot),
                    wave.engine.screened(slot),
                    wave.guarded(slot)));
        }
        return results;
    }
}
