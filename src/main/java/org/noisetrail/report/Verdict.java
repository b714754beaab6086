package org.noisetrail.report;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.noisetrail.files.Numbers;

/**
 * Whether a picture is what it claims.
 *
 * @param pixels null where they could not be drawn again
 * @param reward null where none is claimed, or nothing could be found
 * @param heldOut likewise
 * @param differences each a clause that says what is not as claimed; none: all holds
 */
public record Verdict(
        Path file,
        @Nullable Pixels pixels,
        @Nullable Score reward,
        @Nullable Score heldOut,
        List<String> differences) {
    /**
     * @param values of the picture: channels x height x width
     * @param different how many of them are others
     * @param levels the most by which one is, of 255
     */
    public record Pixels(int values, int different, int levels) {}

    /** @param name of the reward */
    public record Score(String name, double claimed, double found) {}

    public Verdict {
        differences = List.copyOf(differences);
    }

    /** Of a picture of which nothing could be found. */
    public static Verdict no(Path file, String difference) {
        return new Verdict(file, null, null, null, List.of(difference));
    }

    /** Whether all is as claimed. */
    public boolean holds() {
        return differences.isEmpty();
    }

    /** In a line. */
    public String text() {
        if (!holds()) {
            return file + ": no: " + String.join("; ", differences);
        }
        List<String> words = new ArrayList<>();
        if (pixels != null) {
            words.add(
                    pixels.different() == 0
                            ? "all " + pixels.values() + " values as claimed"
                            : pixels.different() + " of " + pixels.values() + " values within " + pixels.levels()
                                    + " levels");
        }
        for (Score score : new Score[] {reward, heldOut}) {
            if (score != null) {
                words.add(score.name() + " " + Numbers.score(score.found()));
            }
        }
        return file + ": yes: " + String.join(", ", words);
    }

    /** For {@code --json}. */
    public Map<String, @Nullable Object> json() {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("file", file.toString());
        json.put("holds", holds());
        json.put("differences", differences);
        if (pixels != null) {
            json.put(
                    "pixels",
                    Map.of("values", pixels.values(), "different", pixels.different(), "levels", pixels.levels()));
        }
        json.put("reward", json(reward));
        json.put("heldOut", json(heldOut));
        return json;
    }

    private static @Nullable Map<String, @Nullable Object> json(@Nullable Score score) {
        if (score == null) {
            return null;
        }
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("name", score.name());
        json.put("claimed", Numbers.orNull(score.claimed()));
        json.put("found", Numbers.orNull(score.found()));
        return json;
    }
}
