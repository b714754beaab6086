package org.noisetrail.model.diffusers;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.noisetrail.model.clip.ClipText;
import org.noisetrail.model.clip.ClipTokenizer;

/**
 * A text encoder with its tokenizer. Owns its networks.
 *
 * @param plain for what guidance moves away from, from which diffusers leaves no layer out; null where prompts have none left out either
 */
record TextTower(
        ClipTokenizer tokenizer, ClipText prompts, @Nullable ClipText plain) implements AutoCloseable {
    /** @param negative whether the texts are what guidance moves away from */
    ClipText.Encoded encode(List<String> texts, boolean negative) {
        return (negative && plain != null ? plain : prompts).encode(tokenizer.padded(texts, "prompt"), texts.size());
    }

    @Override
    public void close() {
        prompts.close();
        if (plain != null) {
            plain.close();
        }
    }
}
