package org.noisetrail.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.noisetrail.NoisetrailException;
import org.noisetrail.files.Excerpt;

/**
 * A diffusers folder's {@code model_index.json}: which pipeline it is, and the classes of its parts. Immutable.
 *
 * @param xl whether it is Stable Diffusion XL, with two text encoders, instead of 1.x or 2.x
 * @param parts class by part, such as {@code unet} to {@code UNet2DConditionModel}; without those that the file has as null
 * @param zerosForEmptyPrompt whether no negative prompt is an embedding of zeros, instead of that of the empty text
 */
public record ModelIndex(boolean xl, Map<String, String> parts, boolean zerosForEmptyPrompt) {
    public static final String FILE = "model_index.json";

    private static final String SUPPORTED =
            "supported are StableDiffusionPipeline (1.x and 2.x) and StableDiffusionXLPipeline";

    private static final String ENCODER = "text_encoder";
    private static final String TOKENIZER = "tokenizer";

    /** The parts an image is drawn with, the classes they may have, and the file each must have. */
    private record Part(String name, String file, List<String> classes) {
        Part(String name, String file, String... classes) {
            this(name, file, List.of(classes));
        }
    }

    private static final List<Part> PARTS = List.of(
            new Part("unet", "config.json", "UNet2DConditionModel"),
            new Part("vae", "config.json", "AutoencoderKL"),
            new Part(ENCODER, "config.json", "CLIPTextModel"),
            new Part(TOKENIZER, "vocab.json", "CLIPTokenizer", "CLIPTokenizerFast"));

    private static final List<Part> XL_PARTS = List.of(
            new Part(ENCODER + "_2", "config.json", "CLIPTextModelWithProjection"),
            new Part(TOKENIZER + "_2", "vocab.json", "CLIPTokenizer", "CLIPTokenizerFast"));

    public ModelIndex {
        parts = Map.copyOf(parts);
    }

    /**
     * Reads the file, and looks for the files of every part.
     *
     * @throws NoisetrailException of one line, if it is broken, names a pipeline or a class that is not supported, or a part is missing
     */
    public static ModelIndex read(ModelFiles files) {
        ConfigFile keys = ConfigFile.read(files, FILE);
        String pipeline = keys.node("_class_name").asText();
        boolean xl = pipeline.equals("StableDiffusionXLPipeline");
        if (!xl && !pipeline.equals("StableDiffusionPipeline")) {
            throw new NoisetrailException(keys.file() + ": " + named(pipeline) + " is not supported: " + SUPPORTED);
        }
        Map<String, String> parts = new LinkedHashMap<>();
        for (String key : keys.keys()) {
            JsonNode node = keys.node(key);
            if (node.isArray() && node.size() == 2 && node.get(1).isTextual()) {
                parts.put(key, node.get(1).textValue());
            }
        }
        PARTS.forEach(part -> require(files, keys, part, parts));
        if (xl) {
            XL_PARTS.forEach(part -> require(files, keys, part, parts));
        }
        if (!files.has(SchedulerConfig.FILE)) {
            throw new NoisetrailException(files.path(SchedulerConfig.FILE) + " is missing");
        }
        return new ModelIndex(xl, parts, keys.flag("force_zeros_for_empty_prompt", xl));
    }

    private static void require(ModelFiles files, ConfigFile keys, Part part, Map<String, String> parts) {
        String type = parts.get(part.name);
        if (type == null) {
            throw new NoisetrailException(keys.file() + ": part " + part.name + " is missing");
        }
        if (!part.classes.contains(type)) {
            throw keys.wrong(part.name, String.join(" or ", part.classes));
        }
        String file = part.name + "/" + part.file;
        if (!files.has(file)) {
            throw new NoisetrailException(files.path(file) + " is missing");
        }
    }

    /** What a folder without the files of any model is, if that can be told: one sentence for a message; null if not. */
    public static @Nullable String describe(ModelFiles files) {
        for (String part : List.of("", "unet/", "transformer/", "vae/")) {
            if (files.has(part + "config.json")) {
                String type = ConfigFile.read(files, part + "config.json")
                        .node("_class_name")
                        .asText();
                if (!type.isEmpty()) {
                    return "it has " + Excerpt.of(type) + " in " + part + "config.json, but no " + FILE;
                }
            }
        }
        for (String name : files.list("")) {
            if (isPickle(name)) {
                return pickle(Excerpt.of(name));
            }
        }
        return null;
    }

    /** Whether a file's name is one that Python's pickles have. */
    static boolean isPickle(String name) {
        return name.matches("(?i).*\\.(ckpt|bin|pth|pkl|pickle)");
    }

    static String pickle(String name) {
        return name + " is a pickle, which is code that runs when it is read: convert it to safetensors";
    }

    private static String named(String pipeline) {
        String family;
        if (pipeline.startsWith("Flux")) {
            family = "FLUX";
        } else if (pipeline.startsWith("StableDiffusion3")) {
            family = "Stable Diffusion 3";
        } else if (pipeline.contains("ControlNet")) {
            family = "ControlNet";
        } else if (pipeline.contains("Inpaint")) {
            family = "inpainting";
        } else if (pipeline.startsWith("DiT")) {
            family = "DiT";
        } else if (pipeline.startsWith("LatentConsistency")) {
            family = "a latent consistency model";
        } else if (pipeline.isEmpty()) {
            return "a pipeline without _class_name";
        } else {
            return Excerpt.of(pipeline);
        }
        return family + " (" + Excerpt.of(pipeline) + ")";
    }
}
