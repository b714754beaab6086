package org.noisetrail.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.noisetrail.NoisetrailException;
import org.noisetrail.files.Excerpt;
import org.noisetrail.files.JsonFiles;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Low-rank changes to a pipeline's weights (Hu et al. 2021): W + scale * alpha / rank * up * down, or alpha / sqrt(rank) where PEFT's settings have
 * {@code use_rslora}. Read from a safetensors file as kohya's
 * scripts write it ({@code lora_unet_...lora_down.weight}; diffusers' or latent-diffusion's names) or as PEFT and diffusers do ({@code
 * unet....lora_A.weight}). PEFT's own, whose names begin with {@code base_model.model.}, have their settings in a file beside them. Other
 * kinds (LoHa, LoKr, DoRA) are refused by the names of their tensors or of their settings. Immutable.
 */
final class Lora {
    /** Which network a change is to. */
    enum Target {
        UNET("unet", Part.UNET),
        TEXT_ENCODER("text_encoder", Part.TEXT_ENCODER),
        TEXT_ENCODER_2("text_encoder_2", Part.TEXT_ENCODER);

        private final String folder;
        private final Part part;

        Target(String folder, Part part) {
            this.folder = folder;
            this.part = part;
        }

        String folder() {
            return folder;
        }
    }

    /**
     * The change of one layer.
     *
     * @param key what the file calls the layer
     * @param up the tensor's name, [out, rank] or [out, rank, 1, 1]
     * @param down the tensor's name, [rank, in] or [rank, in, height, width]
     * @param alpha null where the file has none: then it is the rank
     * @param rankStabilized whether it is over the rank's root (Kalajdzievski 2023)
     */
    record Change(
            String key, String up, String down, @Nullable Double alpha, boolean rankStabilized) {
        /** What up * down is multiplied with: alpha / rank, or alpha / sqrt(rank). */
        double factor(long rank) {
            return (alpha == null ? rank : alpha) / (rankStabilized ? Math.sqrt(rank) : rank);
        }
    }

    /** What is known of a layer while a file is read. */
    private static final class Pieces {
        private @Nullable String up;
        private @Nullable String down;
        private @Nullable Double alpha;
    }

    private static final Logger LOG = LoggerFactory.getLogger(Lora.class);

    private static final Pattern KOHYA =
            Pattern.compile("(lora_unet|lora_te1|lora_te2|lora_te)_(.+)\\.(lora_up\\.weight|lora_down\\.weight|alpha)");
    private static final Pattern PEFT =
            Pattern.compile("(?:base_model\\.model\\.)?(?:(unet|text_encoder_2|text_encoder)\\.)?(.+?)"
                    + "\\.(lora_B(?:\\.default)?\\.weight|lora_A(?:\\.default)?\\.weight|lora\\.up\\.weight|lora\\.down\\.weight"
                    + "|lora_linear_layer\\.up\\.weight|lora_linear_layer\\.down\\.weight|alpha)");

    /** Diffusers before 0.20: {@code attn1.processor.to_out_lora.up.weight}. */
    private static final Pattern PROCESSOR =
            Pattern.compile("(.+)\\.processor\\.(to_q|to_k|to_v|to_out)_lora\\.(up|down)\\.weight");

    /** The same of a text encoder's layers: {@code self_attn.to_q_lora.up.weight}. */
    private static final Pattern TEXT_PROCESSOR =
            Pattern.compile("(.+\\.self_attn\\.)to_(q|k|v|out)_lora\\.(up|down)\\.weight");

    private static final Pattern LDM_BLOCK =
            Pattern.compile("(input_blocks|output_blocks)_(\\d{1,4})_(\\d)_(.+)|middle_block_([012])_(.+)");
    private static final Pattern LDM_LAYER = Pattern.compile("(in_layers|emb_layers|out_layers)_(\\d)");

    private static final Pattern TEXT_LAYER = Pattern.compile("text_model_encoder_layers_([0-9]{1,9})_.+");

    private static final String METADATA = "lora_adapter_metadata";
    private static final String ADAPTER = "base_model.model.";
    private static final String ADAPTER_CONFIG = "adapter_config.json";

