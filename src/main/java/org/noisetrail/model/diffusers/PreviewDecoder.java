package org.noisetrail.model.diffusers;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.noisetrail.NoisetrailException;
import org.noisetrail.checkpoint.ComponentWeights;
import org.noisetrail.checkpoint.ConfigFile;
import org.noisetrail.checkpoint.Digest;
import org.noisetrail.checkpoint.ModelFiles;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Decoder;
import org.noisetrail.model.ImageShape;

/** A small autoencoder that judges candidates in the true decoder's place: a folder of an {@code AutoencoderTiny}, which takes states as they are, or of another {@code AutoencoderKL}. */
final class PreviewDecoder {
    private static final String CONFIG = "config.json";

    private PreviewDecoder() {}

    /** @throws NoisetrailException if the folder holds none, or one for other latents or another size */
    static Decoder load(String folder, ImageShape state, ImageShape image, Device device) {
        Path path = Path.of(folder);
        if (!Files.isDirectory(path)) {
            throw new NoisetrailException("the preview decoder must be a folder that is there: " + folder);
        }
        ModelFiles files = ModelFiles.folder(path);
        String name = files.path(CONFIG).toString();
        Digest id = ComponentWeights.digest(files, "preview", List.of(""));
        ConfigFile keys = ConfigFile.read(files, CONFIG);
        boolean tiny = keys.has("_class_name") && keys.text("_class_name").equals("AutoencoderTiny");
        if (!tiny) {
            VaeConfig config = VaeConfig.parse(name, files.bytes(CONFIG));
            check(folder, config.latentChannels(), config.factor(), state, image);
            return new VaeDecoder(
                    id, image, new AutoencoderKl(config, ComponentWeights.open(files, ""), device, false));
        }
        TinyConfig config = TinyConfig.parse(name, files.bytes(CONFIG));
        check(folder, config.latentChannels(), config.factor(), state, image);
        AutoencoderTiny network = new AutoencoderTiny(config, ComponentWeights.open(files, ""), device);
        return new Decoder() {
            @Override
            public String id() {
                return id.value();
            }

            @Override
            public ImageShape image() {
                return image;
            }

            @Override
            public Tensor decode(Tensor states) {
                return network.decode(states);
            }

            @Override
            public void close() {
                network.close();
            }
        };
    }

    private static void check(String folder, int channels, int factor, ImageShape state, ImageShape image) {
        if (channels != state.channels() || (long) factor * state.height() != image.height()) {
            throw new NoisetrailException(folder + ": a preview decoder must make " + image + " of " + state + ": "
                    + channels + " latent channels, factor " + factor);
        }
    }
}
