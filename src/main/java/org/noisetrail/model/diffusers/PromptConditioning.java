package org.noisetrail.model.diffusers;

import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.noisetrail.model.Conditioning;

/**
 * What prompts are to a UNet, on its device; owns its tensors.
 *
 * @param text float32 [entries, length, context]
 * @param pooled float32 [entries, pooled]; null for a network without sizes
 * @param sizes float32 [entries, 6]; likewise
 */
record PromptConditioning(
        Tensor text, @Nullable Tensor pooled, @Nullable Tensor sizes) implements Conditioning {
    @Override
    public int entries() {
        return Math.toIntExact(text.size(0));
    }

    @Override
    public void close() {
        text.close();
        if (pooled != null) {
            pooled.close();
        }
        if (sizes != null) {
            sizes.close();
        }
    }
}
