package org.noisetrail.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.noisetrail.NoisetrailException;
import org.noisetrail.files.Excerpt;

/**
 * The weights of a part of a diffusers folder, such as {@code unet}, under the names that diffusers and transformers have for them today:
 * one file or shards with their index, in full or half precision, as {@code save_pretrained} writes them. Where a part has none, they are
 * looked for in the folder's only {@code .safetensors} file, a checkpoint with the names of latent-diffusion's code.
 */
public final class ComponentWeights {
    /** Base names of files, by preference; of each, full precision before half. */
    private static final List<String> NAMES = List.of("diffusion_pytorch_model", "model");

    private static final List<String> VARIANTS = List.of("", ".fp16");

    private static final String CONFIG = "config.json";

    /** What else of a part changes what it computes. */
    private static final List<String> SETTINGS = List.of(
            CONFIG,
            "scheduler_config.json",
            "vocab.json",
            "merges.txt",
            "added_tokens.json",
            "special_tokens_map.json",
            "tokenizer_config.json");

    private static final int MOST_SHARDS = 1000;

    /**
     * Where the tensors lie.
     *
     * @param files each with the tensors that count; none where all of them do
     * @param single whether the file is a checkpoint of all parts
     */
    private record Source(String description, Map<String, List<String>> files, boolean single) {}

    private ComponentWeights() {}

    /**
     * Opens the weights, in float32.
     *
     * @param component the part's folder; empty for the model's own
     * @return not thread-safe
     * @throws NoisetrailException of one line, if there are none, a shard is missing, or a file is broken
     */
    public static Weights open(ModelFiles files, String component) {
        return open(files, component, Weights.Storage.FLOAT32);
    }

    /** As {@link #open(ModelFiles, String)}, in any precision. */
    public static Weights open(ModelFiles files, String component, Weights.Storage storage) {
        Source source = source(files, component);
        Part part = part(files, component);
        if (source.single) {
            return SingleFile.open(files.local(files(files, component).get(0))).weights(part, storage);
        }
        Map<String, FileWeights.Place> places = new LinkedHashMap<>();
        source.files.forEach((file, tensors) -> {
            Safetensors shard = Safetensors.open(files.local(file));
            for (String name : tensors.isEmpty() ? shard.entries().keySet() : tensors) {
                if (!shard.entries().containsKey(name)) {
                    throw new NoisetrailException(files.path(file) + ": missing tensor \"" + Excerpt.of(name)
                            + "\", which " + source.description + " says is there");
                }
                part.put(places, shard, name, part.canonical(name));
            }
        });
        return new FileWeights(source.description, places, storage);
    }

    /**
     * The files that {@link #open} reads, in a fixed order.
     *
     * @throws NoisetrailException as it does
     */
    public static List<String> files(ModelFiles files, String component) {
        return List.copyOf(source(files, component).files.keySet());
    }

    /**
     * What parts compute, as a number: the configuration, weights, vocabulary and schedule of each.
     *
     * @param description of what else counts
     * @throws NoisetrailException if a part with a configuration has no weights
     */
    public static Digest digest(ModelFiles files, String description, List<String> components) {
        Set<String> names = new TreeSet<>();
        for (String component : components) {
            String folder = folder(component);
            for (String setting : SETTINGS) {
                if (files.has(folder + setting)) {
                    names.add(folder + setting);
                }
            }
            if (LaterFile.TOKENIZER.counts(files, folder)) {
                names.add(folder + LaterFile.TOKENIZER.file());
            }
            if (files.has(folder + CONFIG)) {
                names.addAll(files(files, component));
            }
        }
        return new Digest(description, files, List.copyOf(names));
    }

    private static String folder(String component) {
        return component.isEmpty() ? "" : component + "/";
    }

    /** By its class, since a folder of one part may have any name; by its name where it has no configuration. */
    private static Part part(ModelFiles files, String component) {
        String file = folder(component) + CONFIG;
        String type = "";
        if (files.has(file)) {
            JsonNode config = ConfigFile.read(files, file).root();
            type = config.path("_class_name")
                    .asText(config.path("architectures").path(0).asText());
        }
        return switch (type) {
            case "UNet2DConditionModel" -> Part.UNET;
            case "AutoencoderKL" -> Part.VAE;
            case "CLIPTextModel", "CLIPTextModelWithProjection" -> Part.TEXT_ENCODER;
            case "" ->
                switch (component) {
                    case "unet" -> Part.UNET;
                    case "vae" -> Part.VAE;
                    case "text_encoder", "text_encoder_2" -> Part.TEXT_ENCODER;
                    default -> Part.OTHER;
                };
            default -> Part.OTHER;
        };
    }

    private static Source source(ModelFiles files, String component) {
        String folder = folder(component);
        for (String name : NAMES) {
            for (String variant : VARIANTS) {
                String file = folder + name + variant + ".safetensors";
                if (files.has(file)) {
                    return new Source(files.path(file).toString(), Map.of(file, List.of()), false);
                }
                String index = folder + name + ".safetensors.index" + variant + ".json";
                if (files.has(index)) {
                    return shards(files, folder, index);
                }
            }
        }
        String single = component.isEmpty() ? null : single(files);
        if (single != null) {
            return new Source(files.path(single).toString(), Map.of(single, List.of()), true);
        }
        String looked = files.path(component) + ": no weights: neither diffusion_pytorch_model.safetensors nor"
                + " model.safetensors, nor either of variant fp16 or in shards";
        for (String name : files.list(component)) {
            if (ModelIndex.isPickle(name)) {
                throw new NoisetrailException(looked + "; " + ModelIndex.pickle(Excerpt.of(name)));
            }
        }
        throw new NoisetrailException(looked);
    }

    private static @Nullable String single(ModelFiles files) {
        List<String> found = files.list("").stream()
                .filter(name -> name.endsWith(".safetensors"))
                .toList();
        return found.size() == 1 ? found.get(0) : null;
    }

    private static Source shards(ModelFiles files, String folder, String index) {
        ConfigFile keys = ConfigFile.read(files, index);
        JsonNode map = keys.node("weight_map");
        if (!map.isObject() || map.isEmpty()) {
            throw keys.wrong("weight_map", "an object of tensors and their files");
        }
        Map<String, List<String>> shards = new TreeMap<>();
        map.properties().forEach(field -> {
            String shard = field.getValue().asText();
            // The index comes with the model: it must not lead out of its folder.
            if (!field.getValue().isTextual()
                    || !shard.matches("[A-Za-z0-9._-]{1,200}\\.safetensors")
                    || shard.startsWith(".")) {
                throw new NoisetrailException(keys.file() + ": weight_map: the file of "
                        + Excerpt.of(field.getKey())
                        + " must be the name of a .safetensors file beside it: "
                        + Excerpt.of(field.getValue().toString()));
            }
            shards.computeIfAbsent(folder + shard, absent -> new ArrayList<>()).add(field.getKey());
            if (shards.size() > MOST_SHARDS) {
                throw new NoisetrailException(
                        keys.file() + ": weight_map must name <= " + MOST_SHARDS + " files: more");
            }
        });
        for (String shard : shards.keySet()) {
            if (!files.has(shard)) {
                throw new NoisetrailException(files.path(shard) + " is missing, which " + keys.file() + " names");
            }
        }
        return new Source(keys.file(), shards, false);
    }
}