    /** PEFT's, where its file does not say. */
    private static final double ADAPTER_ALPHA = 8;

    /** Settings that make another change of the same tensors. */
    private static final List<String> OTHER_KINDS = List.of(
            "use_dora",
            "use_qalora",
            "use_bdlora",
            "alora_invocation_tokens",
            "arrow_config",
            "kasa_config",
            "layer_replication");

    /** From where training may begin without a change to the network's own weights; of the others a file holds only a part. */
    private static final Set<String> BEGINNINGS = Set.of("true", "false", "gaussian", "eva", "orthogonal");

    /**
     * What was written beside the tensors.
     *
     * @param file which one says it
     * @param inside what of the file it is, for messages
     * @param keys such as {@code unet.lora_alpha}, or {@code lora_alpha} in an adapter's own file
     * @param beside the adapter's own file; null where the tensors' file says it
     */
    private record Settings(
            Path file,
            String inside,
            JsonNode keys,
            @Nullable Path beside) {
        Settings {
            if (!keys.isMissingNode() && !keys.isObject()) {
                throw new NoisetrailException(
                        file + ": " + inside + "must be a JSON object: " + Excerpt.of(keys.toString()));
            }
        }

        String name(Target target, String key) {
            return beside == null ? target.folder + "." + key : key;
        }

        JsonNode get(Target target, String key) {
            return keys.path(name(target, key));
        }

        NoisetrailException wrong(Target target, String key, String wanted, JsonNode value) {
            return new NoisetrailException(file + ": " + inside + name(target, key) + " must be " + wanted + ": "
                    + Excerpt.of(value.toString()));
        }
    }

    private final Safetensors file;
    private final @Nullable Path beside;
    private final double scale;
    private final Map<Target, Map<String, Change>> changes;

    private Lora(Safetensors file, @Nullable Path beside, double scale, Map<Target, Map<String, Change>> changes) {
        this.file = file;
        this.beside = beside;
        this.scale = scale;
        this.changes = changes;
    }

    /**
     * @param fileAndScale {@code FILE} or {@code FILE:SCALE}
     * @throws NoisetrailException as {@link #open}
     */
    static Lora parse(String fileAndScale) {
        LoraText text = LoraText.parse(fileAndScale);
        return open(path(text.file()), text.factor());
    }

    private static Path path(String file) {
        try {
            return Path.of(file);
        } catch (InvalidPathException e) {
            throw new NoisetrailException("no LoRA file \"" + Excerpt.of(file) + "\"", e);
        }
    }

    /**
     * @param scale what all changes are multiplied with; finite; 1 for the file's own
     * @throws NoisetrailException if the file is not sound, or has tensors of another kind: they are named
     */
    static Lora open(Path path, double scale) {
        if (!Double.isFinite(scale)) {
            throw new IllegalArgumentException("a LoRA's scale must be finite: " + scale);
        }
        Safetensors file = Safetensors.open(path);
        Map<Target, Map<String, Pieces>> pieces = new EnumMap<>(Target.class);
        List<String> unknown = new ArrayList<>();
        for (String name : file.entries().keySet()) {
            if (!addKohya(file, name, pieces) && !addPeft(file, name, pieces)) {
                unknown.add(name);
            }
        }
        if (!unknown.isEmpty()) {
            throw new NoisetrailException(path + ": unknown LoRA tensor" + (unknown.size() > 1 ? "s " : " ")
                    + Excerpt.list(unknown) + ": neither kohya's nor PEFT's names of a plain LoRA");
        }
        if (pieces.isEmpty()) {
            throw new NoisetrailException(path + ": not a LoRA: it has no tensors");
        }
        Settings settings = settings(file);
        Map<Target, Map<String, Change>> changes = new EnumMap<>(Target.class);
        pieces.forEach((target, layers) -> {
            Map<String, Change> ofTarget = new LinkedHashMap<>();
            refuseOtherKinds(settings, target);
            layers.forEach((key, layer) -> ofTarget.put(key, change(file, settings, target, key, layer)));
            changes.put(target, ofTarget);
        });
        return new Lora(file, settings.beside, scale, changes);
    }

