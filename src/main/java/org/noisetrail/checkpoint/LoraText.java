package org.noisetrail.checkpoint;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * {@code FILE[:SCALE]}, as a LoRA is asked for.
 *
 * @param file its path, with or without folders
 * @param scale as it was written; empty where none was
 */
public record LoraText(String file, String scale) {
    private static final Pattern SCALED =
            Pattern.compile("(.+):([+-]?(?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][+-]?\\d+)?)", Pattern.DOTALL);

    /** Any text is one: what is no scale is of the file's name. */
    public static LoraText parse(String fileAndScale) {
        Matcher scaled = SCALED.matcher(fileAndScale);
        return scaled.matches() ? new LoraText(scaled.group(1), scaled.group(2)) : new LoraText(fileAndScale, "");
    }

    /** What all changes are multiplied with: 1 where nothing was said. May be infinite. */
    public double factor() {
        return scale.isEmpty() ? 1 : Double.parseDouble(scale);
    }

    /** The same without the file's folders, which are nobody's business. */
    public LoraText withoutFolder() {
        return new LoraText(file.substring(file.lastIndexOf('/') + 1), scale);
    }

    /** The same file, scaled otherwise. */
    public LoraText withScale(String other) {
        return new LoraText(file, other);
    }

    /**
     * Whether this, which somebody gives, can be what was drawn with: the file is of the same name, wherever it lies, and scaled alike, if a scale is given. What the file holds is for
     * the model's name to say.
     */
    public boolean canBe(LoraText drawn) {
        return withoutFolder().file.equals(drawn.withoutFolder().file)
                && (scale.isEmpty() || Double.compare(factor(), drawn.factor()) == 0);
    }

    /** In the form that {@link #parse} reads. */
    @Override
    public String toString() {
        return scale.isEmpty() ? file : file + ":" + scale;
    }
}
