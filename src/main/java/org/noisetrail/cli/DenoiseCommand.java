package org.noisetrail.cli;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.noisetrail.NoisetrailException;
import org.noisetrail.checkpoint.Safetensors;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Condition;
import org.noisetrail.model.Conditioning;
import org.noisetrail.model.Denoiser;
import org.noisetrail.model.ImageShape;
import org.noisetrail.model.Parameterisation;
import org.noisetrail.model.Pipeline;
import org.noisetrail.torch.Tensors;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;

@Command(
        name = "denoise",
        description = {
            "Runs a model's denoiser once, for checking a conversion.",
            "Reads x (float32, NCHW), sigma (float32, [N]) and, for a model with classes, class_labels (int64 [N], or float32 "
                    + "[N, classes] with one 1 a row); writes denoised (float32, NCHW)."
        })
final class DenoiseCommand implements Callable<Integer> {
    @Mixin
    private TensorFiles tensors;

    @Mixin
    private ModelOptions modelOptions;

    @Override
    public Integer call() {
        modelOptions.check();
        tensors.checkOut();
        Safetensors file = tensors.in();
        try (Pipeline model = modelOptions.load()) {
            Denoiser denoiser = model.denoiser();
            ImageShape shape = denoiser.shape();
            List<Long> size = file.entry("x").shape();
            if (size.size() != 4 || !size.subList(1, 4).equals(shape(shape))) {
                throw new NoisetrailException(in() + ": tensor x must be [N, " + shape.channels() + ", "
                        + shape.height() + ", " + shape.width() + "]: " + size);
            }
            float[] x = file.floats("x");
            float[] sigma = file.floats("sigma");
            if (sigma.length != size.get(0)) {
                throw new NoisetrailException(in() + ": sigma must be one a row, " + size.get(0) + ": " + sigma.length);
            }
            float[] denoised =
                    denoise(denoiser, x, sigma, labels(file, model.classNames().size(), sigma.length));
            Safetensors.writer()
                    .put("denoised", denoised, sigma.length, shape.channels(), shape.height(), shape.width())
                    .write(tensors.out());
        }
        return ExitCode.OK;
    }

    private Path in() {
        return tensors.in().file();
    }

    private static List<Long> shape(ImageShape shape) {
        return List.of((long) shape.channels(), (long) shape.height(), (long) shape.width());
    }

    private long @Nullable [] labels(Safetensors file, int classes, int rows) {
        if (classes == 0) {
            return null;
        }
        if (!file.entries().containsKey("class_labels")) {
            throw new NoisetrailException(in() + ": the model has classes, so there must be a tensor class_labels");
        }
        List<Long> size = file.entry("class_labels").shape();
        long[] labels;
        if (size.equals(List.of((long) rows))) {
            labels = file.longs("class_labels");
        } else if (size.equals(List.of((long) rows, (long) classes))) {
            labels = numbers(file.floats("class_labels"), rows, classes);
        } else {
            throw new NoisetrailException(
                    in() + ": class_labels must be [" + rows + "] or [" + rows + ", " + classes + "]: " + size);
        }
        for (long label : labels) {
            if (label < 0 || label >= classes) {
                throw new NoisetrailException(
                        in() + ": class_labels must be from 0 to " + (classes - 1) + ": " + label);
            }
        }
        return labels;
    }

    private long[] numbers(float[] oneHot, int rows, int classes) {
        long[] labels = new long[rows];
        for (int row = 0; row < rows; row++) {
            int ones = 0;
            for (int c = 0; c < classes; c++) {
                float value = oneHot[row * classes + c];
                if (value == 1) {
                    labels[row] = c;
                    ones++;
                } else if (value != 0) {
                    ones = 2;
                }
            }
            if (ones != 1) {
                throw new NoisetrailException(
                        in() + ": class_labels must have one 1 and else 0 in each row: row " + row);
            }
        }
        return labels;
    }

    /** D = skip x + out F(input x; conditioning), a batch at a time. */
    private float[] denoise(Denoiser denoiser, float[] x, float[] sigma, long @Nullable [] labels) {
        ImageShape shape = denoiser.shape();
        int elements = shape.elements();
        float[] denoised = new float[x.length];
        for (int from = 0; from < sigma.length; from += modelOptions.maxBatch()) {
            int rows = Math.min(modelOptions.maxBatch(), sigma.length - from);
            float[] input = new float[rows * elements];
            float[] noise = new float[rows];
            Parameterisation.Scaling[] at = new Parameterisation.Scaling[rows];
            for (int row = 0; row < rows; row++) {
                float level = sigma[from + row];
                if (!(level > 0 && level < Float.POSITIVE_INFINITY)) {
                    throw new NoisetrailException(in() + ": sigma must be above 0 and finite: " + level);
                }
                at[row] = denoiser.parameterisation().at(1, level);
                noise[row] = (float) at[row].conditioning();
                for (int e = 0; e < elements; e++) {
                    input[row * elements + e] = (float) (at[row].input() * x[(from + row) * elements + e]);
                }
            }
            float[] output = network(
                    denoiser, input, noise, labels == null ? null : Arrays.copyOfRange(labels, from, from + rows));
            for (int row = 0; row < rows; row++) {
                for (int e = 0; e < elements; e++) {
                    int i = (from + row) * elements + e;
                    denoised[i] = (float) (at[row].skip() * x[i] + at[row].out() * output[row * elements + e]);
                }
            }
        }
        return denoised;
    }

    private static float[] network(Denoiser denoiser, float[] input, float[] noise, long @Nullable [] labels) {
        ImageShape shape = denoiser.shape();
        Device device = denoiser.device();
        long[] rows = LongStream.range(0, noise.length).toArray();
        List<Condition> conditions = Arrays.stream(rows)
                .mapToObj(row -> labels == null ? Condition.NONE : Condition.label((int) labels[(int) row]))
                .toList();
        try (Tensor inputs = Tensors.of(device, input, noise.length, shape.channels(), shape.height(), shape.width());
                Tensor levels = Tensors.of(device, noise, noise.length);
                Conditioning encoded = denoiser.encode(conditions);
                Tensor entries = Tensors.of(device, rows, rows.length);
                Tensor output = denoiser.network(inputs, levels, encoded, entries)) {
            return Tensors.toFloats(output);
        }
    }
}
