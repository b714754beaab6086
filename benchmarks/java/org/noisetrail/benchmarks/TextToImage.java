package org.noisetrail.benchmarks;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.Locale;
import java.util.function.Supplier;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.noisetrail.checkpoint.FileWeights;
import org.noisetrail.checkpoint.ModelFiles;
import org.noisetrail.checkpoint.Safetensors;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.clip.ClipModel;
import org.noisetrail.model.diffusers.AutoencoderKl;
import org.noisetrail.model.diffusers.UNet;
import org.noisetrail.model.diffusers.UNetConfig;
import org.noisetrail.model.diffusers.VaeConfig;
import org.noisetrail.torch.Tensors;
import org.noisetrail.torch.Torch;

/** The networks of the embedded text-to-image model, one call each by number of images: the median of some. */
final class TextToImage {
    private static final int CALLS = 12;

    private TextToImage() {}

    static void print() {
        ModelFiles files = ModelFiles.embedded("fashion-scenes");
        String weights = "diffusion_pytorch_model.safetensors";
        try (UNet unet = files.within("unet")
                        .with(
                                weights,
                                path -> new UNet(
                                        UNetConfig.parse("unet", config(files, "unet")),
                                        new FileWeights(Safetensors.open(path)),
                                        Device.CPU));
                AutoencoderKl vae = files.within("vae")
                        .with(
                                weights,
                                path -> new AutoencoderKl(
                                        VaeConfig.parse("vae", config(files, "vae")),
                                        new FileWeights(Safetensors.open(path)),
                                        Device.CPU,
                                        false));
                ClipModel clip = ClipModel.load(files.within("clip"), Device.CPU)) {
            System.out.println(
                    "| images | guided U-Net, ms a call | ms per NFE | decoder, ms an image | CLIP, ms an image |");
            System.out.println("|---:|---:|---:|---:|---:|");
            for (int images : new int[] {1, 2, 4, 8, 16, 32, 64}) {
                row(unet, vae, clip, images);
            }
        }
    }

    @SuppressWarnings("try")
    private static void row(UNet unet, AutoencoderKl vae, ClipModel clip, int images) {
        try (PointerScope scope = new PointerScope()) {
            int size = unet.config().sampleSize();
            Tensor states = normals(2 * images, unet.config().inChannels(), size, size);
            Tensor timesteps = Torch.call(() -> torch.full(new long[] {2 * images}, new Scalar(501.0f)));
            Tensor text = normals(2 * images, 32, unet.config().context());
            Tensor latents = normals(images, vae.config().latentChannels(), size, size);
            int pixels = size * vae.config().factor();
            Tensor pictures = Tensors.bytes(Device.CPU, images, vae.config().imageChannels(), pixels, pixels);
            pictures.fill_(new Scalar(100));
            double guided = median(() -> unet.forward(states, timesteps, text));
            double decode = median(() -> vae.decode(latents));
            double judge = median(() -> clip.imageEmbeds(pictures));
            System.out.printf(
                    Locale.ROOT,
                    "| %d | %.2f | %.3f | %.3f | %.3f |%n",
                    images,
                    guided,
                    guided / (2 * images),
                    decode / images,
                    judge / images);
        }
    }

    /** In milliseconds. */
    private static double median(Supplier<Tensor> call) {
        double[] times = new double[CALLS];
        for (int i = 0; i < CALLS; i++) {
            long before = System.nanoTime();
            call.get().close();
            times[i] = (System.nanoTime() - before) / 1e6;
        }
        Arrays.sort(times);
        return (times[CALLS / 2 - 1] + times[CALLS / 2]) / 2;
    }

    private static Tensor normals(long... shape) {
        return Torch.call(() -> torch.randn(shape));
    }

    private static byte[] config(ModelFiles files, String part) {
        try (InputStream in = files.open(part + "/config.json")) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
