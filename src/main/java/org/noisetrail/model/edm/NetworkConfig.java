package org.noisetrail.model.edm;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.noisetrail.NoisetrailException;
import org.noisetrail.checkpoint.ModelFiles;
import org.noisetrail.checkpoint.Safetensors;
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

    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    /** @param torchScript whether the network comes as TorchScript */
    public static NetworkConfig read(ModelFiles files, boolean torchScript) {
        String file = "config.json";
        try (InputStream in = files.open(file)) {
            return parse(files.path(file).toString(), in.readAllBytes(), torchScript);
        } catch (IOException e) {
            throw Safetensors.failed("cannot read", files.path(file), e);
        }
    }

    /** @param torchScript whether the network comes as TorchScript, of which only shape, classes and preconditioning are asked */
    public static NetworkConfig parse(String file, byte[] json, boolean torchScript) {
        JsonNode root;
        try {
            root = JSON.readTree(json);
        } catch (JsonProcessingException e) {
            throw new NoisetrailException(file + ": not sound JSON: " + Safetensors.oneLine(e.getOriginalMessage()));
        } catch (IOException e) {
            throw new NoisetrailException(
                    file + ": not readable: " + Safetensors.oneLine(String.valueOf(e.getMessage())));
        }
        if (!root.isObject()) {
            throw new NoisetrailException(file + ": must be a JSON object");
        }
        Keys keys = new Keys(file, root);
        String type = torchScript ? "TorchScript" : keys.oneOf("model_type", ADM, ADM, SONG);
        boolean song = type.equals(SONG);
        int classes = keys.integer("label_dim", 0, 0, 1_000_000);
        return new NetworkConfig(
                file,
                torchScript
                        ? keys.oneOf("preconditioning", "EDMPrecond", "EDMPrecond", "none")
                        : keys.oneOf("preconditioning", "EDMPrecond", "EDMPrecond"),
                keys.positive("sigma_data", 0.5),
                keys.integer("img_resolution", -1, 1, 1 << 14),
                keys.integer("img_channels", -1, 1, 1 << 10),
                classes,
                type,
                keys.integer("model_channels", song ? 128 : 192, 1, 1 << 14),
                keys.integers("channel_mult", song ? List.of(1, 2, 2, 2) : List.of(1, 2, 3, 4)),
                keys.integer("channel_mult_emb", 4, 1, 64),
                keys.integer("num_blocks", song ? 4 : 3, 1, 64),
                keys.integers("attn_resolutions", song ? List.of(16) : List.of(32, 16, 8)),
                keys.integer("augment_dim", 0, 0, 1 << 14),
                keys.oneOf("embedding_type", "positional", "positional", "fourier"),
                keys.integer("channel_mult_noise", 1, 1, 64),
                keys.oneOf("encoder_type", "standard", "standard", "skip", "residual"),
                keys.oneOf("decoder_type", "standard", "standard", "skip"),
                keys.taps(),
                keys.classNames(classes));
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

    /** Reads keys, each with the file and its own name in the error. */
    private record Keys(String file, JsonNode root) {
        int integer(String key, int fallback, int min, int max) {
            JsonNode node = root.path(key);
            if (absent(node)) {
                if (fallback < 0) {
                    throw new NoisetrailException(file + ": " + key + " is missing");
                }
                return fallback;
            }
            return integer(key, node, min, max);
        }

        private int integer(String key, JsonNode node, int min, int max) {
            if (!node.isIntegralNumber() || !node.canConvertToInt() || node.intValue() < min || node.intValue() > max) {
                throw wrong(key, "an integer from " + min + " to " + max, node);
            }
            return node.intValue();
        }

        List<Integer> integers(String key, List<Integer> fallback) {
            JsonNode node = root.path(key);
            if (absent(node)) {
                return fallback;
            }
            if (!node.isArray() || node.size() > 64) {
                throw wrong(key, "a list of integers", node);
            }
            List<Integer> values = new ArrayList<>();
            node.forEach(each -> values.add(integer(key, each, 1, 1 << 14)));
            if (values.isEmpty() && key.equals("channel_mult")) {
                throw wrong(key, "a list of at least one integer", node);
            }
            return List.copyOf(values);
        }

        double positive(String key, double fallback) {
            JsonNode node = root.path(key);
            if (absent(node)) {
                return fallback;
            }
            if (!node.isNumber() || !(node.doubleValue() > 0) || Double.isInfinite(node.doubleValue())) {
                throw wrong(key, "a number > 0", node);
            }
            return node.doubleValue();
        }

        String oneOf(String key, String fallback, String... known) {
            JsonNode node = root.path(key);
            if (absent(node)) {
                return fallback;
            }
            if (!node.isTextual() || !List.of(known).contains(node.textValue())) {
                throw wrong(key, String.join(" or ", known), node);
            }
            return node.textValue();
        }

        /** The number of taps; their values come with the checkpoint. */
        int taps() {
            JsonNode node = root.path("resample_filter");
            if (absent(node)) {
                return 2;
            }
            if (!node.isArray() || node.isEmpty() || node.size() % 2 != 0 || node.size() > 64) {
                throw wrong("resample_filter", "a list of an even number of taps", node);
            }
            return node.size();
        }

        List<String> classNames(int classes) {
            JsonNode node = root.path("class_names");
            if (absent(node)) {
                return IntStream.range(0, classes).mapToObj(Integer::toString).toList();
            }
            List<String> names = new ArrayList<>();
            node.forEach(each -> names.add(each.asText()));
            if (!node.isArray() || names.size() != classes) {
                throw wrong("class_names", "a list of " + classes + " names (label_dim)", node);
            }
            return List.copyOf(names);
        }

        private static boolean absent(JsonNode node) {
            return node.isMissingNode() || node.isNull();
        }

        private NoisetrailException wrong(String key, String wanted, JsonNode node) {
            return new NoisetrailException(
                    file + ": " + key + " must be " + wanted + ": " + Safetensors.oneLine(node.toString()));
        }
    }
}
