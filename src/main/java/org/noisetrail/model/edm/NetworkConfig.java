package org.noisetrail.model.edm;

import java.util.List;
import java.util.stream.IntStream;
import org.noisetrail.checkpoint.ConfigFile;
import org.noisetrail.checkpoint.ModelFiles;
import org.noisetrail.model.ImageShape;

/**
 * A model folder's {@code config.json}: the keyword arguments of NVlabs' {@code EDMPrecond} and of its network, with their defaults. Keys
 * that only training reads (dropout, sigma_min, ...) are ignored.
 *
 * @param file where it was read, for messages
 */
public record NetworkConfig(
        String file,
        String preconditioning,
        double sigmaData,
        int resolution,
        int channels,
        int classes,
        String modelType,
        int modelChannels,
        List<Integer> channelMult,
        int channelMultEmb,
        int blocks,
        List<Integer> attentionResolutions,
        int augmentDim,
        String embeddingType,
        int channelMultNoise,
        String encoderType,
        String decoderType,
        int resampleTaps,
        List<String> classNames) {
    static final String ADM = "DhariwalUNet";
    static final String SONG = "SongUNet";

    /** @param torchScript whether the network comes as TorchScript */
    public static NetworkConfig read(ModelFiles files, boolean torchScript) {
        String file = "config.json";
        return parse(files.path(file).toString(), files.bytes(file), torchScript);
    }

    /** @param torchScript whether the network comes as TorchScript, of which only shape, classes and preconditioning are asked */
    public static NetworkConfig parse(String file, byte[] json, boolean torchScript) {
        ConfigFile keys = ConfigFile.parse(file, json);
        String type = torchScript ? "TorchScript" : keys.oneOf("model_type", ADM, ADM, SONG);
        boolean song = type.equals(SONG);
        int classes = keys.integer("label_dim", 0, 0, 1_000_000);
        int resolution = keys.integer("img_resolution", 1, 1 << 14);
        int channels = keys.integer("img_channels", 1, 1 << 10);
        if ((long) channels * resolution * resolution > Integer.MAX_VALUE) {
            throw keys.wrong("img_resolution", "such that an image of " + channels + " channels has < 2^31 elements");
        }
        return new NetworkConfig(
                file,
                torchScript
                        ? keys.oneOf("preconditioning", "EDMPrecond", "EDMPrecond", "none")
                        : keys.oneOf("preconditioning", "EDMPrecond", "EDMPrecond"),
                keys.positive("sigma_data", 0.5),
                resolution,
                channels,
                classes,
                type,
                keys.integer("model_channels", song ? 128 : 192, 1, 1 << 14),
                multipliers(keys, song ? List.of(1, 2, 2, 2) : List.of(1, 2, 3, 4)),
                keys.integer("channel_mult_emb", 4, 1, 64),
                keys.integer("num_blocks", song ? 4 : 3, 1, 64),
                keys.integers("attn_resolutions", song ? List.of(16) : List.of(32, 16, 8)),
                keys.integer("augment_dim", 0, 0, 1 << 14),
                keys.oneOf("embedding_type", "positional", "positional", "fourier"),
                keys.integer("channel_mult_noise", 1, 1, 64),
                keys.oneOf("encoder_type", "standard", "standard", "skip", "residual"),
                keys.oneOf("decoder_type", "standard", "standard", "skip"),
                taps(keys),
                classNames(keys, classes));
    }

    public boolean isSong() {
        return modelType.equals(SONG);
    }

    public ImageShape shape() {
        return new ImageShape(channels, resolution, resolution);
    }

    /** What decides the network's output, in one line: not the file, not the names of classes. */
    public String identity() {
        return String.join(
                "|",
                preconditioning,
                Double.toString(sigmaData),
                resolution + "x" + channels + "x" + classes,
                modelType,
                modelChannels + "x" + channelMult + "x" + channelMultEmb + "x" + blocks,
                attentionResolutions.toString(),
                embeddingType + channelMultNoise,
                encoderType,
                decoderType);
    }

    private static List<Integer> multipliers(ConfigFile keys, List<Integer> fallback) {
        List<Integer> values = keys.integers("channel_mult", fallback);
        if (values.isEmpty()) {
            throw keys.wrong("channel_mult", "a list of at least one integer");
        }
        return values;
    }

    /** The number of taps; their values come with the checkpoint. */
    private static int taps(ConfigFile keys) {
        int taps = keys.length("resample_filter", 2);
        if (taps == 0 || taps % 2 != 0 || taps > 64) {
            throw keys.wrong("resample_filter", "a list of an even number of taps");
        }
        return taps;
    }

    private static List<String> classNames(ConfigFile keys, int classes) {
        if (!keys.has("class_names")) {
            return IntStream.range(0, classes).mapToObj(Integer::toString).toList();
        }
        List<String> names = keys.texts("class_names");
        if (names.size() != classes) {
            throw keys.wrong("class_names", "a list of " + classes + " names (label_dim)");
        }
        return names;
    }
}
