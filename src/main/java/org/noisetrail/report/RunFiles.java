package org.noisetrail.report;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.noisetrail.checkpoint.Safetensors;
import org.noisetrail.evaluation.Version;
import org.noisetrail.files.AtomicFiles;
import org.noisetrail.files.Json;
import org.noisetrail.files.OutputFolder;
import org.noisetrail.model.ImageShape;
import org.noisetrail.reward.Image;
import org.noisetrail.search.ImageRequest;
import org.noisetrail.search.ImageResult;
import org.noisetrail.search.SearchListener;
import org.noisetrail.search.Trail;
import org.noisetrail.trace.Progress;

/**
 * The files of a run: each image when it is finished, the rest when the run has ended, however it did. They never stand beside those of an earlier
 * run: such are refused, or removed before the first file is written, {@code result.json} before the images that it names.
 */
public final class RunFiles implements SearchListener {
    private static final Map<String, String> SOFTWARE = Map.of("Software", "noisetrail " + Version.NOISETRAIL);

    /** In the order in which an earlier run's are removed; its images last. */
    private static final List<String> SUMMARIES = List.of("result.json", "trail.json", "grid.png", "final.safetensors");

    private static final String IMAGES = "images";
    private static final Pattern IMAGE = Pattern.compile("\\d{3,}\\.png");

    private final OutputFolder folder;
    private final Trail run;
    private final Map<ImageRequest, Integer> places = new HashMap<>();
    private final List<ImageResult> finished = new ArrayList<>();
    private boolean begun;

    /**
     * @param run the run's trail: finished images' recipes complete it
     * @param overwrite whether files of an earlier run may go
     * @throws IllegalArgumentException if there are such, and they may not
     */
    public RunFiles(OutputFolder folder, List<ImageRequest> requests, Trail run, boolean overwrite) {
        this.folder = folder;
        List<String> earlier = earlier();
        if (!earlier.isEmpty() && !overwrite) {
            throw new IllegalArgumentException(folder.path() + " holds an earlier run's " + earlier.get(0)
                    + (earlier.size() > 1 ? " and " + (earlier.size() - 1) + " more" : "")
                    + ": give another --out, or --overwrite");
        }
        this.run = run;
        requests.forEach(request -> places.putIfAbsent(request, places.size()));
    }

    /** What an earlier run has left, of the names that this one may write. */
    private List<String> earlier() {
        return Stream.concat(
                        SUMMARIES.stream().filter(folder::has),
                        folder.names(IMAGES).stream()
                                .filter(IMAGE.asMatchPredicate())
                                .map(name -> IMAGES + "/" + name))
                .toList();
    }

    private void begin() {
        if (!begun) {
            earlier().forEach(folder::remove);
            begun = true;
        }
    }

    /** A listener that tells this one and a display. */
    public SearchListener also(SearchListener display) {
        return new SearchListener() {
            @Override
            public void onProgress(Progress progress) {
                display.onProgress(progress);
            }

            @Override
            public void onImages(List<ImageResult> images) {
                RunFiles.this.onImages(images);
                display.onImages(images);
            }
        };
    }

    @Override
    public void onImages(List<ImageResult> images) {
        begin();
        for (ImageResult image : images) {
            byte[] png = Png.encode(image.pixels().toBufferedImage(), text(image));
            AtomicFiles.write(folder.file(Report.imageFile(image)), png);
            finished.add(image);
        }
    }

    private Map<String, String> text(ImageResult image) {
        Map<String, String> chunks = new LinkedHashMap<>(SOFTWARE);
        if (!Double.isNaN(image.reward())) {
            chunks.put("Reward", Double.toString(image.reward()));
        }
        image.heldOut().ifPresent(heldOut -> chunks.put("Held-out", Double.toString(heldOut)));
        chunks.put(TrailFiles.KEYWORD, TrailFiles.of(run, List.of(image)).toJson());
        return chunks;
    }

    /** The images finished so far, in the order asked for. */
    public List<ImageResult> finished() {
        return finished.stream()
                .sorted(Comparator.comparingInt(image -> places.getOrDefault(image.request(), Integer.MAX_VALUE)))
                .toList();
    }

    /** Writes what is made of all images; {@code result.json} last, so that where it is, the rest is. */
    public void finish(Report report, int gridColumns, boolean saveTensors) {
        begin();
        List<Image> pictures = report.images().stream().map(ImageResult::pixels).toList();
        AtomicFiles.write(folder.file("grid.png"), Png.encode(Grid.draw(pictures, gridColumns), SOFTWARE));
        if (saveTensors) {
            saveStates(report.images());
        }
        byte[] trail = (TrailFiles.of(run, report.images()).toJson() + "\n").getBytes(StandardCharsets.UTF_8);
        AtomicFiles.write(folder.file("trail.json"), trail);
        byte[] result = Json.pretty(report.json()).getBytes(StandardCharsets.UTF_8);
        AtomicFiles.write(folder.file("result.json"), result);
    }

    private void saveStates(List<ImageResult> images) {
        int elements = images.get(0).state().length;
        ImageShape shape = images.get(0).pixels().shape();
        float[] x = new float[Math.multiplyExact(images.size(), elements)];
        byte[] pixels = new byte[Math.multiplyExact(images.size(), shape.elements())];
        for (int i = 0; i < images.size(); i++) {
            System.arraycopy(images.get(i).state(), 0, x, i * elements, elements);
            System.arraycopy(images.get(i).pixels().pixels(), 0, pixels, i * shape.elements(), shape.elements());
        }
        ImageShape state = images.get(0).stateShape();
        Safetensors.writer()
                .put("x", x, images.size(), state.channels(), state.height(), state.width())
                .put("pixels", pixels, images.size(), shape.channels(), shape.height(), shape.width())
                .write(folder.file("final.safetensors"));
    }
}
