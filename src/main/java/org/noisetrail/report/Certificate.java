package org.noisetrail.report;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.noisetrail.NoisetrailException;
import org.noisetrail.files.Excerpt;
import org.noisetrail.files.OutputFolder;
import org.noisetrail.files.PngFile;
import org.noisetrail.reward.Image;
import org.noisetrail.search.Trail;

/**
 * What a picture claims of itself: that its trail draws these pixels, and that these are the rewards of them. {@link Verification} says whether it is so.
 *
 * @param trail of this one image
 * @param reward of the searched reward; NaN where none is claimed
 * @param heldOut of the held-out one, likewise
 */
public record Certificate(Path file, Trail trail, Image pixels, double reward, double heldOut) {
    static final String REWARD = "Reward";
    static final String HELD_OUT = "Held-out";
    /** When it was last changed: the one chunk of the standard's that changes nothing. */
    private static final String TIME = "tIME";

    /**
     * The pictures of a folder that a run has written, by name; a file alone. Nothing is written.
     *
     * @throws NoisetrailException if the folder has none
     */
    public static List<Path> pictures(Path pictureOrFolder) {
        if (!Files.isDirectory(pictureOrFolder)) {
            return List.of(pictureOrFolder);
        }
        List<Path> pictures = OutputFolder.reading(pictureOrFolder).names(RunFiles.IMAGES).stream()
                .filter(RunFiles.IMAGE.asMatchPredicate())
                .map(name -> pictureOrFolder.resolve(RunFiles.IMAGES).resolve(name))
                .toList();
        if (pictures.isEmpty()) {
            throw new NoisetrailException(
                    pictureOrFolder + " holds no pictures: a run writes them to " + RunFiles.IMAGES + "/NNN.png");
        }
        return pictures;
    }

    /**
     * @param picture that {@code generate} wrote
     * @throws NoisetrailException if it is another, or broken, or if its file has more than what shows its pixels
     */
    public static Certificate read(Path picture) {
        PngFile head = Png.head(picture);
        requirePlain(picture, head);
        return new Certificate(
                picture,
                trail(picture, head),
                Png.read(picture, head),
                claim(picture, head.texts(), REWARD),
                claim(picture, head.texts(), HELD_OUT));
    }

    /**
     * The trail that it carries; its pixels stay packed.
     *
     * @throws NoisetrailException if it is no picture, or has not the trail of one image
     */
    public static Trail trail(Path picture) {
        return trail(picture, Png.head(picture));
    }

    static Trail trail(Path picture, PngFile head) {
        Trail trail = TrailFiles.of(picture, head);
        if (trail.images().size() != 1) {
            throw new NoisetrailException(picture + " must have the trail of one image: it has that of "
                    + trail.images().size());
        }
        return trail;
    }

    /** A viewer may show an animation in the pixels' place, or the pixels in other colours or another shape. */
    private static void requirePlain(Path picture, PngFile head) {
        List<String> others =
                head.others().stream().filter(type -> !type.equals(TIME)).toList();
        if (!others.isEmpty()) {
            throw new NoisetrailException(picture + " must have pixels and texts alone to be certified: it has chunks "
                    + String.join(", ", others) + ", which may change what is shown");
        }
    }

    private static double claim(Path picture, List<PngFile.Text> texts, String keyword) {
        List<String> claims = texts.stream()
                .filter(text -> text.keyword().equals(keyword))
                .map(PngFile.Text::value)
                .toList();
        if (claims.size() > 1) {
            throw new NoisetrailException(picture + " must claim one " + keyword + ": it claims " + claims.size());
        }
        try {
            return claims.isEmpty() ? Double.NaN : Double.parseDouble(claims.get(0));
        } catch (NumberFormatException e) {
            throw new NoisetrailException(
                    picture + " must claim a number as " + keyword + ": " + Excerpt.of(claims.get(0)), e);
        }
    }
}
