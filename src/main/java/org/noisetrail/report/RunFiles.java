package org.noisetrail.report;

import java.awt.image.BufferedImage;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.noisetrail.files.AtomicFiles;
import org.noisetrail.files.Json;
import org.noisetrail.files.OutputFolder;
import org.noisetrail.search.ImageRequest;
import org.noisetrail.search.ImageResult;
import org.noisetrail.search.SearchListener;
import org.noisetrail.search.Trail;
import org.noisetrail.trace.Progress;

/**
 * The files of a run: each image when it is finished, the rest when the run has ended, however it did. They never stand beside those of an earlier
 * run: such are refused, or removed before the first file is written, {@code result.json} before the images that it names.
 */
public final class RunFiles implements SearchListener, AutoCloseable {
    /** In the order in which an earlier run's are removed; its images last. */
    private static final List<String> SUMMARIES = List.of("result.json", "trail.json", "grid.png", "final.safetensors");

    static final String IMAGES = "images";
    static final Pattern IMAGE = Pattern.compile("\\d{3,}\\.png");

    private final OutputFolder folder;
    private final Trail run;
    private final Map<ImageRequest, Integer> places = new HashMap<>();
    private final List<Finished> finished = new ArrayList<>();
    private final @Nullable FinalStates states;
    private boolean begun;

    /**
     * @param out the folder; it is made if it is not there
     * @param run the run's trail: finished images' recipes complete it
     * @param saveTensors whether final.safetensors is written
     * @param overwrite whether files of an earlier run may go
     * @throws IllegalArgumentException if there are such, and they may not; if the folder is a file
     * @throws org.noisetrail.NoisetrailException if the folder cannot be written to
     */
    public RunFiles(Path out, List<ImageRequest> requests, Trail run, boolean saveTensors, boolean overwrite) {
        folder = OutputFolder.open(out);
        List<String> earlier = earlier();
        if (!earlier.isEmpty() && !overwrite) {
            throw new IllegalArgumentException(folder.path() + " holds an earlier run's " + earlier.get(0)
                    + (earlier.size() > 1 ? " and " + (earlier.size() - 1) + " more" : "")
                    + ": give another --out, or --overwrite");
        }
        this.run = run;
        states = saveTensors ? new FinalStates(folder) : null;
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
            // Its pixels and its state leave memory here: there may be more of them than a heap holds.
            Finished summary = Finished.of(image);
            AtomicFiles.write(folder.file(summary.file()), Picture.png(run, image));
            if (states != null) {
                states.add(image);
            }
            finished.add(summary);
        }
    }

    /** The images finished so far, in the order asked for. */
    public List<Finished> finished() {
        return finished.stream()
                .sorted(Comparator.comparingInt(image -> places.getOrDefault(image.request(), Integer.MAX_VALUE)))
                .toList();
    }

    /** Writes what is made of all images; {@code result.json} last, so that where it is, the rest is. */
    public void finish(Report report) {
        begin();
        List<Finished> images = report.images();
        int conditions = (int)
                places.keySet().stream().map(ImageRequest::condition).distinct().count();
        BufferedImage sheet = Grid.draw(
                images.size(),
                i -> Png.read(folder.file(images.get(i).file())),
                Grid.columns(images.size(), conditions));
        AtomicFiles.write(folder.file("grid.png"), Png.encode(sheet, Map.of()));
        if (states != null) {
            states.write(images);
        }
        byte[] trail = (TrailFiles.of(run, images).toJson() + "\n").getBytes(StandardCharsets.UTF_8);
        AtomicFiles.write(folder.file("trail.json"), trail);
        byte[] result = Json.pretty(report.json()).getBytes(StandardCharsets.UTF_8);
        AtomicFiles.write(folder.file("result.json"), result);
    }

    @Override
    public void close() {
        if (states != null) {
            states.close();
        }
    }
}
