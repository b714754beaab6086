package org.noisetrail.model.diffusers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.noisetrail.checkpoint.FileWeights;
import org.noisetrail.checkpoint.Safetensors;
import org.noisetrail.checkpoint.Weights;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Precision;
import org.noisetrail.model.layers.Form;
import org.noisetrail.torch.Tensors;
import org.noisetrail.torch.Torch;

/** diffusers' folders among the tests' resources, and what tests of their networks share. */
final class Folders {
    private static final Path MODELS = Path.of("src/test/resources/diffusers");
    private static final Path GOLDENS = Path.of("src/test/resources/golden/diffusers");

    private Folders() {}

    /** @param part such as {@code sd15/unet} */
    static String config(String part) {
        try {
            return Files.readString(MODELS.resolve(part).resolve("config.json"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Weights weights(String part) {
        return new FileWeights(Safetensors.open(MODELS.resolve(part).resolve("diffusion_pytorch_model.safetensors")));
    }

    /** Expected values of a part. */
    static Safetensors golden(String part) {
        return Safetensors.open(GOLDENS.resolve(part + ".safetensors"));
    }

    static UNetConfig unetConfig(String json) {
        return UNetConfig.parse("config.json", json.getBytes(StandardCharsets.UTF_8));
    }

    static VaeConfig vaeConfig(String json) {
        return VaeConfig.parse("config.json", json.getBytes(StandardCharsets.UTF_8));
    }

    static UNet unet(String name) {
        return unet(name, Precision.FLOAT32);
    }

    static UNet unet(String name, Precision precision) {
        return unet(name, Form.on(Device.CPU, precision));
    }

    static UNet unet(String name, Form form) {
        String part = name + "/unet";
        return new UNet(unetConfig(config(part)), weights(part), form);
    }

    static AutoencoderKl vae(boolean encodes) {
        return new AutoencoderKl(vaeConfig(config("sd15/vae")), weights("sd15/vae"), Device.CPU, encodes);
    }

    static Tensor tensor(Safetensors file, String name) {
        return Tensors.of(Device.CPU, file.floats(name), file.entry(name).shapeArray());
    }

    /** A network of rows alone. */
    interface Rows {
        float[] call(int from, int count);
    }

    /** Compares the rows of many batches, on one to three threads, with those of the whole; returns the batches that differ. */
    static String differingBatches(int rows, Rows network) {
        int threads = Torch.threads();
        StringBuilder differing = new StringBuilder();
        try {
            Torch.setThreads(2);
            float[] whole = network.call(0, rows);
            int size = whole.length / rows;
            for (int t = 1; t <= 3; t++) {
                Torch.setThreads(t);
                for (int count : IntStream.rangeClosed(1, rows).toArray()) {
                    for (int from : new int[] {0, rows - count}) {
                        float[] expected = Arrays.copyOfRange(whole, from * size, (from + count) * size);
                        if (!Arrays.equals(network.call(from, count), expected)) {
                            differing.append(t + " threads, rows " + from + " to " + (from + count) + "\n");
                        }
                    }
                }
            }
        } finally {
            Torch.setThreads(threads);
        }
        return differing.toString();
    }

    static float[] values(Tensor result) {
        try (result) {
            return Tensors.toFloats(result);
        }
    }

    /** Weights with some tensors changed; a replacement is in new memory. */
    static Weights changed(Weights weights, String name, Function<Tensor, Tensor> change) {
        return new Weights() {
            @Override
            public Tensor get(String asked, long... shape) {
                Tensor tensor = weights.get(asked, shape);
                return asked.equals(name) ? change.apply(tensor) : tensor;
            }

            @Override
            public void requireAllUsed() {
                weights.requireAllUsed();
            }
        };
    }
}
