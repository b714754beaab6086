package org.noisetrail.benchmarks;

import java.util.Collection;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.results.format.ResultFormatType;
import org.openjdk.jmh.runner.NoBenchmarksException;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/** Runs the benchmarks by JMH's own options and prints what they are for: Markdown tables. JSON: target/benchmarks. */
public final class Benchmarks {
    private Benchmarks() {}

    public static void main(String[] args)
            throws RunnerException, CommandLineOptionException, java.io.IOException, InterruptedException {
        if (args.length == 1 && args[0].equals("overhead")) {
            Overhead.print();
            return;
        }
        if (args.length > 0 && args[0].equals("scaling")) {
            Scaling.print(args.length > 1 ? args[1] : "");
            return;
        }
        if (args.length == 1 && args[0].equals("text-to-image")) {
            TextToImage.print();
            return;
        }
        if (args.length == 2 && args[0].equals("screening")) {
            ScreeningTable.run(args[1]);
            return;
        }
        if (args.length > 0 && args[0].equals("serve")) {
            ServeLoad.print(args.length > 1 ? Integer.parseInt(args[1]) : 60);
            return;
        }
        if (args.length == 2 && args[0].equals("full-size")) {
            FullSize.print(args[1]);
            return;
        }
        CommandLineOptions line = new CommandLineOptions(args);
        if (line.shouldHelp()) {
            line.showHelp();
            return;
        }
        Options options = new OptionsBuilder()
                .parent(line)
                .resultFormat(line.getResultFormat().orElse(ResultFormatType.JSON))
                .result(line.getResult().orElse("target/benchmarks/jmh.json"))
                .build();
        Runner runner = new Runner(options);
        if (line.shouldList()) {
            runner.list();
            return;
        }
        try {
            Collection<RunResult> results = runner.run();
            forwards(results);
            kernels(results);
            steps(results);
        } catch (NoBenchmarksException e) {
            System.err.println("no benchmark matches " + line.getIncludes() + "; -l lists them");
            System.exit(1);
        }
    }

    private static void forwards(Collection<RunResult> results) {
        boolean any = false;
        for (RunResult result : results) {
            if (result.getParams().getBenchmark().endsWith("ForwardBenchmark.forward")) {
                if (!any) {
                    System.out.println("\n## The network alone\n\n| rows | ms a call | ms per NFE |\n|---:|---:|---:|");
                    any = true;
                }
                int rows = Integer.parseInt(result.getParams().getParam("rows"));
                double ms = result.getPrimaryResult().getScore();
                System.out.printf(Locale.ROOT, "| %d | %.2f | %.3f |%n", rows, ms, ms / rows);
            }
        }
    }

    private static void kernels(Collection<RunResult> results) {
        Map<String, double[]> table = new TreeMap<>();
        for (RunResult result : results) {
            String name = result.getParams().getBenchmark();
            int column = name.endsWith("KernelBenchmark.kernel") ? 1 : name.endsWith("KernelBenchmark.copy") ? 2 : -1;
            if (column < 0) {
                continue;
            }
            KernelBenchmark.Kernel kernel =
                    KernelBenchmark.Kernel.valueOf(result.getParams().getParam("kernel"));
            long rows = Long.parseLong(result.getParams().getParam("rows"));
            long elements = Long.parseLong(result.getParams().getParam("elements"));
            String key = String.format(
                    Locale.ROOT,
                    "| %s | %3d | %5d",
                    kernel.name().toLowerCase(Locale.ROOT).replace('_', '-'),
                    rows,
                    elements);
            double[] row = table.computeIfAbsent(key, k -> new double[3]);
            row[0] = KernelBenchmark.bytes(kernel, rows, elements);
            row[column] = result.getPrimaryResult().getScore();
        }
        if (table.isEmpty()) {
            return;
        }
        System.out.println("\n## Kernels beside a copy of the same bytes (one thread's memcpy)\n");
        System.out.println("| kernel | rows | d | KB | us | copy, us | GB/s | of the copy's speed |");
        System.out.println("|---|---:|---:|---:|---:|---:|---:|---:|");
        table.forEach((key, row) -> System.out.printf(
                Locale.ROOT,
                "%s | %.0f | %.2f | %.2f | %.2f | %.0f %% |%n",
                key,
                row[0] / 1e3,
                row[1],
                row[2],
                row[0] / row[1] / 1e3,
                100 * row[2] / row[1]));
    }

    private static void steps(Collection<RunResult> results) {
        boolean any = false;
        for (RunResult result : results) {
            if (result.getParams().getBenchmark().endsWith("StepBenchmark.step")) {
                if (!any) {
                    System.out.println("\n## A step of a search (mean over its 6 steps; N 4, K 2)\n");
                    System.out.println("| method | images | ms a step |\n|---|---:|---:|");
                    any = true;
                }
                System.out.printf(
                        Locale.ROOT,
                        "| %s | %s | %.1f |%n",
                        result.getParams().getParam("method"),
                        result.getParams().getParam("images"),
                        result.getPrimaryResult().getScore());
            }
        }
    }
}
