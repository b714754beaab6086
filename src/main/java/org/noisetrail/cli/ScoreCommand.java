package org.noisetrail.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.Callable;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;
import org.noisetrail.NoisetrailException;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.ImageShape;
import org.noisetrail.model.Model;
import org.noisetrail.model.Tensors;
import org.noisetrail.reward.ImageBatch;
import org.noisetrail.reward.Reward;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
        name = "score",
        description = {
            "Scores images and prints one JSON array of their rewards.",
            "The file holds a tensor images (uint8, NCHW) and, for class rewards, classes (int64 [N])."
        })
final class ScoreCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec command;

    @Option(
            names = "--reward",
            paramLabel = "REWARD",
            required = true,
            converter = RewardSpec.Converter.class,
            description = RewardSpec.HELP)
    @SuppressWarnings("NullAway.Init")
    private RewardSpec reward;

    @Option(names = "--in", paramLabel = "FILE", required = true, description = "A safetensors file.")
    @SuppressWarnings("NullAway.Init")
    private Path in;

    @Mixin
    @SuppressWarnings("NullAway.Init")
    private ModelOptions modelOptions;

    @Override
    public Integer call() {
        if (reward.needsModel() && !modelOptions.named()) {
            throw new ParameterException(command.commandLine(), "the reward " + reward + " needs a --model, for its classifier");
        }
        modelOptions.check();
        double[] scores;
        try (TensorFile file = new TensorFile(in);
                Tensor images = file.tensor("images", new long[] {-1, -1, -1, -1}, ScalarType.Byte)) {
            int[] classes = classes(file, (int) images.size(0));
            if (reward.needsModel()) {
                try (Model model = modelOptions.load()) {
                    scores = score(images, classes, model);
                }
            } else {
                scores = score(images, classes, null);
            }
        }
        print(scores);
        return ExitCode.OK;
    }

    private int[] classes(TensorFile file, int rows) {
        int[] classes = new int[rows];
        Arrays.fill(classes, -1);
        if (file.has("classes")) {
            try (Tensor labels = file.tensor("classes", new long[] {rows}, ScalarType.Long)) {
                long[] values = Tensors.toLongs(labels);
                for (int i = 0; i < rows; i++) {
                    if (values[i] < 0 || values[i] > Integer.MAX_VALUE) {
                        throw new NoisetrailException(in + ": classes must be >= 0: " + values[i]);
                    }
                    classes[i] = (int) values[i];
                }
            }
        } else if (reward.needsModel()) {
            throw new NoisetrailException(in + ": the reward " + reward + " needs a tensor classes (int64)");
        }
        return classes;
    }

    private double[] score(Tensor images, int[] classes, @Nullable Model model) {
        long[] size = Tensors.shape(images);
        ImageShape shape = new ImageShape((int) size[1], (int) size[2], (int) size[3]);
        Device device = modelOptions.device();
        if (model != null) {
            checkFits(shape, classes, model);
        }
        double[] all = new double[classes.length];
        try (Reward judge = reward.build(() -> {
            if (model == null) {
                throw new IllegalStateException("no model");
            }
            return model;
        })) {
            for (int from = 0; from < classes.length; from += modelOptions.maxBatch()) {
                int count = Math.min(modelOptions.maxBatch(), classes.length - from);
                int[] labels = Arrays.copyOfRange(classes, from, from + count);
                try (Tensor pixels = onDevice(images, from, count, device);
                        Tensor label = Tensors.ints(device, count);
                        Tensor scores = Tensors.doubles(device, count)) {
                    Tensors.copy(labels, label);
                    judge.score(new ImageBatch(device, shape, pixels, label, labels), scores);
                    System.arraycopy(Tensors.toDoubles(scores), 0, all, from, count);
                }
            }
        }
        return all;
    }

    private void checkFits(ImageShape shape, int[] classes, Model model) {
        if (!shape.equals(model.denoiser().shape())) {
            throw new NoisetrailException(
                    in + ": images must be " + model.denoiser().shape() + ", as the model's: " + shape);
        }
        for (int label : classes) {
            if (label >= model.denoiser().classes()) {
                throw new NoisetrailException(
                        in + ": classes must be from 0 to " + (model.denoiser().classes() - 1) + ": " + label);
            }
        }
    }

    private static Tensor onDevice(Tensor images, int from, int count, Device device) {
        try (Tensor rows = Tensors.rows(images, from, count)) {
            byte[] values = Tensors.toBytes(rows);
            Tensor pixels = Tensors.bytes(device, count, images.size(1), images.size(2), images.size(3));
            Tensors.copy(values, pixels);
            return pixels;
        }
    }

    private void print(double[] scores) {
        PrintWriter out = command.commandLine().getOut();
        out.print('[');
        for (int i = 0; i < scores.length; i++) {
            out.print(i == 0 ? "" : ", ");
            out.print(Numbers.json(scores[i]));
        }
        out.println(']');
    }
}
