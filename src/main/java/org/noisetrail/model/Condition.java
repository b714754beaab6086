package org.noisetrail.model;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What an image is asked to be. Immutable. */
public sealed interface Condition {
    /** Nothing is asked. */
    Condition NONE = new None();

    /** Nothing is asked: what an unconditional model draws. The library's models of classes, and of prompts, refuse it. */
    record None() implements Condition {
        @Override
        public String toString() {
            return "none";
        }
    }

    /**
     * A class.
     *
     * @param label from 0
     */
    record Label(int label) implements Condition {
        public Label {
            if (label < 0) {
                throw new IllegalArgumentException("class must be >= 0: " + label);
            }
        }

        @Override
        public String toString() {
            return "class " + label;
        }
    }

    /**
     * A text.
     *
     * @param negative what guidance moves away from; null for none, which is not always the same as an empty text (SDXL)
     */
    record Prompt(String text, @Nullable String negative) implements Condition {
        /** @throws IllegalArgumentException if one of them has half a surrogate pair */
        public Prompt {
            requireWhole("prompt", Objects.requireNonNull(text, "text"));
            requireWhole("negative prompt", negative);
        }

        /** Half a character has no UTF-8: files would say another text than was drawn. */
        private static void requireWhole(String what, @Nullable String text) {
            for (int i = 0; text != null && i < text.length(); i += Character.charCount(text.codePointAt(i))) {
                if (Character.getType(text.codePointAt(i)) == Character.SURROGATE) {
                    throw new IllegalArgumentException(
                            what + " must be of whole characters: half of one, at " + i + " of " + text.length());
                }
            }
        }

        /** A text without a negative. */
        public Prompt(String text) {
            this(text, null);
        }

        @Override
        public String toString() {
            return "prompt \"" + text + "\"" + (negative == null ? "" : ", negative \"" + negative + "\"");
        }
    }

    /** The text that {@link Guided} moves away from; null where the prompt came without one. Not asked for by users. */
    record Negative(@Nullable String text) implements Condition {}

    /**
     * A class.
     *
     * @throws IllegalArgumentException if it is below 0
     */
    static Condition label(int label) {
        return new Label(label);
    }

    /** A text without a negative. */
    static Condition prompt(String text) {
        return new Prompt(text);
    }
}
