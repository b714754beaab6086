package org.noisetrail.cli;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.noisetrail.kernels.Device;
import org.noisetrail.kernels.Kernels;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
        name = "noise",
        description = {
            "Prints a candidate's noise by its name, as a JSON array of normals.",
            "Stage 0 is an image's initial state (before it is scaled by sigma-max), stage i + 1 is step i."
        })
final class NoiseCommand implements Callable<Integer> {
    private static final long MAX_ELEMENTS = 1L << 28;
    private static final int PRINTED_TOGETHER = 1 << 16;

    @Spec
    private CommandSpec command;

    @Mixin
    private SharedOptions.Seed seed;

    @Option(names = "--image", paramLabel = "I", defaultValue = "0", description = "0 to 2^32 - 1. Default: 0")
    private long image;

    @Option(names = "--stage", paramLabel = "S", defaultValue = "0", description = "0 to 2^32 - 1. Default: 0")
    private long stage;

    @Option(names = "--round", paramLabel = "R", defaultValue = "0", description = "0 to 65535. Default: 0")
    private long round;

    @Option(names = "--candidate", paramLabel = "C", defaultValue = "0", description = "0 to 65535. Default: 0")
    private long candidate;

    @Option(names = "--elements", paramLabel = "N", required = true, description = "How many normals; 1 to 2^28.")
    private long elements;

    @Override
    public Integer call() {
        check("--image", image, 0, 0xFFFFFFFFL);
        check("--stage", stage, 0, 0xFFFFFFFFL);
        check("--round", round, 0, 0xFFFF);
        check("--candidate", candidate, 0, 0xFFFF);
        check("--elements", elements, 1, MAX_ELEMENTS);
        Kernels kernels = Kernels.on(Device.CPU);
        // One nt_row: image, stage, draw, parent, kind.
        try (IntPointer row = new IntPointer((int) image, (int) stage, (int) (round << 16 | candidate), 0, 1);
                FloatPointer normals = new FloatPointer(elements)) {
            kernels.noise(row, 1, seed.seed(), elements, 1f, normals);
            print(normals);
        }
        return ExitCode.OK;
    }

    private void print(FloatPointer normals) {
        PrintWriter out = command.commandLine().getOut();
        float[] part = new float[PRINTED_TOGETHER];
        out.print('[');
        for (long from = 0; from < elements && !out.checkError(); from += part.length) {
            int count = (int) Math.min(part.length, elements - from);
            normals.position(from).get(part, 0, count);
            for (int i = 0; i < count; i++) {
                if (from + i > 0) {
                    out.print(", ");
                }
                // As many digits as tell a float from its neighbours: up to nine.
                out.print(part[i]);
            }
        }
        out.println(']');
    }

    private void check(String option, long value, long low, long high) {
        if (value < low || value > high) {
            throw new ParameterException(
                    command.commandLine(), option + " must be from " + low + " to " + high + ": " + value);
        }
    }
}
