package org.noisetrail.checkpoint;

import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.noisetrail.NoisetrailException;
import org.noisetrail.files.Excerpt;

/** A kind of network among a pipeline's parts: what it calls its tensors, whichever of several names its file has for them. */
enum Part {
    /** {@code UNet2DConditionModel}. */
    UNET {
        @Override
        String canonical(String name) {
            return name;
        }
    },

    /** {@code AutoencoderKL}: attention has {@code to_q}, {@code to_k}, {@code to_v} and {@code to_out.0}, all matrices. */
    VAE {
        @Override
        String canonical(String name) {
            Matcher old = OLD_ATTENTION.matcher(name);
            return old.matches() ? old.group(1) + ATTENTION.get(old.group(2)) + old.group(3) : name;
        }

        @Override
        boolean isMatrix(String canonical) {
            return MATRIX.matcher(canonical).matches();
        }
    },

    /** {@code CLIPTextModel} and {@code CLIPTextModelWithProjection}: names begin with {@code text_model.}, but for the projection's. */
    TEXT_ENCODER {
        @Override
        String canonical(String name) {
            return UNPREFIXED.matcher(name).lookingAt() ? "text_model." + name : name;
        }
    },

    /** Any other, under the names of its file. */
    OTHER {
        @Override
        String canonical(String name) {
            return name;
        }
    };

    /** What diffusers before 0.17 called them. */
    private static final Map<String, String> ATTENTION =
            Map.of("query", "to_q", "key", "to_k", "value", "to_v", "proj_attn", "to_out.0");

    private static final Pattern OLD_ATTENTION =
            Pattern.compile("(.*\\.attentions\\.\\d+\\.)(query|key|value|proj_attn)(\\.weight|\\.bias)");
    private static final Pattern MATRIX =
            Pattern.compile(".*\\.attentions\\.\\d+\\.(to_q|to_k|to_v|to_out\\.0)\\.weight");

    /** As transformers 5 writes a text model. */
    private static final Pattern UNPREFIXED = Pattern.compile("embeddings\\.|encoder\\.layers\\.|final_layer_norm\\.");

    /** The name that the network has for a tensor. */
    abstract String canonical(String name);

    /** Whether a convolution of single pixels under this name is meant as a matrix. */
    boolean isMatrix(String canonical) {
        return false;
    }

    /** Adds a tensor of a file under the network's name for it, unless no network has a use for it. */
    void put(Map<String, FileWeights.Place> places, Safetensors file, String name, String canonical) {
        // Indices that older versions of transformers saved with the weights.
        if (canonical.endsWith("position_ids")) {
            return;
        }
        FileWeights.Place before = places.put(canonical, new FileWeights.Place(file, name, isMatrix(canonical)));
        if (before != null) {
            throw new NoisetrailException(file.file() + ": tensors \"" + Excerpt.of(before.name()) + "\" and \""
                    + Excerpt.of(name) + "\" are two names of one");
        }
    }
}
