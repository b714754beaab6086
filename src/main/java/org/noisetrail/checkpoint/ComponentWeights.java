package org.noisetrail.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.noisetrail.NoisetrailException;
import org.noisetrail.files.Excerpt;

/**
 * The weights of a part of a diffusers folder, such as {@code unet}: one file or shards with their index, in full or half precision, as
 * diffusers and transformers name them.
 */
public final class ComponentWeights {
    /** Base names of files, by preference; of each, full precision before half. */
    private static final List<String> NAMES = List.of("diffusion_pytorch_model", "model");

    private static final List<String> VARIANTS = List.of("", ".fp16");

    private static final int MOST_SHARDS = 1000;

    /** Where the tensors lie: name to file, or none where every tensor of the only file counts. */
    private record Source(String description, List<String> files, Map<String, String> index) {}

    private ComponentWeights() {}

    /**
     * Opens the weights, in float32.
     *
     * @param component the part's folder; empty for the model's own
     * @return not thread-safe
     * @throws NoisetrailException of one line, if there are none, a shard is missing, or a file is broken
     */
    public static Weights open(ModelFiles files, String component) {
        return open(files, component, false);
    }

    /** @param asStored whether tensors keep the type they are stored in (F16, BF16, F64), instead of float32 */
    public static Weights open(ModelFiles files, String component, boolean asStored) {
        Source source = source(files, component);
        Map<String, Safetensors> opened = new LinkedHashMap<>();
        for (String file : source.files) {
            opened.put(file, Safetensors.open(files.local(file)));
        }
        Map<String, FileWeights.Stored> tensors = new LinkedHashMap<>();
        if (source.index.isEmpty()) {
            opened.values().forEach(file -> tensors.putAll(FileWeights.stored(file)));
        }
        source.index.forEach((name, file) -> {
            Safetensors shard = opened.get(file);
            Safetensors.Entry entry = shard.entries().get(name);
            if (entry == null) {
                throw new NoisetrailException(files.path(file) + ": missing tensor \"" + Excerpt.of(name)
                        + "\", which " + source.description + " says is there");
            }
            tensors.put(name, new FileWeights.Stored(shard, entry));
        });
        return new FileWeights(source.description, tensors, asStored);
    }

    /**
     * The files that {@link #open} reads, in a fixed order: for a digest.
     *
     * @throws NoisetrailException as it does
     */
    public static List<String> files(ModelFiles files, String component) {
        return source(files, component).files;
    }

    private static Source source(ModelFiles files, String component) {
        String folder = component.isEmpty() ? "" : component + "/";
        for (String name : NAMES) {
            for (String variant : VARIANTS) {
                String file = folder + name + variant + ".safetensors";
                if (files.has(file)) {
                    return new Source(files.path(file).toString(), List.of(file), Map.of());
                }
                String index = folder + name + ".safetensors.index" + variant + ".json";
                if (files.has(index)) {
                    return shards(files, folder, index);
                }
            }
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

    private static Source shards(ModelFiles files, String folder, String index) {
        ConfigFile keys = ConfigFile.read(files, index);
        JsonNode map = keys.node("weight_map");
        if (!map.isObject() || map.isEmpty()) {
            throw keys.wrong("weight_map", "an object of tensors and their files");
        }
        Map<String, String> found = new LinkedHashMap<>();
        Set<String> shards = new TreeSet<>();
        map.properties().forEach(field -> {
            String shard = field.getValue().asText();
            // The index comes with the model: it must not lead out of its folder.
            if (!field.getValue().isTextual()
                    || !shard.matches("[A-Za-z0-9._-]+\\.safetensors")
                    || shard.startsWith(".")) {
                throw new NoisetrailException(keys.file() + ": weight_map: the file of "
                        + Excerpt.of(field.getKey())
                        + " must be the name of a .safetensors file beside it: "
                        + Excerpt.of(field.getValue().toString()));
            }
            found.put(field.getKey(), folder + shard);
            shards.add(folder + shard);
            if (shards.size() > MOST_SHARDS) {
                throw new NoisetrailException(
                        keys.file() + ": weight_map must name <= " + MOST_SHARDS + " files: more");
            }
        });
        for (String shard : shards) {
            if (!files.has(shard)) {
                throw new NoisetrailException(files.path(shard) + " is missing, which " + keys.file() + " names");
            }
        }
        return new Source(keys.file(), new ArrayList<>(shards), found);
    }
}
