package org.noisetrail.files;

/** Text that is not ours, in messages: one line, printable, not long. */
public final class Excerpt {
    /** Characters of a value that a message shows. */
    public static final int LENGTH = 200;

    private static final int NAMES = 8;

    private Excerpt() {}

    /** At most {@link #LENGTH} characters; what a terminal would not print, or obey, is shown as an escape such as <code>\n</code>. */
    public static String of(String text) {
        return of(text, LENGTH);
    }

    /** @param length the most characters of the text that are shown, >= 1 */
    public static String of(String text, int length) {
        if (length < 1) {
            throw new IllegalArgumentException("length must be >= 1: " + length);
        }
        StringBuilder shown = new StringBuilder(Math.min(text.length(), length) + 16);
        for (int at = 0; at < text.length(); ) {
            int point = text.codePointAt(at);
            at += Character.charCount(point);
            if (at > length) {
                return shown.append("...").toString();
            }
            append(shown, point);
        }
        return shown.toString();
    }

    /** The first few, and how many more there are; {@code none} where there are none. */
    public static String list(Iterable<String> names) {
        StringBuilder text = new StringBuilder();
        int count = 0;
        for (String name : names) {
            if (count < NAMES) {
                text.append(count > 0 ? ", " : "").append(of(name));
            }
            count++;
        }
        return count == 0 ? "none" : count > NAMES ? text + " and " + (count - NAMES) + " more" : text.toString();
    }

    private static void append(StringBuilder shown, int point) {
        switch (point) {
            case '\n' -> shown.append("\\n");
            case '\r' -> shown.append("\\r");
            case '\t' -> shown.append("\\t");
            default -> {
                if (isPrintable(point)) {
                    shown.appendCodePoint(point);
                } else {
                    String digits = Integer.toHexString(point);
                    shown.append("\\u")
                            .append("0".repeat(Math.max(0, 4 - digits.length())))
                            .append(digits);
                }
            }
        }
    }

    /** Not control characters, those that change a line's direction, halves of pairs, or what ends a line. */
    private static boolean isPrintable(int point) {
        return switch (Character.getType(point)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.PRIVATE_USE,
                    Character.UNASSIGNED,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR -> false;
            default -> true;
        };
    }
}
