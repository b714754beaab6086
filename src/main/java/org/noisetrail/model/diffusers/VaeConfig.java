package org.noisetrail.model.diffusers;

import java.util.List;
import org.noisetrail.checkpoint.ConfigFile;

/**
 * The {@code config.json} of an {@code AutoencoderKL}.
 *
 * @param imageChannels of what is encoded and decoded
 * @param latentChannels of the latents
 * @param channels each level's, from the finest
 * @param blocks residual blocks of a level of the encoder; the decoder has one more
 * @param groups of every group norm
 * @param attention whether the middle has attention
 * @param quant whether a convolution of single pixels follows the encoder
 * @param postQuant whether one comes before the decoder
 * @param scalingFactor what a denoiser's states are divided by before they are decoded
 * @param shiftFactor what is added to them after that
 */
public record VaeConfig(
        int imageChannels,
        int latentChannels,
        List<Integer> channels,
        int blocks,
        int groups,
        boolean attention,
        boolean quant,
        boolean postQuant,
        double scalingFactor,
        double shiftFactor) {
    /** Each doubles an image's sides: published ones have 4 or 5. */
    static final int MOST_LEVELS = 8;

    /**
     * @param file where it was read, for messages
     * @throws org.noisetrail.NoisetrailException if it describes another network, or one with options that are not supported
     */
    public static VaeConfig parse(String file, byte[] json) {
        ConfigFile keys = ConfigFile.parse(file, json);
        keys.oneOf("_class_name", "AutoencoderKL", "AutoencoderKL");
        keys.oneOf("act_fn", "silu", "silu", "swish");
        keys.only("latents_mean");
        keys.only("latents_std");
        // force_upcast: it is float32 anyway.
        keys.ignore("force_upcast", "sample_size");
        int levels = keys.words("down_block_types", "DownEncoderBlock2D").size();
        if (levels > MOST_LEVELS) {
            throw keys.wrong("down_block_types", "a list of 1 to " + MOST_LEVELS + " levels");
        }
        if (keys.words("up_block_types", "UpDecoderBlock2D").size() != levels) {
            throw keys.wrong("up_block_types", "a list of " + levels + ", as down_block_types");
        }
        int groups = keys.integer("norm_num_groups", 32, 1, 1 << 14);
        List<Integer> channels = keys.integers("block_out_channels", List.of());
        if (channels.size() != levels || channels.stream().anyMatch(each -> each % groups != 0)) {
            throw keys.wrong(
                    "block_out_channels", "a list of " + levels + " multiples of norm_num_groups (" + groups + ")");
        }
        VaeConfig config = new VaeConfig(
                keys.integer("in_channels", 3, 1, 1 << 10),
                keys.integer("latent_channels", 4, 1, 1 << 10),
                channels,
                keys.integer("layers_per_block", 1, 1, 64),
                groups,
                keys.flag("mid_block_add_attention", true),
                keys.flag("use_quant_conv", true),
                keys.flag("use_post_quant_conv", true),
                keys.positive("scaling_factor", 0.18215),
                keys.number("shift_factor", 0));
        if (keys.integer("out_channels", 3, 1, 1 << 10) != config.imageChannels) {
            throw keys.wrong("out_channels", "in_channels (" + config.imageChannels + ")");
        }
        keys.requireAllKnown();
        return config;
    }

    public int levels() {
        return channels.size();
    }

    /** How many pixels of an image, in each direction, are one of its latents. */
    public int factor() {
        return 1 << levels() - 1;
    }
}
