package org.noisetrail.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.noisetrail.NoisetrailException;
import org.noisetrail.files.AtomicFiles;
import org.noisetrail.search.ImageResult;
import org.noisetrail.search.Trail;

/** Trails in files of their own, and within pictures. */
public final class TrailFiles {
    /** The keyword of a picture's text chunk that holds its trail. */
    public static final String KEYWORD = "Trail";

    private TrailFiles() {}

    /**
     * @param file a trail, or a picture with one
     * @throws NoisetrailException if it is neither
     */
    public static Trail read(Path file) {
        try {
            if (Files.isRegularFile(file) && Png.isPng(file)) {
                String text = Png.text(file).get(KEYWORD);
                if (text == null) {
                    throw new NoisetrailException(
                            file + " is a picture without a trail: it was not written by generate");
                }
                return Trail.parse(file.toString(), text);
            }
        } catch (IOException e) {
            throw new NoisetrailException("cannot read " + file + ": " + AtomicFiles.reason(e), e);
        }
        return Trail.read(file);
    }

    /** The trail of some of a run's images. */
    public static Trail of(Trail run, List<ImageResult> images) {
        List<Trail.Entry> entries = images.stream()
                .map(image -> new Trail.Entry(image.request(), image.recipe()))
                .toList();
        return run.with(entries);
    }
}
