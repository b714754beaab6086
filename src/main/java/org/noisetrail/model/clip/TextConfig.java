package org.noisetrail.model.clip;

import org.noisetrail.NoisetrailException;
import org.noisetrail.checkpoint.ConfigFile;

/**
 * CLIP's text network, as {@code config.json} describes it; keys have the defaults of transformers' {@code CLIPTextConfig}.
 *
 * @param file where it was read, for messages
 * @param end the id whose first place gives the pooled output; 2, which no text has, stands for the highest id of each text
 * @param projection width of the text's embedding; 0 for a network without
 */
record TextConfig(String file, TransformerConfig transformer, int vocabulary, int positions, int end, int projection) {
    static final int HIGHEST_ID = 2;

    private static final TransformerConfig DEFAULTS = new TransformerConfig(512, 2048, 12, 8, true, 1e-5);

    /** @param projection width of the text's embedding; 0 for a network without */
    static TextConfig read(ConfigFile config, int projection) {
        return new TextConfig(
                config.file(),
                TransformerConfig.read(config, DEFAULTS),
                config.integer("vocab_size", 49408, 1, 1 << 24),
                config.integer("max_position_embeddings", 77, 1, 1 << 16),
                config.integer("eos_token_id", 49407, 0, 1 << 24),
                projection);
    }

    /** @throws NoisetrailException if the network cannot take every id of the tokenizer, or not a text of its full length */
    void check(ClipTokenizer tokenizer) {
        if (tokenizer.length() > positions) {
            throw new NoisetrailException(file + ": max_position_embeddings must be >= " + tokenizer.length()
                    + ", the tokenizer's model_max_length: " + positions);
        }
        if (tokenizer.vocabulary() > vocabulary) {
            throw new NoisetrailException(file + ": vocab_size must be > " + (tokenizer.vocabulary() - 1)
                    + ", the tokenizer's highest id: " + vocabulary);
        }
    }
}
