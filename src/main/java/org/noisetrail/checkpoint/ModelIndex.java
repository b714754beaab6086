package org.noisetrail.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.noisetrail.NoisetrailException;
import org.noisetrail.files.Excerpt;

/**
 * A diffusers folder as its {@code model_index.json} describes it: which pipeline it is, and the classes of its parts. Immutable.
 *
 * @param xl whether it is Stable Diffusion XL, with two text encoders, instead of 1.x or 2.x
 * @param parts class by part, such as {@code unet} to {@code UNet2DConditionModel}; without those that the file has as null
 * @param zerosForEmptyPrompt whether no negative prompt is an embedding of zeros, instead of that of the empty text
 */
public record ModelIndex(boolean xl, Map<String, String> parts, boolean zerosForEmptyPrompt) {
    public static final String FILE = "model_index.json";

    private static final String STABLE_DIFFUSION = "StableDiffusionPipeline";
    private static final String STABLE_DIFFUSION_XL = "StableDiffusionXLPipeline";

    private static final String SUPPORTED =
            "supported are " + STABLE_DIFFUSION + " (1.x and 2.x) and " + STABLE_DIFFUSION_XL;

    private static final String CONFIG = "config.json";

    /** A part that an image is drawn with: the classes it may have, any if there are none, and the files it must have. */
    private record Wanted(String name, List<String> classes, List<String> files) {}

    private static final List<String> TOKENIZERS = List.of("CLIPTokenizer", "CLIPTokenizerFast");
    private static final List<String> TOKENIZER_FILES = List.of("vocab.json", "merges.txt");
    private static final List<Wanted> PARTS = List.of(
            new Wanted("unet", List.of("UNet2DConditionModel"), List.of(CONFIG)),
            new Wanted("vae", List.of("AutoencoderKL"), List.of(CONFIG)),
            new Wanted("text_encoder", List.of("CLIPTextModel"), List.of(CONFIG)),
            new Wanted("tokenizer", TOKENIZERS, TOKENIZER_FILES),
            new Wanted("scheduler", List.of(), List.of("scheduler_config.json")));
    private static final List<Wanted> XL_PARTS = List.of(
            new Wanted("text_encoder_2", List.of("CLIPTextModelWithProjection"), List.of(CONFIG)),
            new Wanted("tokenizer_2", TOKENIZERS, TOKENIZER_FILES));

    /** What pipelines are for whose class has a word in its name; the first that fits. */
    private static final Map<String, String> FAMILIES = families();

    public ModelIndex {
        parts = Map.copyOf(parts);
    }

    private static Map<String, String> families() {
        Map<String, String> families = new LinkedHashMap<>();
        families.put("ControlNet", "ControlNet");
        families.put("Adapter", "an adapter");
        families.put("Inpaint", "inpainting");
        families.put("Pix2Pix", "image editing");
        families.put("Img2Img", "image to image");
        families.put("Upscale", "upscaling");
        families.put("Depth2Img", "depth to image");
        families.put("LatentConsistency", "a latent consistency model");
        families.put("StableDiffusion3", "Stable Diffusion 3");
        families.put("Flux", "FLUX");
        families.put("PixArt", "PixArt");
        families.put("DiT", "DiT");
        return families;
    }

    /**
     * Reads the file, and looks for what every part needs, except weights.
     *
     * @throws NoisetrailException of one line, if it is missing or broken, names a pipeline or a class that is not supported, or a part is
     *     missing
     */
    public static ModelIndex read(ModelFiles files) {
        ConfigFile keys = ConfigFile.read(files, FILE);
        String pipeline = keys.node("_class_name").asText();
        boolean xl = pipeline.equals(STABLE_DIFFUSION_XL);
        if (!xl && !pipeline.equals(STABLE_DIFFUSION)) {
            throw new NoisetrailException(keys.file() + ": "
                    + (pipeline.isEmpty() ? "a pipeline without _class_name" : named(pipeline)) + " is not supported: "
                    + SUPPORTED);
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
        requireTextToImage(files);
        return new ModelIndex(xl, parts, keys.flag("force_zeros_for_empty_prompt", xl));
    }

    private static void require(ModelFiles files, ConfigFile keys, Wanted part, Map<String, String> parts) {
        String type = parts.get(part.name);
        if (type == null) {
            throw new NoisetrailException(keys.file() + ": part " + part.name + " is missing");
        }
        if (!part.classes.isEmpty() && !part.classes.contains(type)) {
            throw keys.wrong(part.name, String.join(" or ", part.classes));
        }
        boolean later = part.files.equals(TOKENIZER_FILES) && LaterFile.TOKENIZER.counts(files, part.name + "/");
        for (String file : later ? List.<String>of() : part.files) {
            if (!files.has(part.name + "/" + file)) {
                throw new NoisetrailException(
                        files.path(part.name + "/" + file) + " is missing: part " + part.name + " needs it");
            }
        }
    }

    /** The network must take nothing but latents. */
    private static void requireTextToImage(ModelFiles files) {
        ConfigFile unet = ConfigFile.read(files, "unet/" + CONFIG);
        int channels = unet.integer("in_channels", 4, 1, 1 << 10);
        if (channels != 4) {
            String use = switch (channels) {
                case 5 -> " (depth to image)";
                case 7 -> " (upscaling)";
                case 8 -> " (image editing)";
                case 9 -> " (inpainting)";
                default -> "";
            };
            throw new NoisetrailException(
                    unet.file() + ": in_channels must be 4: " + channels + use + "; " + SUPPORTED);
        }
    }

    /** What a folder that has the files of no model is, if that can be told: a clause for a message; null if not. */
    public static @Nullable String describe(ModelFiles files) {
        for (String folder : List.of("", "unet/", "transformer/", "vae/")) {
            if (files.has(folder + CONFIG)) {
                String type = ConfigFile.read(files, folder + CONFIG)
                        .node("_class_name")
                        .asText();
                if (!type.isEmpty()) {
                    return folder + CONFIG + " is of one part, " + named(type) + ", and there is no " + FILE;
                }
            }
        }
        for (String name : files.list("")) {
            if (isPickle(name)) {
                return pickle(name);
            }
        }
        return null;
    }

    /** What a file is that was given in a model's place: a clause for a message. */
    public static String describe(Path file) {
        String name = String.valueOf(file.getFileName());
        if (isPickle(name)) {
            return pickle(name);
        }
        return name.endsWith(".safetensors")
                ? "weights are not all: a model is a folder that also has configurations and a tokenizer"
                : "a model is a folder";
    }

    /** Whether a file's name is one that Python's pickles have. */
    static boolean isPickle(String name) {
        return name.matches("(?i).*\\.(ckpt|bin|pth|pkl|pickle)");
    }

    static String pickle(String name) {
        return Excerpt.of(name) + " is a pickle, which can run code and is never read: save the model as safetensors";
    }

    private static String named(String type) {
        return FAMILIES.entrySet().stream()
                .filter(family -> type.contains(family.getKey()))
                .findFirst()
                .map(family -> family.getValue() + " (" + Excerpt.of(type) + ")")
                .orElse(Excerpt.of(type));
    }
}
