package org.noisetrail.report;

import java.awt.image.BufferedImage;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.noisetrail.files.AtomicFiles;
import org.noisetrail.files.FolderClaim;
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
    /** A run's, or a part's. */
    private static final Pattern RESULT = Pattern.compile("result(-\\d+-of-\\d+)?\\.json");

    /** What is made of all images, in the order in which an earlier run's are removed: after its results, before its images. */
    private static final List<String> SUMMARIES = List.of("trail.json", "grid.png", "final.safetensors");

    static final String IMAGES = "images";
    static final Pattern IMAGE = Pattern.compile("\\d{3,}\\.png");

    private final OutputFolder folder;
    private final Trail run;
    private final @Nullable String settings;
    private final Earlier earlier;
    private final String part;
    private final FolderClaim claim;

    private final Map<ImageRequest, Integer> places = new LinkedHashMap<>();
    private final List<Finished> finished = new ArrayList<>();
    private final @Nullable FinalStates states;
    private boolean begun;

    /** What becomes of the files that an earlier run has left. */
    public enum Earlier {
        /** If there are any, there is no run. */
        REFUSE,
        /** They go. */
        REMOVE,
        /** Images of the same settings stay, and are not drawn again. */
        KEEP
    }

    /**
     * What a run is to draw.
     *
     * @param trail the run's: finished images' recipes complete it
     * @param settings names all that images depend on besides; null where no later run may take them
     * @param part empty; where others draw the rest of a larger run into the same folder, what its own {@code result.json} is called by, such as {@code -3-of-16}
     */
    public record Run(
            List<ImageRequest> requests,
            Trail trail,
            @Nullable String settings,
            String part) {}

    /** A whole run, of whose images no later one knows. */
    public RunFiles(Path out, List<ImageRequest> requests, Trail run, boolean saveTensors, boolean overwrite) {
        this(out, new Run(requests, run, null, ""), overwrite ? Earlier.REMOVE : Earlier.REFUSE, saveTensors);
    }

    /**
     * A whole run that keeps nothing has the folder for itself until it is closed; parts, and runs that keep what is there, bear each other.
     *
     * @param out the folder; it is made if it is not there
     * @param saveTensors whether final.safetensors is written
     * @throws IllegalArgumentException if there are files of an earlier run that may neither stay nor go, or another run has the folder; if the folder is a file
     * @throws org.noisetrail.NoisetrailException if the folder cannot be written to, or a folder, a file or a link is in the way of a file
     */
    public RunFiles(Path out, Run run, Earlier earlier, boolean saveTensors) {
        folder = OutputFolder.open(out);
        this.run = run.trail();
        this.earlier = earlier;
        settings = run.settings();
        part = run.part();
        run.requests().forEach(request -> places.putIfAbsent(request, places.size()));
        // What a part, or a run that keeps images, writes is what another of the same run would, or has another name.
        claim = part.isEmpty() && earlier != Earlier.KEEP ? folder.claim() : folder.shared();
        try {
            look(saveTensors);
            states = saveTensors ? new FinalStates(folder) : null;
        } catch (RuntimeException e) {
            release();
            throw e;
        }
    }

    /** What is there: it is taken, or is in the way. */
    private void look(boolean saveTensors) {
        List<String> there = there();
        if (earlier == Earlier.REFUSE) {
            refuse(there);
        }
        Stream<String> first = places.keySet().stream().limit(1).map(Finished::file);
        Stream.concat(there.stream(), first).forEach(name -> folder.check(name, earlier == Earlier.REMOVE));
        if (earlier == Earlier.KEEP) {
            if (settings == null || saveTensors) {
                throw new IllegalArgumentException("images that are kept need settings, and have no final states");
            }
            finished.addAll(KeptImages.in(folder, List.copyOf(places.keySet()), run, settings));
        }
    }

    private void refuse(List<String> names) {
        if (!names.isEmpty()) {
            throw new IllegalArgumentException(folder.path() + " holds an earlier run's " + names.get(0)
                    + (names.size() > 1 ? " and " + (names.size() - 1) + " more" : "")
                    + ": give another --out, or --overwrite");
        }
    }

    /** What is still to be drawn, in the order asked for. */
    public List<ImageRequest> missing() {
        Set<ImageRequest> there = finished.stream().map(Finished::request).collect(Collectors.toSet());
        return places.keySet().stream()
                .filter(request -> !there.contains(request))
                .toList();
    }

    /** What an earlier run has left, of the names that this one may write. */
    private List<String> there() {
        if (!part.isEmpty()) {
            return Stream.concat(Stream.of(result()), places.keySet().stream().map(Finished::file))
                    .filter(folder::has)
                    .toList();
        }
        return Stream.of(
                        folder.names("").stream().filter(RESULT.asMatchPredicate()),
                        SUMMARIES.stream().filter(folder::has),
                        folder.names(IMAGES).stream()
                                .filter(IMAGE.asMatchPredicate())
                                .map(name -> IMAGES + "/" + name))
                .flatMap(names -> names)
                .toList();
    }

    private String result() {
        return "result" + part + ".json";
    }

    private void begin() {
        if (begun) {
            return;
        }
        List<String> there = there();
        if (earlier == Earlier.REFUSE) {
            // What a run has written since that takes no claim.
            refuse(there);
        }
        there.stream()
                // What stays belies nothing: its settings are the same, and a copy of this run that another machine
                // has finished may be killed with this one.
                .filter(name -> earlier == Earlier.REMOVE || name.equals("final.safetensors"))
                .forEach(folder::remove);
        begun = true;
    }

    /** A listener that tells this one and a display. */
    public SearchListener also(SearchListener display) {
        return new SearchListener() {
            @Override
            public void onStart(List<ImageRequest> images) {
                display.onStart(images);
            }

            @Override
            public void onProgress(Progress progress) {
                display.onProgress(progress);
            }

            @Override
            public void onStep(int step, List<ImageRequest> images, double[] rewards) {
                display.onStep(step, images, rewards);
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
            AtomicFiles.write(folder.file(summary.file()), Picture.png(run, image, kept(summary)));
            if (states != null) {
                states.add(image);
            }
            finished.add(summary);
        }
    }

    private Map<String, String> kept(Finished image) {
        return settings == null ? Map.of() : KeptImages.chunk(image, settings);
    }

    /** The images finished so far, in the order asked for. */
    public List<Finished> finished() {
        return finished.stream()
                .sorted(Comparator.comparingInt(image -> places.getOrDefault(image.request(), Integer.MAX_VALUE)))
                .toList();
    }

    /** Writes what is made of all images; {@code result.json} last, so that where it is, the rest is. A part of a run has that alone. */
    public void finish(Report report) {
        begin();
        if (part.isEmpty()) {
            summarise(report);
        }
        byte[] result = Json.pretty(report.json()).getBytes(StandardCharsets.UTF_8);
        AtomicFiles.write(folder.file(result()), result);
    }

    private void summarise(Report report) {
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
    }

    @Override
    public void close() {
        try {
            if (states != null) {
                states.close();
            }
        } finally {
            release();
        }
    }

    private void release() {
        claim.close();
    }
}
