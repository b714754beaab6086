package org.noisetrail.model.clip;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.noisetrail.NoisetrailException;
import org.noisetrail.checkpoint.ComponentWeights;
import org.noisetrail.checkpoint.ConfigFile;
import org.noisetrail.checkpoint.Digest;
import org.noisetrail.checkpoint.LaterFile;
import org.noisetrail.checkpoint.ModelFiles;
import org.noisetrail.checkpoint.Weights;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.ImageShape;
import org.noisetrail.torch.Cards;
import org.noisetrail.torch.ScriptFunction;
import org.noisetrail.torch.Tensors;
import org.noisetrail.torch.Torch;
import org.noisetrail.torch.TorchLane;
import org.noisetrail.torch.Unfinished;

/**
 * CLIP (Radford et al. 2021): images and texts as embeddings of length 1, whose product says how well they fit. A folder of transformers'
 * {@code CLIPModel}: {@code config.json}, weights, the tokenizer's files and {@code preprocessor_config.json} or {@code
 * processor_config.json}; without either, images are prepared as OpenAI's CLIP wants them.
 *
 * <p>Computes in float32. On the CPU a row's embedding has the same bits in every batch and on every number of threads. Owns its networks;
 * safe to share between threads; close it once.
 */
public final class ClipModel implements AutoCloseable {
    /** Images that the network sees at once: enough to keep a GPU busy, and ViT-L's activations within a gigabyte. */
    private static final int LARGEST_BATCH = 32;

    private static final int KEPT_TEXTS = 4096;

    private static final List<String> DESCRIBING = List.of(
            "config.json",
            ClipPreprocessor.FILE,
            "vocab.json",
            "merges.txt",
            "tokenizer_config.json",
            "special_tokens_map.json",
            "added_tokens.json");

    private static final String PRODUCTS = """
            def forward(weights: List[Tensor], images: Tensor, texts: Tensor) -> Tensor:
                return torch.sum(images.double() * texts.double(), [1])
            """;

    private final Device device;
    private final Digest id;
    private final int imageSize;
    private final int projection;
    private final double logitScale;
    private final ClipTokenizer tokenizer;
    private final ClipPreprocessor preprocessor;
    private final ClipText text;
    private final ClipVision vision;
    private final ScriptFunction products;

    private final TextRows known;

    private ClipModel(ModelFiles files, Weights weights, Device device) {
        ConfigFile config = ConfigFile.read(files, "config.json");
        this.device = device;
        this.id = new Digest(description(files), files, ComponentWeights.files(files, ""));
        this.projection = config.integer("projection_dim", 512, 1, 1 << 16);
        TextConfig textConfig = TextConfig.read(half(config, "text_config"), projection);
        VisionConfig visionConfig = VisionConfig.read(half(config, "vision_config"), projection);
        this.imageSize = visionConfig.size();
        this.tokenizer = ClipTokenizer.load(files);
        textConfig.check(tokenizer);
        try (Tensor scale = weights.get("logit_scale")) {
            this.logitScale = Math.exp(Tensors.toFloats(scale)[0]);
        }
        this.known = new TextRows(
                KEPT_TEXTS,
                LARGEST_BATCH,
                texts -> textEmbeds(tokenizer.padded(texts, "text for CLIP"), texts.size()),
                () -> TorchLane.current(device).synchronize());
        try (Unfinished parts = new Unfinished()) {
            this.preprocessor = parts.add(new ClipPreprocessor(files, imageSize, device));
            this.text = parts.add(ClipText.half(textConfig, weights, device));
            this.vision = parts.add(new ClipVision(visionConfig, weights, device));
            weights.requireAllUsed();
            this.products = parts.add(Torch.call(() -> new ScriptFunction(device, PRODUCTS, List.of())));
            parts.finish();
        }
    }

    /** @throws NoisetrailException that names the file, if one is missing, broken, or does not fit the others; or says why the device cannot be used */
    public static ClipModel load(ModelFiles files, Device device) {
        Cards.require(device);
        return new ClipModel(files, ComponentWeights.open(files, ""), device);
    }

    /** Older folders have a half's keys under {@code text_config_dict} and {@code vision_config_dict} alone. */
    private static ConfigFile half(ConfigFile config, String key) {
        return config.object(config.has(key) || !config.has(key + "_dict") ? key : key + "_dict");
    }

