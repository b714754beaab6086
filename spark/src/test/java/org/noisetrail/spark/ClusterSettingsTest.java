package org.noisetrail.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.noisetrail.evaluation.CellRunner;
import org.noisetrail.kernels.Device;

/** What is settled before a session begins. */
class ClusterSettingsTest {
    @AfterEach
    void clear() {
        System.clearProperty(ClusterSettings.CARDS);
    }

    private static CellRunner open(Device device, boolean auto) {
        return new SparkCells().open(new CellRunner.Job(List.of("compare", "--spark"), 1, device, auto));
    }

    @Test
    void aComparisonOnACardGivesEachTaskOneHoweverItsOptionIsWritten() {
        System.setProperty(ClusterSettings.CARDS, "2");
        assertThatThrownBy(() -> open(new Device(1), false))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("spark.task.resource.gpu.amount must be 1, a card for each task and executor: 2");
    }

    @Test
    void aDriverWithoutACardDoesNotSpeakForTasksThatHaveOne() {
        System.setProperty(ClusterSettings.CARDS, "1");
        assertThatThrownBy(() -> open(Device.CPU, true))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith(
                        "--device auto finds no card where the driver runs, and spark.task.resource.gpu.amount gives tasks one");
    }

    @Test
    void onTheCpuNoCardIsAskedFor() {
        assertThat(ClusterSettings.device(false)).isEqualTo(Device.CPU);
        assertThat(ClusterSettings.complete(new SparkConf(false), false).contains(ClusterSettings.CARDS))
                .isFalse();
        assertThat(ClusterSettings.complete(new SparkConf(false), true).get(ClusterSettings.CARDS))
                .isEqualTo("1");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "local; 7; 1",
                "local[2]; 7; 1",
                "local[*]; 7; 1",
                "local[2,5]; 7; 5",
                "local[*, 3]; 7; 3",
                "local-cluster[2,1,1024]; 7; 7",
                "spark://host:7077; 7; 7",
                "yarn; ; 4"
            })
    void aTaskHasAsManyAttemptsAsSparkGivesIt(String master, Integer failures, int attempts) {
        SparkConf conf = new SparkConf(false).setMaster(master);
        if (failures != null) {
            conf.set("spark.task.maxFailures", failures.toString());
        }
        assertThat(ClusterSettings.attempts(conf)).isEqualTo(attempts);
    }
}
