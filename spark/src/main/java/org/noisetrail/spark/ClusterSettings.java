package org.noisetrail.spark;

import java.util.List;
import org.apache.spark.SparkConf;

/** What executors need that run LibTorch: set where nobody has, checked where somebody has. */
final class ClusterSettings {
    /** JavaCPP would count LibTorch's memory against the heap's limit. */
    private static final List<String> FLAGS = List.of(
            "-Dorg.bytedeco.javacpp.maxPhysicalBytes=0",
            "-Dorg.bytedeco.javacpp.nopointergc=true",
            "-Djava.awt.headless=true");

    private static final String JAVA_OPTIONS = "spark.executor.extraJavaOptions";
    /** LibTorch, its caches and an embedded model; a large model needs its own size besides. */
    private static final String OVERHEAD = "2g";

    private ClusterSettings() {}

    /**
     * Completes a configuration, before executors start.
     *
     * @throws IllegalArgumentException that names a setting that cannot work
     */
    static SparkConf complete(SparkConf conf, boolean cuda) {
        // Spark sets OMP_NUM_THREADS to 1 where nobody does, whatever a task's cores are.
        conf.setIfMissing("spark.executorEnv.OMP_NUM_THREADS", Integer.toString(taskCpus(conf)));
        conf.setIfMissing("spark.executorEnv.OMP_WAIT_POLICY", "passive");
        conf.setIfMissing("spark.executorEnv.GOMP_SPINCOUNT", "1000");
        conf.setIfMissing("spark.executorEnv.THP_MEM_ALLOC_ENABLE", "1");
        // Memory of LibTorch lies outside the heap.
        if (!conf.contains("spark.executor.memoryOverheadFactor")) {
            conf.setIfMissing("spark.executor.memoryOverhead", OVERHEAD);
        }
        String given = conf.get(JAVA_OPTIONS, "");
        StringBuilder options = new StringBuilder(given);
        for (String flag : FLAGS) {
            if (!given.contains(flag.substring(0, flag.indexOf('=') + 1))) {
                options.append(options.isEmpty() ? "" : " ").append(flag);
            }
        }
        conf.set(JAVA_OPTIONS, options.toString());
        if (cuda) {
            one(conf, "spark.executor.resource.gpu.amount");
            one(conf, "spark.task.resource.gpu.amount");
        }
        return conf;
    }

    /** Cores of a task, and so threads of its operations. */
    static int taskCpus(SparkConf conf) {
        return conf.getInt("spark.task.cpus", 1);
    }

    private static void one(SparkConf conf, String key) {
        String amount = conf.get(key, "1");
        if (!amount.equals("1")) {
            throw new IllegalArgumentException(key + " must be 1, a card for each task and executor: " + amount);
        }
        conf.set(key, amount);
    }
}
