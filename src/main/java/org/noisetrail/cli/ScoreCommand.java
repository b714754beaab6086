package org.noisetrail.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.noisetrail.NoisetrailException;
import org.noisetrail.checkpoint.Safetensors;
import org.noisetrail.files.Numbers;
import org.noisetrail.model.Condition;
import org.noisetrail.model.ImageShape;
import org.noisetrail.model.Pipeline;
import org.noisetrail.reward.HostImages;
import org.noisetrail.reward.Image;
import org.noisetrail.reward.Reward;
import org.noisetrail.reward.RewardText;
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
    private CommandSpec command;

    @Option(
            names = "--reward",
            paramLabel = "REWARD",
            required = true,
            converter = RewardOptions.Converter.class,
            description = "A reward, as for generate.")
    @SuppressWarnings("NullAway.Init")
    private RewardText reward;

    @Mixin
    private TensorFiles.In tensors;

    @Option(
            names = "--prompts",
            paramLabel = "FILE",
            description = "What the images were asked to be, one a line, taken in turn: for clip.")
    private @Nullable Path prompts;

    @Mixin
    private ModelOptions modelOptions;

    @Override
    public Integer call() {
        if (reward.needsPipeline() && !modelOptions.named()) {
            throw new ParameterException(command.commandLine(), "the reward " + reward + " needs a --model");
        }
        if (modelOptions.named()) {
            modelOptions.check();
        } else {
            modelOptions.checkNumbers();
        }
        ConditionOptions.checkFile(prompts);
        Safetensors file = tensors.open();
        List<Long> size = file.entry("images").shape();
        if (size.size() != 4) {
            throw new NoisetrailException(in() + ": tensor images must be NCHW: " + size);
        }
        // A tensor without elements may have any other sides.
        if (size.stream().anyMatch(side -> side > Integer.MAX_VALUE)
                || size.get(0) > 0 && size.subList(1, 4).contains(0L)) {
            throw new NoisetrailException(
                    in() + ": tensor images must have sides from 1 to " + Integer.MAX_VALUE + ": " + size);
        }
        byte[] pixels = file.bytes("images");
        int rows = Math.toIntExact(size.get(0));
        int[] classes = classes(file, rows);
        if (rows == 0) {
            command.commandLine().getOut().println("[]");
            return ExitCode.OK;
        }
        ImageShape shape = new ImageShape(
                Math.toIntExact(size.get(1)), Math.toIntExact(size.get(2)), Math.toIntExact(size.get(3)));
        List<Image> images = images(pixels, shape, conditions(classes));
        if (reward.needsPipeline()) {
            try (Pipeline model = modelOptions.load()) {
                checkFits(shape, classes, model);
                print(score(images, reward.build(() -> model)));
            }
        } else {
            modelOptions.setThreads();
            print(score(images, reward.build(modelOptions.device())));
        }
        return ExitCode.OK;
    }

    private Path in() {
        return tensors.open().file();
    }

    private int[] classes(Safetensors file, int rows) {
        int[] classes = new int[rows];
        Arrays.fill(classes, -1);
        if (file.entries().containsKey("classes")) {
            long[] values = file.longs("classes");
            if (values.length != rows) {
                throw new NoisetrailException(in() + ": classes must be one an image, " + rows + ": " + values.length);
            }
            for (int i = 0; i < rows; i++) {
                if (values[i] < 0 || values[i] > Integer.MAX_VALUE) {
                    throw new NoisetrailException(in() + ": classes must be >= 0: " + values[i]);
                }
                classes[i] = (int) values[i];
            }
        } else if (reward.needsPipeline() && prompts == null) {
            throw new NoisetrailException(
                    in() + ": the reward " + reward + " needs a tensor classes (int64), or --prompts");
        }
        return classes;
    }

    private double[] score(List<Image> images, Reward judge) {
        try (judge) {
            return HostImages.scores(judge, modelOptions.device(), images, modelOptions.maxBatch());
        }
    }

    private static List<Image> images(byte[] pixels, ImageShape shape, List<Condition> conditions) {
        List<Image> images = new ArrayList<>();
        for (Condition condition : conditions) {
            int from = images.size() * shape.elements();
            images.add(new Image(shape, Arrays.copyOfRange(pixels, from, from + shape.elements()), condition));
        }
        return images;
    }

    /** A prompt an image, in turn, where there are prompts; else its class. */
    private List<Condition> conditions(int[] classes) {
        List<Condition> asked = prompts == null ? List.of() : ConditionOptions.read(prompts, null);
        List<Condition> conditions = new ArrayList<>();
        for (int i = 0; i < classes.length; i++) {
            conditions.add(
                    !asked.isEmpty()
                            ? asked.get(i % asked.size())
                            : classes[i] < 0 ? Condition.NONE : Condition.label(classes[i]));
        }
        return conditions;
    }

    private void checkFits(ImageShape shape, int[] classes, Pipeline model) {
        if (!shape.equals(model.decoder().image())) {
            throw new NoisetrailException(
                    in() + ": images must be " + model.decoder().image() + ", as the model's: " + shape);
        }
        for (int label : prompts == null ? classes : new int[0]) {
            if (label >= model.classNames().size()) {
                throw new NoisetrailException(in() + ": classes must be from 0 to "
                        + (model.classNames().size() - 1) + ": " + label);
            }
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
