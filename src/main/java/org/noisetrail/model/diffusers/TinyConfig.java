package org.noisetrail.model.diffusers;

import java.util.List;
import java.util.Set;
import org.noisetrail.checkpoint.ConfigFile;

/**
 * The {@code config.json} of an {@code AutoencoderTiny}.
 *
 * @param imageChannels of what is decoded
 * @param latentChannels of the latents
 * @param encoderChannels of all its layers
 * @param encoderBlocks of each level, from the finest
 * @param decoderChannels of all its layers
 * @param decoderBlocks of each level, from the coarsest
 */
public record TinyConfig(
        int imageChannels,
        int latentChannels,
        int encoderChannels,
        List<Integer> encoderBlocks,
        int decoderChannels,
        List<Integer> decoderBlocks) {
    /**
     * @param file where it was read, for messages
     * @throws org.noisetrail.NoisetrailException if it describes another network, or one with options that are not supported
     */
    public static TinyConfig parse(String file, byte[] json) {
        ConfigFile keys = ConfigFile.parse(file, json);
        keys.oneOf("_class_name", "AutoencoderTiny", "AutoencoderTiny");
        keys.oneOf("act_fn", "relu", "relu");
        keys.oneOf("upsample_fn", "nearest", "nearest");
        keys.only("upsampling_scaling_factor", "2");
        // The magnitude and shift are those of latents stored as pictures; block_out_channels repeats the decoder's.
        keys.ignore("block_out_channels", "force_upcast", "latent_magnitude", "latent_shift");
        List<Integer> encoderBlocks = keys.integers("num_encoder_blocks", List.of(1, 3, 3, 3));
        List<Integer> decoderBlocks = keys.integers("num_decoder_blocks", List.of(3, 3, 3, 1));
        TinyConfig config = new TinyConfig(
                keys.integer("in_channels", 3, 1, 1 << 10),
                keys.integer("latent_channels", 4, 1, 1 << 10),
                channels(keys, "encoder_block_out_channels", encoderBlocks.size()),
                encoderBlocks,
                channels(keys, "decoder_block_out_channels", decoderBlocks.size()),
                decoderBlocks);
        // It decodes a denoiser's states as they are.
        if (keys.positive("scaling_factor", 1) != 1) {
            throw keys.wrong("scaling_factor", "1");
        }
        if (keys.number("shift_factor", 0) != 0) {
            throw keys.wrong("shift_factor", "0");
        }
        if (keys.integer("out_channels", 3, 1, 1 << 10) != config.imageChannels) {
            throw keys.wrong("out_channels", "in_channels (" + config.imageChannels + ")");
        }
        keys.requireAllKnown();
        return config;
    }

    private static int channels(ConfigFile keys, String key, int levels) {
        List<Integer> channels = keys.integers(key, List.of(64, 64, 64, 64));
        int most = VaeConfig.MOST_LEVELS;
        if (levels == 0
                || levels > most
                || channels.size() != levels
                || Set.copyOf(channels).size() != 1) {
            throw keys.wrong(key, "one number, as often as there are levels (" + levels + ", of 1 to " + most + ")");
        }
        return channels.get(0);
    }

    /** How many pixels of an image, in each direction, are one of its latents. */
    public int factor() {
        return 1 << decoderBlocks.size() - 1;
    }
}
