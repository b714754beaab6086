package org.noisetrail.spark;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.jspecify.annotations.Nullable;
import org.noisetrail.engine.StepEngine;
import org.noisetrail.evaluation.Version;
import org.noisetrail.files.OutputFolder;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.PipelineOptions;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;

/** Draws a list of requests on a Spark cluster: what {@code spark-submit --class org.noisetrail.spark.SparkMain} runs. */
@Command(
        name = "noisetrail-spark",
        mixinStandardHelpOptions = true,
        version = "noisetrail-spark " + Version.NOISETRAIL,
        sortOptions = false,
        usageHelpWidth = 100,
        description = {
            "Draws a list of requests, each into a folder of its own below --out, and writes results.parquet there.",
            "Started again it draws what is missing."
        },
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {"0:done", "1:some requests could not be drawn", "2:a mistake in the arguments"})
public final class SparkMain implements Callable<Integer> {
    @Option(
            names = "--requests",
            required = true,
            paramLabel = "FILE|TABLE",
            description = "JSON lines (.json, .jsonl), CSV with a header (.csv), Parquet (.parquet), or a table's name."
                    + " Columns: prompt and negative, or class; seed, images, firstImage, id; and method, reward,"
                    + " heldOut, sampler, budget, which the options below give where a line does not.")
    @SuppressWarnings("NullAway.Init")
    private String requests;

    @Option(
            names = "--out",
            required = true,
            paramLabel = "FOLDER",
            description = "An absolute path that all machines share.")
    @SuppressWarnings("NullAway.Init")
    private String out;

    @Option(
            names = "--model",
            paramLabel = "NAME|FOLDER",
            defaultValue = "fashion-mnist",
            description = "Default: ${DEFAULT-VALUE}")
    @SuppressWarnings("NullAway.Init")
    private String model;

    @Option(names = "--guidance", paramLabel = "G", description = "Default: the model's own")
    private @Nullable Double guidance;

    @Option(names = "--no-torchscript", description = "Refuse TorchScript (.pt files), which is code.")
    private boolean noTorchScript;

    @Option(
            names = "--device",
            paramLabel = "DEVICE",
            defaultValue = "cpu",
            description = "cpu, or cuda: the card that Spark gives a task. Default: ${DEFAULT-VALUE}")
    @SuppressWarnings("NullAway.Init")
    private String device;

    @Option(
            names = "--method",
            paramLabel = "METHOD",
            description = "With its settings, as in eps-greedy:rounds=10. Default: as of generate")
    private @Nullable String method;

    @Option(names = "--reward", paramLabel = "REWARD", description = "Default: brightness, of a model of prompts clip")
    private @Nullable String reward;

    @Option(
            names = "--held-out",
            paramLabel = "REWARD",
            description = "A reward of the final images, never searched on.")
    private @Nullable String heldOut;

    @Option(
            names = "--sampler",
            paramLabel = "SAMPLER",
            description = "With its settings, as in ddim:steps=20. Default: the model's own")
    private @Nullable String sampler;

    @Option(names = "--budget", paramLabel = "NFE", description = "The most network evaluations an image may cost.")
    private @Nullable Long budget;

    @Option(names = "--max-batch", paramLabel = "ROWS", defaultValue = "64", description = "Default: ${DEFAULT-VALUE}")
    private int maxBatch;

    @Option(
            names = "--decode-batch",
            paramLabel = "ROWS",
            defaultValue = "" + StepEngine.DECODE_BATCH,
            description = "Default: ${DEFAULT-VALUE}")
    private int decodeBatch;

    private SparkMain() {}

    /** Exits with 0 when all is drawn, 1 when some requests could not be, 2 for a mistake in the arguments. */
    public static void main(String[] args) {
        int code = run(args);
        // Left to the process's end, a cluster would start executors anew while it stops.
        SparkSession.getDefaultSession().foreach(session -> {
            session.stop();
            return null;
        });
        // In a cluster's mode of YARN an exit counts as a failure, whatever its code.
        if (code != ExitCode.OK) {
            System.exit(code);
        }
    }

    /** Runs in this process, with the Spark session that is there or is made. */
    static int run(String... args) {
        CommandLine command = new CommandLine(new SparkMain());
        command.setExecutionExceptionHandler((e, line, parsed) -> {
            line.getErr().println("noisetrail-spark: " + e.getMessage());
            line.getErr().flush();
            return e instanceof IllegalArgumentException ? ExitCode.USAGE : ExitCode.SOFTWARE;
        });
        return command.execute(args);
    }

    private Job job() {
        Device asked = Device.parse(device);
        PipelineOptions.Builder options = PipelineOptions.builder();
        if (guidance != null) {
            options.guidance(guidance);
        }
        return new Job(
                out,
                model,
                new TreeMap<>(options.build().settings()),
                !noTorchScript,
                asked.isCuda(),
                maxBatch,
                decodeBatch);
    }

    @Override
    public Integer call() {
        Job job = job();
        OutputFolder folder = OutputFolder.open(job.path());
        SparkConf conf = ClusterSettings.complete(new SparkConf(), job.cuda());
        SparkSession spark =
                SparkSession.builder().appName("noisetrail").config(conf).getOrCreate();
        List<Request> all = RequestTable.requests(
                RequestTable.read(spark, requests),
                new RequestTable.Defaults(method, reward, heldOut, sampler, budget));
        JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
        // One a partition: a task that is tried again draws one request again, and a long one holds up no other.
        int attempts = ClusterSettings.attempts(spark.sparkContext().conf());
        List<String> failures = context.parallelize(all, all.size())
                .map(request -> Drawing.draw(job, request, attempts))
                .filter(failure -> !failure.isEmpty())
                .collect();
        List<Request> drawn = all.stream()
                .filter(request -> folder.has(request.name(job) + "/result.json"))
                .toList();
        if (!drawn.isEmpty()) {
            write(spark, context, job, drawn);
        }
        PrintWriter err = new PrintWriter(System.err, true);
        failures.forEach(failure -> err.println("noisetrail-spark: " + failure));
        err.printf(
                Locale.ROOT, "noisetrail-spark: %d of %d requests are in %s%n", drawn.size(), all.size(), job.folder());
        return failures.isEmpty() ? ExitCode.OK : ExitCode.SOFTWARE;
    }

    /** The table, from the files, and by the executors: no image and no row comes here. */
    private static void write(SparkSession spark, JavaSparkContext context, Job job, List<Request> drawn) {
        JavaRDD<org.apache.spark.sql.Row> rows = context.parallelize(drawn, Math.min(drawn.size(), 64))
                .flatMap(request -> ResultTable.rows(job, request));
        spark.createDataFrame(rows, ResultTable.SCHEMA)
                .write()
                .mode(SaveMode.Overwrite)
                .parquet(file(job.path().resolve("results.parquet")));
    }

    /** As Hadoop reads it: a URI would have its spaces escaped, and they would stay so. */
    private static String file(Path path) {
        return "file://" + path.toAbsolutePath();
    }
}
