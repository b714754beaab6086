package org.noisetrail.reward;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.ObjDoubleConsumer;
import java.util.stream.Collectors;
import org.noisetrail.checkpoint.ModelFiles;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Classifier;
import org.noisetrail.settings.Named;
import org.noisetrail.settings.Providers;

/** The rewards that come with the library; all thread-safe, all on the images' device. */
public final class Rewards {
    private static final Named<RewardKind> KINDS = new Named<>(
            "reward",
            RewardKind::name,
            List.of(
                    RewardKind.plain("brightness", "mean luminance, 0 to 1", Rewards::brightness),
                    Compressibility.KIND,
                    ClassProbability.CLASS,
                    ClassProbability.HELD_OUT,
                    RewardKind.plain("jpeg-bytes", "the JPEG's size itself", Rewards::jpegBytes),
                    ClipReward.CLIP,
                    ClipReward.HELD_OUT,
                    AestheticReward.KIND,
                    TorchScriptReward.KIND,
                    TorchScriptReward.WITH_TEXT,
                    Worst.KIND,
                    Logarithm.KIND,
                    Shifted.KIND));

    static {
        Providers.each(RewardKind.Provider.class, provider -> KINDS.add(provider.kind()));
    }

    private Rewards() {}

    /** The rewards that have names: those of the library, and those of {@link RewardKind.Provider}s on the class path. */
    public static List<RewardKind> kinds() {
        return KINDS.all();
    }

    /** For a message: how all of them are written. */
    public static String usage() {
        return kinds().stream().map(RewardKind::usage).collect(Collectors.joining(", "))
                + ", or a weighted sum such as 0.7*class+0.3*brightness";
    }

    /** Mean luminance, 0 to 1: that of .2126 R + .7152 G + .0722 B over 255; of any other number of channels, their mean. */
    public static Reward brightness() {
        return new Brightness();
    }

    /**
     * 1 - clip(bytes / maxBytes, 0, 1), bytes the size of the image's baseline JPEG at quality 80 (4:2:0, standard Huffman tables, as
     * libjpeg writes it). Images must have 1 or 3 channels.
     *
     * @param maxBytes above 0; 0 for the paper's values: 3000 up to 64 x 64 pixels, 150000 above
     * @throws IllegalArgumentException if maxBytes is negative, infinite or NaN
     */
    public static Reward compressibility(double maxBytes) {
        return new Compressibility(maxBytes);
    }

    /** The size itself, in bytes. Higher is larger: for measuring, seldom for searching. Images must have 1 or 3 channels. */
    public static Reward jpegBytes() {
        return new JpegBytes();
    }

    /**
     * The softmax probability of the image's own class. Images must have a class that the classifier knows. The classifier is the
     * caller's to close.
     *
     * @param name as a table shows it
     */
    public static Reward classProbability(String name, Classifier classifier) {
        return new ClassProbability(name, classifier);
    }

    /**
     * The cosine of CLIP's embeddings of the image and of its prompt, in [-1, 1] (not times 100). Images must have a prompt and 1 or 3
     * channels; they are prepared as transformers' {@code CLIPImageProcessor} does it. The first 4096 different prompts are embedded
     * once and kept, later ones at each call.
     *
     * @param folder of transformers' {@code CLIPModel}, which the reward loads and owns; PickScore's is one
     *
     * @throws org.noisetrail.NoisetrailException that names the file, if one is missing or broken
     */
    public static Reward clip(Path folder, Device device) {
        return ClipReward.load("clip:" + folder, ModelFiles.folder(folder), device);
    }

    /**
     * How beautiful people would find the image, as a stack of linear layers says it from CLIP's embedding: about 1 to 10 for LAION's. The
     * folder is a {@code CLIPModel}'s with {@code aesthetic_head.safetensors} beside ({@code layers.N.weight} and {@code layers.N.bias});
     * the reward owns what it loads. Images must have 1 or 3 channels.
     *
     * @throws org.noisetrail.NoisetrailException that names the file, if one is missing or broken
     */
    public static Reward aesthetic(Path folder, Device device) {
        return AestheticReward.load(folder, device);
    }

    /**
     * Judges as another reward does, and shows what it judges: the best image of a batch, no more often than every so long. So a search can be looked at, by whatever method.
     *
     * @param every at least this time lies between two images shown; the first is shown at once
     * @param viewer is given an image and its score on the thread that searches: it should be quick
     */
    public static Reward shown(Reward reward, Duration every, ObjDoubleConsumer<Image> viewer) {
        return new ShownReward(reward, TimeUnit.NANOSECONDS.convert(every), viewer, new AtomicLong(System.nanoTime()));
    }

    /**
     * A part of {@link #weighted}.
     *
     * @param reward the sum's to close
     * @param weight finite and not 0
     */
    public record Part(Reward reward, double weight) {
        /** @throws IllegalArgumentException if the weight is 0, infinite or NaN */
        public Part {
            Objects.requireNonNull(reward, "reward");
            if (!Double.isFinite(weight) || weight == 0) {
                throw new IllegalArgumentException(
                        "weight of " + reward.name() + " must be finite and not 0: " + weight);
            }
        }
    }

    /**
     * The sum of rewards, each times its weight, added up in this order: {@code 0.7*class + 0.3*brightness}. Of a weighted sum among them it has the parts. It closes its parts.
     *
     * @throws IllegalArgumentException if there are no parts, or a weight (of a part's part, the product) is 0, infinite or NaN
     */
    public static Reward weighted(List<Part> parts) {
        return WeightedSum.of(parts);
    }

    /**
     * The lowest of several rewards, image by image: {@code worst(class; brightness)}. Rewards must be on like scales. It closes its parts.
     *
     * @throws IllegalArgumentException if there are fewer than two
     */
    public static Reward worst(List<Reward> parts) {
        return Worst.of(parts);
    }

    /**
     * The natural logarithm of a reward, NaN where that is not above 0: {@code log(class)+log(brightness)} is high only where both are. It closes its part.
     */
    public static Reward log(Reward part) {
        return new Logarithm(part);
    }

    /** The mean of a reward over an image and the four that are it moved by 1/32 of a side, its border repeated: {@code shifted(clip)}, at five times its cost. It closes its part. */
    public static Reward shifted(Reward part) {
        return new Shifted(part);
    }
}
