package org.noisetrail.model.diffusers;

import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.noisetrail.model.clip.ClipText;
import org.noisetrail.model.clip.ClipTokenizer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A text encoder with its tokenizer. Owns its networks.
 *
 * @param plain for what guidance moves away from, from which diffusers leaves no layer out; null where prompts have none left out either
 */
record TextTower(
        String name,
        ClipTokenizer tokenizer,
        ClipText prompts,
        @Nullable ClipText plain) implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(TextTower.class);
    private static final int REPORTED_AT_MOST = 10_000;
    private static final Set<String> REPORTED = ConcurrentHashMap.newKeySet();

    /** @param negative whether the texts are what guidance moves away from */
    ClipText.Encoded encode(List<String> texts, boolean negative) {
        long[] ids = new long[Math.multiplyExact(texts.size(), tokenizer.length())];
        for (int i = 0; i < texts.size(); i++) {
            ClipTokenizer.Tokens tokens = tokenizer.encode(texts.get(i));
            if (!tokens.cut().isEmpty() && REPORTED.size() < REPORTED_AT_MOST && REPORTED.add(texts.get(i))) {
                LOG.warn(
                        "the prompt is longer than the {} tokens that {} reads; left out: {}",
                        tokenizer.length(),
                        name,
                        tokens.cut());
            }
            System.arraycopy(tokenizer.padded(tokens), 0, ids, i * tokenizer.length(), tokenizer.length());
        }
        return (negative && plain != null ? plain : prompts).encode(ids, texts.size());
    }

    @Override
    public void close() {
        prompts.close();
        if (plain != null) {
            plain.close();
        }
    }
}