    /** What decides the change: the file, and the adapter's settings where they lie beside it. */
    List<Path> files() {
        return beside == null ? List.of(file.file()) : List.of(file.file(), beside);
    }

    void requireNetworks(Set<String> folders) {
        changes.forEach((target, layers) -> {
            if (!folders.contains(target.folder)) {
                throw new NoisetrailException(file.file() + ": LoRA for " + target.folder
                        + ", which the model does not have: " + Excerpt.list(layers.keySet()));
            }
        });
    }

    /**
     * The weights of a network with the changes to it; the weights themselves where there are none. Changes to a text encoder's layers after its last are left out, which is
     * logged: it was saved without them, to skip them for good.
     *
     * @param weights under diffusers' or transformers' names
     * @throws NoisetrailException if a change is to a layer that the network does not have, which is named
     */
    Weights on(Target target, Weights weights) {
        Map<String, Change> ofTarget = changes.getOrDefault(target, Map.of());
        if (ofTarget.isEmpty()) {
            return weights;
        }
        Map<String, String> byFlatName = new HashMap<>();
        for (String name : weights.names()) {
            if (name.endsWith(".weight")) {
                byFlatName.put(flat(layer(name)), name);
            }
        }
        int layers = 1;
        while (byFlatName.containsKey("down_blocks_0_resnets_" + layers + "_conv1")) {
            layers++;
        }
        Map<String, Change> byWeight = new LinkedHashMap<>();
        int blocks = 0;
        while (byFlatName.containsKey("text_model_encoder_layers_" + blocks + "_mlp_fc1")) {
            blocks++;
        }
        List<String> unused = new ArrayList<>();
        List<String> later = new ArrayList<>();
        for (Change change : ofTarget.values()) {
            String layer = byFlatName.get(flat(change.key));
            if (layer == null && target == Target.UNET) {
                layer = byFlatName.get(flat(fromLdm(change.key, layers)));
            }
            if (layer == null && target.part == Part.TEXT_ENCODER && blocks > 0 && textLayer(change.key) >= blocks) {
                later.add(change.key);
            } else if (layer == null) {
                unused.add(change.key);
            } else if (byWeight.put(layer, change) != null) {
                throw new NoisetrailException(
                        file.file() + ": two LoRA changes to one layer: " + Excerpt.of(change.key));
            }
        }
        if (!unused.isEmpty()) {
            throw new NoisetrailException(file.file() + ": LoRA for layers that " + target.folder + " does not have: "
                    + Excerpt.list(unused));
        }
        if (!later.isEmpty()) {
            LOG.warn(
                    "{}: {} has {} layers, and what the LoRA changes after them is left out: {}",
                    file.file(),
                    target.folder,
                    blocks,
                    Excerpt.list(later));
        }
        return new LoraWeights(weights, file, byWeight, scale);
    }

    /** Which of a text encoder's layers a name is in; -1 for none. */
    private static int textLayer(String key) {
        Matcher layer = TEXT_LAYER.matcher(flat(key));
        return layer.matches() ? Integer.parseInt(layer.group(1)) : -1;
    }

    private static String layer(String weight) {
        return weight.substring(0, weight.length() - ".weight".length());
    }

    /** kohya's scripts write points as underscores, and so lose which was which. */
    private static String flat(String name) {
        return name.replace('.', '_');
    }

    /** A flat name of latent-diffusion's as diffusers has it. */
    private static String fromLdm(String key, int layers) {
        String name = flat(key);
        Matcher block = LDM_BLOCK.matcher(name);
        if (block.matches()) {
            name = block.group(1) == null
                    ? "middle_block." + block.group(5) + "." + block.group(6)
                    : block.group(1) + "." + block.group(2) + "." + block.group(3) + "." + block.group(4);
            name = LDM_LAYER.matcher(name).replaceFirst("$1.$2");
        } else {
            name = name.replace("time_embed_", "time_embed.")
                    .replace("label_emb_0_", "label_emb.0.")
                    .replace("input_blocks_0_0", "input_blocks.0.0")
                    .replaceFirst("^out_", "out.");
        }
        return layer(LdmNames.unet(name + ".weight", layers));
    }

