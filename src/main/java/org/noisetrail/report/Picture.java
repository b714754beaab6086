package org.noisetrail.report;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.noisetrail.search.ImageResult;
import org.noisetrail.search.Trail;

/** A finished image as a picture that says what it is: its text chunks hold its rewards and the trail that draws it again. */
public final class Picture {
    private Picture() {}

    /**
     * A PNG file's bytes.
     *
     * @param run the trail of the run that drew it, of whatever images
     * @throws IllegalArgumentException if the image has neither 1 nor 3 channels
     */
    public static byte[] png(Trail run, ImageResult image) {
        return png(run, image, Map.of());
    }

    /** @param more text chunks, besides */
    static byte[] png(Trail run, ImageResult image, Map<String, String> more) {
        Map<String, String> chunks = new LinkedHashMap<>();
        put(chunks, Certificate.REWARD, image.reward());
        put(chunks, Certificate.HELD_OUT, image.heldOut().orElse(Double.NaN));
        chunks.put(TrailFiles.KEYWORD, TrailFiles.chunk(TrailFiles.of(run, List.of(Finished.of(image)))));
        chunks.putAll(more);
        return Png.encode(image.pixels().toBufferedImage(), chunks);
    }

    private static void put(Map<String, String> chunks, String keyword, double value) {
        if (!Double.isNaN(value)) {
            chunks.put(keyword, Double.toString(value));
        }
    }
}
