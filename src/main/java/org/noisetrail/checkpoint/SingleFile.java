package org.noisetrail.checkpoint;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.noisetrail.NoisetrailException;
import org.noisetrail.files.Excerpt;

/**
 * A checkpoint of Stable Diffusion 1.x in one safetensors file, with the names of CompVis' latent-diffusion code: U-Net, autoencoder and text
 * encoder. What belongs to none of these ({@code alphas_cumprod}, {@code model_ema.*}, ...) is ignored. It has no configuration and no
 * tokenizer: those come from elsewhere. Immutable.
 */
final class SingleFile {
    private static final Map<Part, String> PREFIXES = Map.of(
            Part.UNET, "model.diffusion_model.",
            Part.VAE, "first_stage_model.",
            Part.TEXT_ENCODER, "cond_stage_model.transformer.");

    /** What begins so belongs to another kind of model. */
    private static final Map<String, String> OTHERS = Map.of(
            "conditioner.embedders.", "Stable Diffusion XL's",
            "cond_stage_model.model.", "Stable Diffusion 2's",
            "control_model.", "a ControlNet's",
            "model.diffusion_model.joint_blocks.", "SD3's",
            "model.diffusion_model.double_blocks.", "FLUX's",
            "double_blocks.", "FLUX's",
            "lora_", "a LoRA's");

    private static final String FIRST = "model.diffusion_model.input_blocks.0.0.weight";
    private static final String SUPPORTED = "a single file must hold Stable Diffusion 1.x";

    private final Safetensors file;

    private SingleFile(Safetensors file) {
        this.file = file;
    }

    /** @throws NoisetrailException if it is not sound, or holds another kind of model, which is named */
    public static SingleFile open(Path path) {
        Safetensors file = Safetensors.open(path);
        for (String name : file.entries().keySet()) {
            for (Map.Entry<String, String> other : OTHERS.entrySet()) {
                if (name.startsWith(other.getKey())) {
                    throw new NoisetrailException(path + ": its tensors are " + other.getValue() + " (\""
                            + Excerpt.of(name) + "\"): " + SUPPORTED);
                }
            }
        }
        for (Part part : List.of(Part.UNET, Part.VAE, Part.TEXT_ENCODER)) {
            String prefix = PREFIXES.get(part);
            if (file.entries().keySet().stream().noneMatch(name -> name.startsWith(prefix))) {
                throw new NoisetrailException(path + ": no tensor \"" + prefix + "...\": " + SUPPORTED
                        + ", with U-Net, autoencoder and text encoder");
            }
        }
        Safetensors.Entry first = file.entries().get(FIRST);
        if (first != null && first.shape().size() == 4 && first.shape().get(1) != 4) {
            throw new NoisetrailException(path + ": its U-Net takes "
                    + first.shape().get(1) + " channels" + (first.shape().get(1) == 9 ? " (inpainting)" : "") + ": "
                    + SUPPORTED + ", which takes 4");
        }
        return new SingleFile(file);
    }

    public Path file() {
        return file.file();
    }

    /**
     * One part's tensors, under diffusers' and transformers' names.
     *
     * @throws IllegalArgumentException if the file has no such part
     */
    public Weights weights(Part part, Weights.Storage storage) {
        String prefix = PREFIXES.get(part);
        if (prefix == null) {
            throw new IllegalArgumentException("part must be one of " + PREFIXES.keySet() + ": " + part);
        }
        Set<String> names = new LinkedHashSet<>();
        for (String name : file.entries().keySet()) {
            if (name.startsWith(prefix)) {
                names.add(name.substring(prefix.length()));
            }
        }
        int blocks = part == Part.UNET ? LdmNames.layers(names) : LdmNames.levels(names);
        Map<String, FileWeights.Place> places = new LinkedHashMap<>();
        for (String name : names) {
            String renamed = switch (part) {
                case UNET -> LdmNames.unet(name, blocks);
                case VAE -> LdmNames.vae(name, blocks);
                default -> name;
            };
            part.put(places, file, prefix + name, part.canonical(renamed));
        }
        return new FileWeights(file.file().toString(), places, storage);
    }
}
