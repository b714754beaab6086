package org.noisetrail.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.noisetrail.NoisetrailException;
import org.noisetrail.files.AtomicFiles;
import org.noisetrail.files.PngFile;
import org.noisetrail.search.Trail;

/** Trails in files of their own, and within pictures. */
public final class TrailFiles {
    /** The keyword of a picture's text chunk that holds its trail. */
    public static final String KEYWORD = "Trail";

    private TrailFiles() {}

    /**
     * @param file a trail, or a picture with one
     * @throws NoisetrailException if it is neither, the picture is broken, or it has two trails
     */
    public static Trail read(Path file) {
        if (Files.isDirectory(file)) {
            throw new NoisetrailException(
                    file + " is a folder: give its trail.json, or one of its pictures (images/000.png)");
        }
        try {
            if (Files.isRegularFile(file) && Png.isPng(file)) {
                return of(file, PngFile.read(file));
            }
        } catch (IOException e) {
            throw new NoisetrailException("cannot read " + file + ": " + AtomicFiles.reason(e), e);
        }
        return Trail.read(file);
    }

    /** @throws NoisetrailException if the picture has no trail, two, or one that is not sound */
    static Trail of(Path file, PngFile picture) {
        List<String> trails = picture.texts().stream()
                .filter(text -> text.keyword().equals(KEYWORD))
                .map(PngFile.Text::value)
                .toList();
        if (trails.isEmpty()) {
            throw new NoisetrailException(file + " is a picture without a trail: it was not written by generate");
        }
        if (trails.size() > 1) {
            throw new NoisetrailException(file + " must have one trail: it has " + trails.size());
        }
        return Trail.parse(file.toString(), trails.get(0));
    }

    /** The trail of some of a run's images. */
    static Trail of(Trail run, List<Finished> images) {
        return run.with(images.stream()
                .map(image -> new Trail.Entry(image.request(), image.recipe()))
                .toList());
    }

    /** A trail as a picture's text chunk holds it: in ASCII, whatever its prompts are written in. */
    static String chunk(Trail trail) {
        return ascii(trail.toJson());
    }

    /** JSON as a picture's text chunk holds it. */
    static String ascii(String json) {
        StringBuilder ascii = new StringBuilder();
        json.chars().forEach(c -> {
            // Only strings hold other characters, and there JSON takes them as escapes.
            if (c < 0x7f) {
                ascii.append((char) c);
            } else {
                ascii.append(String.format(Locale.ROOT, "\\u%04x", c));
            }
        });
        return ascii.toString();
    }
}