    private static boolean addKohya(Safetensors file, String name, Map<Target, Map<String, Pieces>> pieces) {
        Matcher kohya = KOHYA.matcher(name);
        if (!kohya.matches()) {
            return false;
        }
        Target target = switch (kohya.group(1)) {
            case "lora_unet" -> Target.UNET;
            case "lora_te2" -> Target.TEXT_ENCODER_2;
            default -> Target.TEXT_ENCODER;
        };
        add(file, name, pieces, target, kohya.group(2), kohya.group(3));
        return true;
    }

    private static boolean addPeft(Safetensors file, String name, Map<Target, Map<String, Pieces>> pieces) {
        String plain = name;
        Matcher processor = PROCESSOR.matcher(name);
        if (processor.matches()) {
            String layer = processor.group(2).equals("to_out") ? "to_out.0" : processor.group(2);
            plain = processor.group(1) + "." + layer + ".lora." + processor.group(3) + ".weight";
        }
        plain = TEXT_PROCESSOR.matcher(plain).replaceFirst("$1$2_proj.lora.$3.weight");
        Matcher peft = PEFT.matcher(plain);
        if (!peft.matches()) {
            return false;
        }
        String layer = peft.group(2);
        Target target = Target.UNET;
        if (peft.group(1) != null) {
            target = Target.valueOf(peft.group(1).toUpperCase(Locale.ROOT));
        } else if (layer.startsWith("text_model.")) {
            target = Target.TEXT_ENCODER;
        } else if (!layer.matches(
                "(down_blocks|mid_block|up_blocks|conv_in|conv_out|time_embedding|add_embedding)\\b.*")) {
            return false;
        }
        add(file, name, pieces, target, layer(target.part.canonical(layer + ".weight")), peft.group(3));
        return true;
    }

    private static void add(
            Safetensors file,
            String name,
            Map<Target, Map<String, Pieces>> pieces,
            Target target,
            String key,
            String piece) {
        Pieces layer = pieces.computeIfAbsent(target, absent -> new LinkedHashMap<>())
                .computeIfAbsent(key, absent -> new Pieces());
        boolean twice;
        if (piece.equals("alpha")) {
            twice = layer.alpha != null;
            layer.alpha = alpha(file, name);
        } else if (piece.contains("up") || piece.startsWith("lora_B")) {
            twice = layer.up != null;
            layer.up = name;
        } else {
            twice = layer.down != null;
            layer.down = name;
        }
        if (twice) {
            throw new NoisetrailException(
                    file.file() + ": tensor \"" + Excerpt.of(name) + "\" is there under another name as well");
        }
    }

    /** Diffusers' conversion to kohya's form writes an integer. */
    private static double alpha(Safetensors file, String name) {
        Safetensors.Entry entry = file.entry(name);
        if (entry.elements() == 1) {
            double value = entry.dtype().isFloating() ? file.floats(name)[0] : file.longs(name)[0];
            if (Double.isFinite(value)) {
                return value;
            }
        }
        throw new NoisetrailException(file.file() + ": tensor \"" + Excerpt.of(name) + "\" must be one finite number");
    }

    private static Change change(Safetensors file, Settings settings, Target target, String key, Pieces layer) {
        if (layer.up == null || layer.down == null) {
            throw new NoisetrailException(file.file() + ": LoRA of \"" + Excerpt.of(key) + "\" has no "
                    + (layer.up == null ? "up" : "down") + " tensor");
        }
        Double alpha = layer.alpha == null ? alpha(settings, target, key) : layer.alpha;
        return new Change(key, layer.up, layer.down, alpha, isStabilised(settings, target));
    }

    private static boolean isStabilised(Settings settings, Target target) {
        String key = "use_rslora";
        JsonNode flag = settings.get(target, key);
        if (!flag.isMissingNode() && !flag.isNull() && !flag.isBoolean()) {
            throw settings.wrong(target, key, "true or false", flag);
        }
        return flag.asBoolean();
    }

