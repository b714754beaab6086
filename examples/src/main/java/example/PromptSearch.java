package example;

import java.awt.image.BufferedImage;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Pipeline;
import org.noisetrail.reward.Image;
import org.noisetrail.reward.Reward;
import org.noisetrail.search.ImageRequest;
import org.noisetrail.search.ImageResult;
import org.noisetrail.search.Methods;
import org.noisetrail.search.Search;
import org.noisetrail.search.SearchListener;
import org.noisetrail.search.SearchResult;
import org.noisetrail.trace.Progress;

/** A search from a prompt for a reward that is a lambda, watched while it goes on, and given up when it takes too long. */
public final class PromptSearch {
    private final Consumer<String> out;
    private final AtomicReference<BufferedImage> preview = new AtomicReference<>();

    /** @param out is told what goes on */
    public PromptSearch(Consumer<String> out) {
        this.out = out;
    }

    /** How warm an image is: its red above its blue, -1 to 1. */
    private static double warmth(Image image) {
        double sum = 0;
        int height = image.shape().height();
        int width = image.shape().width();
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                sum += image.at(0, y, x) - image.at(2, y, x);
            }
        }
        return sum / (255. * height * width);
    }

    /** What a search tells while it runs, on the thread that runs it. */
    private final class Watcher implements SearchListener {
        @Override
        public void onProgress(Progress progress) {
            out.accept(progress.imageSteps() + " of " + progress.imageStepsTotal() + " steps, "
                    + progress.networkEvaluations() + " network evaluations, best reward " + progress.bestReward());
        }

        @Override
        public void onImages(List<ImageResult> images) {
            for (ImageResult image : images) {
                out.accept("image " + image.request().image() + ": " + image.reward());
            }
        }
    }

    /** The picture that was judged best so far; null before the first. */
    public BufferedImage preview() {
        return preview.get();
    }

    /** Keeps, for the preview, what the reward has seen: clean estimates on their way to images. */
    private Reward watched() {
        double[] best = {Double.NEGATIVE_INFINITY};
        return Reward.of("warmth", image -> {
            double warmth = warmth(image);
            synchronized (best) { // images of a batch are judged in parallel
                if (warmth > best[0]) {
                    best[0] = warmth;
                    preview.set(image.toBufferedImage());
                }
            }
            return warmth;
        });
    }

    /** Draws; interrupting the thread ends it within a round, and frees all native memory. */
    public SearchResult draw(String model, String prompt, int images) {
        try (Pipeline pipeline = Pipeline.load(model, Device.CPU);
                Reward warm = watched()) {
            return Search.builder(pipeline)
                    .method(Methods.parse("eps-greedy:candidates=2:rounds=1"))
                    .reward(warm)
                    .listener(new Watcher())
                    .build()
                    .run(ImageRequest.prompts(0, images, prompt));
        }
    }

    /**
     * As {@link #draw}, but for no longer than that.
     *
     * @throws TimeoutException if it took longer
     */
    public SearchResult drawWithin(long seconds, String model, String prompt, int images)
            throws TimeoutException, InterruptedException, ExecutionException {
        ExecutorService worker = Executors.newSingleThreadExecutor();
        try {
            Future<SearchResult> drawing = worker.submit(() -> draw(model, prompt, images));
            try {
                return drawing.get(seconds, TimeUnit.SECONDS);
            } catch (TimeoutException e) {
                drawing.cancel(true); // interrupts: the search ends with a SearchCancelledException
                throw e;
            }
        } finally {
            worker.shutdownNow(); // also where this thread is interrupted
            worker.awaitTermination(1, TimeUnit.MINUTES);
        }
    }
}