    /** All that decides the embeddings but the weights, whose file may have another name. */
    private static String description(ModelFiles files) {
        // Later files come last and only where they count, so that ids stay what they were.
        Stream<String> later = Arrays.stream(LaterFile.values())
                .filter(each -> each.counts(files, ""))
                .map(LaterFile::file);
        return Stream.concat(DESCRIBING.stream(), later)
                .map(file -> files.has(file) ? new String(files.bytes(file), StandardCharsets.UTF_8) : "")
                .collect(Collectors.joining("\0"));
    }

    /** The SHA-256 of its files, in hexadecimal. */
    public String id() {
        return id.value();
    }

    public Device device() {
        return device;
    }

    /** Width of the embeddings. */
    public int projection() {
        return projection;
    }

    /** What transformers' {@code logits_per_image} multiplies the cosine with: exp(logit_scale). */
    double logitScale() {
        return logitScale;
    }

    ClipTokenizer tokenizer() {
        return tokenizer;
    }

    /** @throws IllegalArgumentException if it cannot see images of this shape */
    public void check(ImageShape shape) {
        preprocessor.check(shape, imageSize);
    }

    /**
     * What the network sees of images.
     *
     * @param images uint8 [rows, 1 or 3, height, width] on {@link #device()}, contiguous, of any size
     * @return float32 [rows, 3, size, size], normalised; the caller's to close
     */
    public Tensor pixelValues(Tensor images) {
        try (Unfinished parts = new Unfinished()) {
            Tensor pixels = parts.add(preprocessor.pixelValues(images));
            require("pixel values", pixels, images.size(0), 3, imageSize, imageSize);
            return parts.finish(pixels);
        }
    }

    /**
     * @param images as {@link #pixelValues} takes them, at least one; more than the network sees at once are taken in parts
     * @return float32 [rows, projection], of length 1; the caller's to close
     */
    public Tensor imageEmbeds(Tensor images) {
        long rows = images.size(0);
        try (Unfinished parts = new Unfinished()) {
            Tensor all = parts.add(Tensors.floats(device, rows, projection));
            for (long from = 0; from < rows; from += LARGEST_BATCH) {
                embed(images, all, from, Math.min(LARGEST_BATCH, rows - from));
            }
            return parts.finish(all);
        }
    }

    private void embed(Tensor images, Tensor all, long from, long count) {
        try (Tensor part = Tensors.rows(images, from, count);
                Tensor pixels = pixelValues(part);
                Tensor embeds = vision.embed(pixels);
                Tensor target = Tensors.rows(all, from, count)) {
            require("image embeddings", embeds, count, projection);
            Torch.run(() -> target.copy_(embeds));
        }
    }

    /**
     * Embeddings of texts, of which the first 4096 are kept: those of a search come again with every batch. A text that is too long for the network is cut,
     * and that is logged.
     *
     * @return float32 [texts, projection], of length 1; the caller's to close
     */
    public Tensor textEmbeds(List<String> texts) {
        return known.of(texts);
    }

    /**
     * How well images and texts fit, in [-1, 1]: the products of their embeddings, row by row.
     *
     * @param imageEmbeds float32 [rows, projection], of length 1
     * @param textEmbeds as well
     * @return float64 [rows], the caller's to close
     */
    public Tensor cosine(Tensor imageEmbeds, Tensor textEmbeds) {
        return Torch.call(() -> products.call(imageEmbeds, textEmbeds));
    }

    /**
     * @param ids of {@code rows} texts, one after another, each as {@link ClipTokenizer#padded} gives it
     * @return float32 [rows, projection], of length 1; the caller's to close
     */
    public Tensor textEmbeds(long[] ids, int rows) {
        try (ClipText.Encoded encoded = text.encode(ids, rows)) {
            Tensor embeds = encoded.textEmbeds();
            require("text embeddings", embeds, rows, projection);
            return new Tensor(embeds);
        }
    }

    /** Waits for calls in progress; later ones fail. */
    @Override
    public void close() {
        known.close();
        products.close();
        preprocessor.close();
        text.close();
        vision.close();
    }

    private static void require(String what, @Nullable Tensor tensor, long... shape) {
        if (tensor == null || !Arrays.equals(Tensors.shape(tensor), shape)) {
            throw new NoisetrailException("CLIP's " + what + " must be " + Arrays.toString(shape) + ": "
                    + (tensor == null ? "none" : Arrays.toString(Tensors.shape(tensor))));
        }
    }
}
