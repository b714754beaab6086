package org.noisetrail.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.Tensor;
import org.noisetrail.checkpoint.Digest;
import org.noisetrail.checkpoint.FileWeights;
import org.noisetrail.checkpoint.ModelFiles;
import org.noisetrail.checkpoint.Safetensors;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Condition;
import org.noisetrail.model.Conditioning;
import org.noisetrail.model.Denoiser;
import org.noisetrail.model.ImageShape;
import org.noisetrail.model.Precision;
import org.noisetrail.model.edm.EdmDenoiser;
import org.noisetrail.model.edm.NetworkConfig;
import org.noisetrail.model.layers.Form;
import org.noisetrail.torch.Tensors;

/** What the tests of networks share. */
public final class Nets {
    public static final Path GOLDEN = Path.of("src/test/resources/golden/nets");
    public static final Path FASHION = Path.of("src/main/resources/org/noisetrail/model/fashion-mnist");

    private Nets() {}

    public static EdmDenoiser load(Path folder) {
        return load(folder, Precision.FLOAT32);
    }

    public static EdmDenoiser load(Path folder, Precision precision) {
        return load(folder, Form.on(Device.CPU, precision));
    }

    public static EdmDenoiser load(Path folder, Form form) {
        ModelFiles files = ModelFiles.folder(folder);
        try {
            NetworkConfig config =
                    NetworkConfig.parse("config.json", Files.readAllBytes(folder.resolve("config.json")), false);
            return new EdmDenoiser(
                    config,
                    new FileWeights(Safetensors.open(folder.resolve("model.safetensors"))),
                    new Digest(config.identity(), files, "model.safetensors"),
                    form);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /** D(x; sigma) in double arithmetic around the network. */
    public static float[] denoise(Denoiser denoiser, float[] x, float[] sigma, long[] labels) {
        int d = denoiser.shape().elements();
        int rows = sigma.length;
        float[] input = new float[x.length];
        float[] noise = new float[rows];
        for (int r = 0; r < rows; r++) {
            var c = denoiser.parameterisation().at(1, sigma[r]);
            noise[r] = (float) c.conditioning();
            for (int j = r * d; j < (r + 1) * d; j++) {
                input[j] = (float) (c.input() * x[j]);
            }
        }
        float[] output = network(denoiser, input, noise, labels);
        for (int r = 0; r < rows; r++) {
            var c = denoiser.parameterisation().at(1, sigma[r]);
            for (int j = r * d; j < (r + 1) * d; j++) {
                output[j] = (float) (c.skip() * x[j] + c.out() * output[j]);
            }
        }
        return output;
    }

    public static float[] network(Denoiser denoiser, float[] input, float[] noise, long[] labels) {
        ImageShape s = denoiser.shape();
        List<Condition> conditions = new ArrayList<>();
        for (int r = 0; r < noise.length; r++) {
            conditions.add(labels == null ? Condition.NONE : Condition.label(Math.toIntExact(labels[r])));
        }
        long[] rows = LongStream.range(0, noise.length).toArray();
        try (Tensor x = Tensors.of(Device.CPU, input, noise.length, s.channels(), s.height(), s.width());
                Tensor n = Tensors.of(Device.CPU, noise, noise.length);
                Conditioning encoded = denoiser.encode(conditions);
                Tensor entries = Tensors.of(Device.CPU, rows, rows.length);
                Tensor out = denoiser.network(x, n, encoded, entries)) {
            assertThat(out.is_contiguous()).isTrue();
            return Tensors.toFloats(out);
        }
    }

    public static float[] normals(long seed, int count) {
        Random random = new Random(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    public static double relativeError(float[] actual, float[] expected) {
        double difference = 0;
        double norm = 0;
        for (int i = 0; i < expected.length; i++) {
            difference += Math.pow((double) actual[i] - expected[i], 2);
            norm += (double) expected[i] * expected[i];
        }
        return Math.sqrt(difference / norm);
    }
}
