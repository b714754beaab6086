package org.noisetrail.model.diffusers;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Condition;
import org.noisetrail.model.clip.ClipText;
import org.noisetrail.torch.Tensors;
import org.noisetrail.torch.Torch;
import org.noisetrail.torch.Unfinished;

/** Makes of prompts what a UNet takes: the hidden states of one text encoder, or of SDXL's two beside each other with the pooled embedding of the second. */
final class PromptEncoder implements AutoCloseable {
    private final List<TextTower> towers;
    private final boolean zeros;
    private final float @Nullable [] sizes;
    private final Device device;

    /**
     * @param zeros whether no negative prompt is zeros, instead of the embedding of an empty text
     * @param sizes the six numbers of SDXL's images; null for a network without
     */
    PromptEncoder(List<TextTower> towers, boolean zeros, float @Nullable [] sizes, Device device) {
        this.towers = List.copyOf(towers);
        this.zeros = zeros;
        this.sizes = sizes;
        this.device = device;
    }

    /** Channels of the hidden states. */
    int width() {
        return towers.stream().mapToInt(tower -> tower.prompts().width()).sum();
    }

    /** Channels of the pooled embedding, where there is one. */
    int pooled() {
        return towers.get(towers.size() - 1).prompts().projection();
    }

    static void check(Condition condition) {
        if (!(condition instanceof Condition.Prompt || condition instanceof Condition.Negative)) {
            throw new IllegalArgumentException("the model draws prompts, so each image needs one: " + condition);
        }
    }

    PromptConditioning encode(List<Condition> conditions) {
        List<Tensor> texts = new ArrayList<>();
        List<Tensor> pooled = new ArrayList<>();
        // The images of a wave often share a prompt, and nearly always the negative.
        List<Condition> distinct = conditions.stream().distinct().toList();
        List<Integer> at = conditions.stream().map(distinct::indexOf).toList();
        try (Unfinished made = new Unfinished()) {
            for (Condition condition : distinct) {
                check(condition);
                encode(condition, texts, pooled);
            }
            Tensor whole = made.add(Tensors.cat(at.stream().map(texts::get).toList(), 0));
            Tensor vectors = pooled.isEmpty()
                    ? null
                    : made.add(Tensors.cat(at.stream().map(pooled::get).toList(), 0));
            return made.finish(new PromptConditioning(whole, vectors, sizes(conditions.size())));
        } finally {
            texts.forEach(Tensor::close);
            pooled.forEach(Tensor::close);
        }
    }

    /** One text at a time: encoding is done once a wave, and a text's bits then depend on nothing else. */
    private void encode(Condition condition, List<Tensor> texts, List<Tensor> pooled) {
        boolean negative = condition instanceof Condition.Negative;
        String text = condition instanceof Condition.Prompt prompt ? prompt.text() : null;
        if (condition instanceof Condition.Negative other) {
            text = other.text();
        }
        boolean nothing = text == null && zeros;
        List<Tensor> hidden = new ArrayList<>();
        try {
            for (TextTower tower : towers) {
                try (ClipText.Encoded encoded = tower.encode(List.of(text == null ? "" : text), negative)) {
                    hidden.add(copy(encoded.hidden(), nothing));
                    if (sizes != null && tower == towers.get(towers.size() - 1) && encoded.textEmbeds() != null) {
                        pooled.add(copy(encoded.textEmbeds(), nothing));
                    }
                }
            }
            texts.add(Tensors.cat(hidden, 2));
        } finally {
            hidden.forEach(Tensor::close);
        }
    }

    @SuppressWarnings("CheckReturnValue")
    private static Tensor copy(Tensor values, boolean zeroed) {
        return Torch.call(() -> {
            Tensor copy = values.clone();
            if (zeroed) {
                copy.zero_();
            }
            return copy;
        });
    }

    private @Nullable Tensor sizes(int rows) {
        if (sizes == null) {
            return null;
        }
        float[] all = new float[rows * sizes.length];
        for (int i = 0; i < all.length; i++) {
            all[i] = sizes[i % sizes.length];
        }
        return Tensors.of(device, all, rows, sizes.length);
    }

    @Override
    public void close() {
        towers.forEach(TextTower::close);
    }
}
