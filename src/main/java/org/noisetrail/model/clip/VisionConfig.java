package org.noisetrail.model.clip;

import org.noisetrail.checkpoint.ConfigFile;

/**
 * CLIP's vision transformer, as {@code config.json} describes it; keys have the defaults of transformers' {@code CLIPVisionConfig}.
 *
 * @param size height and width of the images it sees
 * @param projection width of the image's embedding
 */
record VisionConfig(TransformerConfig transformer, int channels, int size, int patch, int projection) {
    private static final TransformerConfig DEFAULTS = new TransformerConfig(768, 3072, 12, 12, true, 1e-5);

    static VisionConfig read(ConfigFile config, int projection) {
        int size = config.integer("image_size", 224, 1, 1 << 14);
        int patch = config.integer("patch_size", 32, 1, 1 << 14);
        if (patch > size) {
            throw config.wrong("patch_size", "<= image_size " + size);
        }
        return new VisionConfig(
                TransformerConfig.read(config, DEFAULTS),
                config.integer("num_channels", 3, 1, 1 << 10),
                size,
                patch,
                projection);
    }

    /** Patches along a side; what is left over at the edges is not seen. */
    int grid() {
        return size / patch;
    }
}
