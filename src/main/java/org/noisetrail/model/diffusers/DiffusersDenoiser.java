package org.noisetrail.model.diffusers;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.noisetrail.checkpoint.Digest;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Condition;
import org.noisetrail.model.Conditioning;
import org.noisetrail.model.Denoiser;
import org.noisetrail.model.DiscreteNoise;
import org.noisetrail.model.ImageShape;
import org.noisetrail.model.Inputs;
import org.noisetrail.model.Parameterisation;
import org.noisetrail.torch.Torch;

/** Stable Diffusion's denoiser: a UNet on latents, told of prompts by text encoders. Owns both. */
final class DiffusersDenoiser implements Denoiser {
    private final Digest id;
    private final ImageShape shape;
    private final Device device;
    private final DiscreteNoise noise;
    private final UNet network;
    private final PromptEncoder encoder;

    /**
     * @param id of all its parts, and of how they are asked
     * @param shape of a latent
     */
    DiffusersDenoiser(
            Digest id, ImageShape shape, Device device, DiscreteNoise noise, UNet network, PromptEncoder encoder) {
        this.id = id;
        this.shape = shape;
        this.device = device;
        this.noise = noise;
        this.network = network;
        this.encoder = encoder;
    }

    @Override
    public String id() {
        return id.value();
    }

    @Override
    public ImageShape shape() {
        return shape;
    }

    @Override
    public Device device() {
        return device;
    }

    @Override
    public Parameterisation parameterisation() {
        return noise;
    }

    @Override
    public void check(Condition condition) {
        PromptEncoder.check(condition);
    }

    @Override
    public Conditioning encode(List<Condition> conditions) {
        return encoder.encode(conditions);
    }

    @Override
    public Tensor network(Tensor input, Tensor level, Conditioning conditions, Tensor entries) {
        Inputs.check(this, input, level, entries);
        if (!(conditions instanceof PromptConditioning prompts)) {
            throw new IllegalArgumentException("conditions must be of this denoiser's encode");
        }
        // Of many rows of few texts the network makes keys and values once a text.
        if (prompts.entries() < entries.size(0)) {
            return network(input, level, prompts, prompts.text(), entries, entries);
        }
        try (Tensor text = rows(prompts.text(), entries)) {
            return network(input, level, prompts, text, null, entries);
        }
    }

    /** @param texts of each row, among the text's entries; null where each row has its own */
    private Tensor network(
            Tensor input,
            Tensor level,
            PromptConditioning prompts,
            Tensor text,
            @Nullable Tensor texts,
            Tensor entries) {
        if (prompts.pooled() == null || prompts.sizes() == null) {
            return network.forward(input, level, text, texts);
        }
        try (Tensor pooled = rows(prompts.pooled(), entries);
                Tensor sizes = rows(prompts.sizes(), entries)) {
            return network.forward(input, level, text, texts, pooled, sizes);
        }
    }

    private static Tensor rows(Tensor all, Tensor entries) {
        return Torch.call(() -> all.index_select(0, entries));
    }

    @Override
    public void close() {
        network.close();
        encoder.close();
    }
}
