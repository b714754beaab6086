package org.noisetrail.spark;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.noisetrail.NoisetrailException;
import org.noisetrail.cli.Main;
import org.noisetrail.evaluation.CellRunner;
import org.noisetrail.kernels.Device;

/** The searches of a comparison on a Spark cluster, one a task: what {@code compare --spark} finds. */
public final class SparkCells implements CellRunner.Provider {
    @Override
    public String name() {
        return "spark";
    }

    @Override
    public CellRunner open(CellRunner.Job job) {
        boolean cuda = job.device().isCuda();
        SparkConf given = new SparkConf();
        if (job.auto() && !cuda && given.contains(ClusterSettings.CARDS)) {
            throw new IllegalArgumentException(
                    "--device auto finds no card where the driver runs, and " + ClusterSettings.CARDS
                            + " gives tasks one: say --device cpu, or --device cuda on a driver with a card");
        }
        SparkConf conf = ClusterSettings.complete(given, cuda);
        int cpus = ClusterSettings.taskCpus(conf);
        if (job.threads() != cpus) {
            throw new IllegalArgumentException("--threads must be spark.task.cpus, " + cpus
                    + ", as a comparison's seconds are those of that many threads: " + job.threads());
        }
        SparkSession spark = SparkSession.builder()
                .appName("noisetrail compare")
                .config(conf)
                .getOrCreate();
        JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
        List<String> arguments = new ArrayList<>(job.arguments());
        return new CellRunner() {
            @Override
            public void run(List<String> cells) {
                // Names come back; results lie in the folder.
                List<String> failures = context.parallelize(cells, cells.size())
                        .map(cell -> make(arguments, ClusterSettings.device(cuda), cell))
                        .filter(failure -> !failure.isEmpty())
                        .collect();
                if (!failures.isEmpty()) {
                    throw new NoisetrailException(failures.size() + " of " + cells.size()
                            + " searches failed, the first: " + failures.get(0));
                }
            }

            @Override
            public void close() {
                spark.stop();
            }
        };
    }

    /** The plain command line, in the executor's process, for one search. */
    private static String make(List<String> arguments, Device device, String cell) {
        List<String> words = new ArrayList<>(arguments);
        words.addAll(List.of("--cell", cell, "--cell-device", device.toString()));
        StringWriter said = new StringWriter();
        int code = Main.run(new PrintWriter(said), new PrintWriter(said), words.toArray(new String[0]));
        return code == 0 ? "" : said.toString().strip();
    }
}