    /**
     * What diffusers write beside the tensors in the file, {@code {"unet.lora_alpha": 8, "unet.r": 4, ...}}, or PEFT in one of its own, {@code
     * {"lora_alpha": 8, "r": 4, ...}}; nothing where they did not. Ranks are the tensors' own.
     */
    private static Settings settings(Safetensors file) {
        if (file.entries().keySet().stream().anyMatch(name -> name.startsWith(ADAPTER))) {
            return adapter(file);
        }
        String text = file.metadata().get(METADATA);
        JsonNode keys = text == null ? MissingNode.getInstance() : JsonFiles.parse(file.file() + ": " + METADATA, text);
        return new Settings(file.file(), METADATA + ": ", keys, null);
    }

    private static Settings adapter(Safetensors file) {
        Path beside = file.file().resolveSibling(ADAPTER_CONFIG);
        if (!Files.isRegularFile(beside)) {
            throw new NoisetrailException(file.file() + ": " + ADAPTER_CONFIG
                    + " must lie beside it, as PEFT writes it: names that begin with " + ADAPTER + " say no alpha");
        }
        JsonNode keys = JsonFiles.read(beside);
        String type = keys.path("peft_type").asText();
        if (!type.equals("LORA")) {
            throw new NoisetrailException(beside + ": peft_type must be LORA: " + Excerpt.of(type));
        }
        return new Settings(beside, "", keys, beside);
    }

    private static void refuseOtherKinds(Settings settings, Target target) {
        for (String kind : OTHER_KINDS) {
            JsonNode value = settings.get(target, kind);
            boolean absent = value.isContainerNode()
                    ? value.isEmpty()
                    : value.isMissingNode() || value.isNull() || value.isBoolean() && !value.booleanValue();
            if (!absent) {
                throw new NoisetrailException(settings.file + ": " + kind + " is not supported: plain LoRA is");
            }
        }
        JsonNode begun = settings.get(target, "init_lora_weights");
        if (!begun.isMissingNode() && !begun.isNull() && !BEGINNINGS.contains(begun.asText())) {
            throw new NoisetrailException(settings.file + ": init_lora_weights " + Excerpt.of(begun.toString())
                    + " is not supported: it changes the network's own weights");
        }
    }

    private static @Nullable Double alpha(Settings settings, Target target, String key) {
        JsonNode alpha = settings.get(target, "lora_alpha");
        // PEFT: the first pattern that the layer's name ends with.
        JsonNode patterns = settings.get(target, "alpha_pattern");
        if (!patterns.isMissingNode() && !patterns.isNull() && !patterns.isObject()) {
            throw settings.wrong(target, "alpha_pattern", "an object", patterns);
        }
        for (Map.Entry<String, JsonNode> pattern : patterns.properties()) {
            if (fits(settings, target, pattern.getKey(), key)) {
                alpha = pattern.getValue();
                break;
            }
        }
        if (alpha.isMissingNode() || alpha.isNull()) {
            return settings.beside == null ? null : ADAPTER_ALPHA;
        }
        if (!alpha.isNumber() || !Double.isFinite(alpha.doubleValue())) {
            throw settings.wrong(target, "lora_alpha", "a number", alpha);
        }
        return alpha.doubleValue();
    }

    /** Patterns are regular expressions; those that are a name are read, with or without what stands before this network's layers. */
    private static boolean fits(Settings settings, Target target, String pattern, String key) {
        boolean whole = pattern.startsWith("^");
        String name = pattern.substring(whole ? 1 : 0).replace("\\.", ".");
        if (!name.matches("[A-Za-z0-9_.]+")) {
            throw new NoisetrailException(settings.file + ": " + settings.inside
                    + settings.name(target, "alpha_pattern") + " must have names of layers: " + Excerpt.of(pattern));
        }
        return name.equals(key) || name.endsWith("." + key) || !whole && key.endsWith("." + name);
    }
}
