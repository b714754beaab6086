package org.noisetrail.spark;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.SparkConf;
import org.apache.spark.TaskContext;
import org.apache.spark.resource.ResourceInformation;
import org.noisetrail.NoisetrailException;
import org.noisetrail.kernels.Device;

/** What executors need that run LibTorch: set where nobody has, checked where somebody has. */
final class ClusterSettings {
    /** JavaCPP would count LibTorch's memory against the heap's limit. */
    private static final List<String> FLAGS = List.of(
            "-Dorg.bytedeco.javacpp.maxPhysicalBytes=0",
            "-Dorg.bytedeco.javacpp.nopointergc=true",
            "-Djava.awt.headless=true");

    /** Tasks that are threads of the driver: the second number is how often one may fail. */
    private static final Pattern LOCAL = Pattern.compile("local(?:\\[[^,\\]]*(?:,\\s*(\\d+)\\s*)?])?");

    private static final String JAVA_OPTIONS = "spark.executor.extraJavaOptions";
    /** What gives a task a card. */
    static final String CARDS = "spark.task.resource.gpu.amount";
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
            one(conf, CARDS);
        }
        return conf;
    }

    /** Where a task runs that asks this: on the card that Spark has given it, if it is to have one. */
    static Device device(boolean cuda) {
        if (!cuda) {
            return Device.CPU;
        }
        ResourceInformation cards = TaskContext.get().resourcesJMap().get("gpu");
        if (cards == null || cards.addresses().length != 1) {
            throw new NoisetrailException(
                    "the task has no card of its own: set spark.executor.resource.gpu.amount and " + CARDS + " to 1");
        }
        return Device.parse("cuda:" + cards.addresses()[0]);
    }

    /** How often a task may fail; one that says itself what is wrong the last time holds up no other. */
    static int attempts(SparkConf conf) {
        Matcher local = LOCAL.matcher(conf.get("spark.master", ""));
        if (local.matches()) {
            return local.group(1) == null ? 1 : Integer.parseInt(local.group(1));
        }
        return conf.getInt("spark.task.maxFailures", 4);
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
