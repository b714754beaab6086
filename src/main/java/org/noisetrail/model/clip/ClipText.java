package org.noisetrail.model.clip;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.noisetrail.NoisetrailException;
import org.noisetrail.checkpoint.ComponentWeights;
import org.noisetrail.checkpoint.ConfigFile;
import org.noisetrail.checkpoint.ModelFiles;
import org.noisetrail.checkpoint.Weights;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.layers.Layers;
import org.noisetrail.model.layers.Script;
import org.noisetrail.torch.ScriptFunction;
import org.noisetrail.torch.Tensors;
import org.noisetrail.torch.Torch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * CLIP's text network (Radford et al. 2021, section 2.4): transformers' {@code CLIPTextModel} and {@code CLIPTextModelWithProjection}, in
 * float32. Places see what comes before them and no padding is masked, so that what follows a text's end changes nothing before it.
 *
 * <p>On the CPU a row's output has the same bits in every batch and on every number of threads. Safe to call from several threads.
 */
public final class ClipText implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ClipText.class);
    private static final String PREFIX = "text_model.";
    private static final String LAYERS = "encoder.layers";

    private final TextConfig config;
    private final Device device;
    private final ScriptFunction function;

    /**
     * Which of the network's states is wanted beside its outputs.
     *
     * @param skip how many of the last blocks it does not go through: 0 to all of them
     * @param normed whether the network's final norm is applied to it
     */
    public record Hidden(int skip, boolean normed) {
        /** The network's output itself. */
        public static final Hidden LAST = new Hidden(0, true);

        public Hidden {
            if (skip < 0) {
                throw new IllegalArgumentException("skip must be >= 0: " + skip);
            }
        }
    }

    /**
     * What texts are to the network, all float32 on its device.
     *
     * @param lastHiddenState [rows, length, width], after the final norm
     * @param pooled [rows, width]: its place where the text ends
     * @param textEmbeds [rows, projection]: pooled, projected; null for a network that does not project
     * @param hidden [rows, length, width]: the state that was wanted when the network was loaded
     */
    public record Encoded(
            Tensor lastHiddenState, Tensor pooled, @Nullable Tensor textEmbeds, Tensor hidden)
            implements AutoCloseable {
        @Override
        public void close() {
            lastHiddenState.close();
            pooled.close();
            if (textEmbeds != null) {
                textEmbeds.close();
            }
            hidden.close();
        }
    }

    private ClipText(TextConfig config, Weights weights, Hidden hidden, boolean unit, Device device) {
        if (hidden.skip > config.transformer().layers()) {
            throw new IllegalArgumentException(
                    "skip must be <= " + config.transformer().layers() + ", the text network's blocks: " + hidden.skip);
        }
        this.config = config;
        this.device = device;
        this.function = Torch.call(() -> build(config, weights, hidden, unit, device));
    }

    /**
     * Reads a folder with {@code config.json} and weights, as {@link ComponentWeights} finds them. Weights of layers from {@code num_hidden_layers} on are left out, which is
     * logged: a folder has its last layers skipped for good that way.
     *
     * @throws NoisetrailException that names the file, if one is missing, broken, or does not fit the other
     */
    public static ClipText load(ModelFiles files, Hidden hidden, Device device) {
        return load(files, ComponentWeights.open(files, ""), hidden, device);
    }

    /** As {@link #load(ModelFiles, Hidden, Device)}, of which only {@code config.json} is read. */
    public static ClipText load(ModelFiles files, Weights weights, Hidden hidden, Device device) {
        ConfigFile config = ConfigFile.read(files, "config.json");
        boolean projects = weights.has("text_projection.weight")
                || config.texts("architectures").contains("CLIPTextModelWithProjection");
        int projection = projects ? config.integer("projection_dim", 512, 1, 1 << 16) : 0;
        TextConfig network = TextConfig.read(config, projection);
        ClipText text = new ClipText(network, weights, hidden, false, device);
        try {
            ignoreLaterLayers(network, weights);
            weights.requireAllUsed();
            return text;
        } catch (RuntimeException e) {
            text.close();
            throw e;
        }
    }

    private static void ignoreLaterLayers(TextConfig config, Weights weights) {
        Pattern layer = Pattern.compile(Pattern.quote(prefix(weights) + LAYERS) + "\\.([0-9]{1,9})\\..+");
        int layers = config.transformer().layers();
        boolean more = false;
        for (String name : weights.names()) {
            Matcher number = layer.matcher(name);
            if (number.matches() && Integer.parseInt(number.group(1)) >= layers) {
                weights.ignore(name);
                more = true;
            }
        }
        if (more) {
            LOG.warn(
                    "{}: num_hidden_layers is {}: what the weights have of later layers is left out, as transformers leaves it"
                            + " out, with what a LoRA changes there",
                    config.file(),
                    layers);
        }
    }

    /** transformers 5 writes a text network that is alone without the prefix, all others do with it. */
    private static String prefix(Weights weights) {
        return weights.has("embeddings.token_embedding.weight") ? "" : PREFIX;
    }

    /** The text half of a model whose image half reads the same weights; its embeddings have length 1. */
    static ClipText half(TextConfig config, Weights weights, Device device) {
        return new ClipText(config, weights, Hidden.LAST, true, device);
    }

    /** Channels of the states. */
    public int width() {
        return config.transformer().width();
    }

    /** Width of the text's embedding; 0 if the network does not project. */
    public int projection() {
        return config.projection();
    }

    public Device device() {
        return device;
    }

    /**
     * Checks that every id of a tokenizer, and a text of its full length, is something that this network can take.
     *
     * @throws NoisetrailException if not
     */
    public void check(ClipTokenizer tokenizer) {
        config.check(tokenizer);
    }

    /**
     * @param ids of {@code rows} texts, one after another, all of one length
     * @return the caller's to close
     * @throws IllegalArgumentException if texts have more ids than the network has positions, or an id is not in its vocabulary
     */
    public Encoded encode(long[] ids, int rows) {
        if (rows < 1 || ids.length == 0 || ids.length % rows != 0) {
            throw new IllegalArgumentException("ids must be rows x length: " + ids.length + " for " + rows + " rows");
        }
        int length = ids.length / rows;
        if (length > config.positions()) {
            throw new IllegalArgumentException(
                    "a text's ids must be <= " + config.positions() + ", the network's positions: " + length);
        }
        for (long id : ids) {
            // On a GPU the lookup itself would not say it, and take the process with it.
            if (id < 0 || id >= config.vocabulary()) {
                throw new IllegalArgumentException("ids must be in 0.." + (config.vocabulary() - 1) + ": " + id);
            }
        }
        try (Tensor input = Tensors.of(device, ids, rows, length)) {
            List<Tensor> outputs = Torch.call(() -> function.callForList(input));
            return new Encoded(
                    outputs.get(0), outputs.get(1), outputs.size() > 3 ? outputs.get(3) : null, outputs.get(2));
        }
    }

    /** Waits for calls in progress; later ones fail. */
    @Override
    public void close() {
        function.close();
    }

    @SuppressWarnings("try")
    private static ScriptFunction build(
            TextConfig config, Weights weights, Hidden hidden, boolean unit, Device device) {
        String prefix = prefix(weights);
        weights.ignore(prefix + "embeddings.position_ids");
        try (PointerScope leftovers = new PointerScope();
                Script script = new Script(device)) {
            Layers layers = new Layers(script, weights);
            TransformerConfig sizes = config.transformer();
            int width = sizes.width();
            String tokens = script.argument(
                    layers.scaled(1, prefix + "embeddings.token_embedding.weight", config.vocabulary(), width));
            String positions = script.argument(
                    layers.scaled(1, prefix + "embeddings.position_embedding.weight", config.positions(), width));
            String x = script.assign(
                    "torch.embedding(" + tokens + ", ids) + torch.narrow(" + positions + ", 0, 0, ids.size(1))");
            List<String> states = new Transformer(sizes, script, layers, true).write(x, prefix + LAYERS);
            String wanted = states.get(sizes.layers() - hidden.skip());
            String last = norm(layers, states.get(sizes.layers()), prefix, sizes);
            if (hidden.normed()) {
                wanted = hidden.skip() == 0 ? last : norm(layers, wanted, prefix, sizes);
            }
            // argmax is the first place of the highest value.
            String end = config.end() == TextConfig.HIGHEST_ID ? "ids" : "(ids == " + config.end() + ").long()";
            String pooled = script.assign("torch.gather(" + last + ", 1, torch.argmax(" + end
                    + ", 1).reshape([-1, 1, 1]).expand([-1, 1, " + width + "]))");
            List<String> results = new ArrayList<>(List.of(last, pooled + ".squeeze(1)", wanted));
            if (config.projection() > 0) {
                String embeds = layers.linear(pooled, "text_projection", width, config.projection(), false);
                results.add(unit ? ClipVision.unit(script, embeds) : embeds + ".squeeze(1)");
            }
            return script.compile("ids: Tensor", results);
        }
    }

    private static String norm(Layers layers, String x, String prefix, TransformerConfig sizes) {
        return layers.layerNorm(x, prefix + "final_layer_norm", sizes.width(), sizes.epsilon());
    }
}
