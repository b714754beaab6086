package org.noisetrail.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.noisetrail.NoisetrailException;
import org.noisetrail.cli.Main;
import org.noisetrail.evaluation.CellRunner;
import org.noisetrail.files.JsonFiles;
import org.noisetrail.kernels.Device;

/**
 * A list of requests drawn by Spark. By default in this process, with two task slots; {@code local-cluster.sh} runs it with two executors, of which one is killed.
 */
@Timeout(600)
class SparkMainTest {
    private static final String MASTER = System.getProperty("noisetrail.spark.master", "local[2]");
    private static final boolean CLUSTER = MASTER.startsWith("local-cluster");
    private static final int REQUESTS = CLUSTER ? 8 : 3;
    private static final String ROUNDS = CLUSTER ? "3" : "1";

    @TempDir
    private static Path folder;

    @BeforeAll
    static void configure() {
        System.setProperty("spark.master", MASTER);
        System.setProperty("spark.ui.enabled", "false");
        System.setProperty("spark.driver.host", "127.0.0.1");
        System.setProperty("spark.driver.bindAddress", "127.0.0.1");
        System.setProperty("spark.sql.shuffle.partitions", "2");
        System.setProperty(
                "spark.executor.extraClassPath",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")));
    }

    @AfterAll
    static void stop() {
        SparkSession.active().stop();
    }

    private static String request(int i) {
        return String.format(
                "{\"id\": \"r%d\", \"class\": %d, \"seed\": %d, \"images\": 2, \"firstImage\": %d}",
                i, i, 40 + i, 3 * i);
    }

    private static int spark(Path out, Path list) {
        return SparkMain.run(
                "--requests",
                list.toString(),
                "--out",
                out.toString(),
                "--method",
                "eps-greedy:rounds=" + ROUNDS,
                "--sampler",
                "edm:steps=6",
                "--reward",
                "class",
                "--held-out",
                "heldout");
    }

    /** The folders of requests by the id that their names begin with. */
    private static Map<String, Path> drawn(Path out) throws IOException {
        Map<String, Path> drawn = new TreeMap<>();
        try (Stream<Path> all = Files.list(out)) {
            for (Path each : all.filter(Files::isDirectory).toList()) {
                String name = each.getFileName().toString();
                if (!name.startsWith("results")) {
                    assertThat(drawn.put(name.substring(0, name.indexOf('-')), each))
                            .as(name)
                            .isNull();
                }
            }
        }
        return drawn;
    }

    private static int[] pixels(Path picture) throws IOException {
        var image = ImageIO.read(picture.toFile());
        return image.getRaster().getPixels(0, 0, image.getWidth(), image.getHeight(), (int[]) null);
    }

    @Test
    void eachRequestIsDrawnOnceAsThePlainCommandLineDrawsIt() throws Exception {
        Path list = folder.resolve("requests.jsonl");
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < REQUESTS; i++) {
            lines.add(request(i));
        }
        lines.add(request(0)); // twice in the list is once
        Files.write(list, lines);
        Path out = folder.resolve("drawn");

        Killer killer = new Killer(out);
        if (CLUSTER) {
            killer.start();
        }
        long started = System.nanoTime();
        assertThat(spark(out, list)).isZero();
        System.out.printf("%s: %d requests in %.1f s%n", MASTER, REQUESTS, (System.nanoTime() - started) / 1e9);
        if (CLUSTER) {
            killer.join();
            assertThat(killer.killed).as("an executor was killed in the middle").isTrue();
        }

        Map<String, Path> drawn = drawn(out);
        assertThat(drawn).hasSize(REQUESTS);
        for (int i = 0; i < REQUESTS; i++) {
            Path plain = folder.resolve("plain" + i);
            assertThat(Main.run(
                            new PrintWriter(new StringWriter()),
                            new PrintWriter(System.err),
                            "generate",
                            "-q",
                            "--images",
                            "2",
                            "--classes",
                            "" + i,
                            "--seed",
                            "" + (40 + i),
                            "--first-image",
                            "" + 3 * i,
                            "--method",
                            "eps-greedy",
                            "--rounds",
                            ROUNDS,
                            "--steps",
                            "6",
                            "--reward",
                            "class",
                            "--held-out",
                            "heldout",
                            "--out",
                            plain.toString()))
                    .isZero();
            Path here = drawn.get("r" + i);
            assertThat(here.resolve("trail.json")).hasSameBinaryContentAs(plain.resolve("trail.json"));
            for (int image = 3 * i; image < 3 * i + 2; image++) {
                String name = String.format("images/%03d.png", image);
                assertThat(pixels(here.resolve(name))).as(name).isEqualTo(pixels(plain.resolve(name)));
            }
            assertThat(JsonFiles.read(here.resolve("result.json")).get("images"))
                    .isEqualTo(JsonFiles.read(plain.resolve("result.json")).get("images"));
        }
        tableSaysWhatTheFilesSay(out, drawn);
        aRestartDrawsOnlyWhatIsMissing(out, list, drawn);
    }

    private static void tableSaysWhatTheFilesSay(Path out, Map<String, Path> drawn) {
        List<Row> rows = SparkSession.active()
                .read()
                .parquet(out.resolve("results.parquet").toString())
                .collectAsList();
        assertThat(rows).hasSize(2 * REQUESTS);
        for (Row row : rows) {
            Path here = drawn.get(row.<String>getAs("id"));
            assertThat(row.<String>getAs("request"))
                    .isEqualTo(here.getFileName().toString());
            assertThat(out.resolve(row.<String>getAs("file"))).exists();
            int place = (int) (row.<Long>getAs("image") % 3);
            var image =
                    JsonFiles.read(here.resolve("result.json")).get("images").get(place);
            assertThat(row.<Double>getAs("reward"))
                    .isEqualTo(image.get("reward").doubleValue());
            assertThat(row.<Double>getAs("heldOut"))
                    .isEqualTo(image.get("heldOut").doubleValue());
            assertThat(row.<Long>getAs("networkEvaluations"))
                    .isEqualTo(image.get("ledger").get("networkEvaluations").longValue());
        }
    }

    private static void aRestartDrawsOnlyWhatIsMissing(Path out, Path list, Map<String, Path> drawn)
            throws IOException {
        // A folder that a killed machine left unfinished.
        Path cut = drawn.get("r1");
        byte[] trail = Files.readAllBytes(cut.resolve("trail.json"));
        Files.delete(cut.resolve("result.json"));
        Files.delete(cut.resolve("images/004.png"));
        Map<Path, FileTime> before = times(out);
        assertThat(spark(out, list)).isZero();
        Map<Path, FileTime> after = times(out);
        assertThat(after.keySet()).containsAll(before.keySet());
        before.forEach((file, time) -> {
            boolean summary = Stream.of("result.json", "trail.json", "grid.png").anyMatch(file::endsWith);
            if (!(file.startsWith(cut) && summary)) {
                assertThat(after.get(file)).as(file.toString()).isEqualTo(time);
            }
        });
        assertThat(cut.resolve("images/004.png")).exists();
        assertThat(cut.resolve("trail.json")).hasBinaryContent(trail);
    }

    private static Map<Path, FileTime> times(Path out) throws IOException {
        Map<Path, FileTime> times = new HashMap<>();
        try (Stream<Path> all = Files.walk(out)) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                if (!file.toString().contains("results.parquet")) {
                    times.put(file, Files.getLastModifiedTime(file));
                }
            }
        }
        return times;
    }

    @Test
    void aRequestThatCannotBeDrawnIsToldAndHoldsUpNoOther() throws IOException {
        Path list = folder.resolve("mixed.csv");
        Files.write(
                list,
                List.of(
                        "id,class,seed,reward",
                        "good,3,1,",
                        "bad,10,1,",
                        "judged,3,1,clip",
                        "filed,3,1,torchscript:none.pt"));
        Path out = folder.resolve("mixed run, é");
        assertThat(SparkMain.run(
                        "--requests",
                        list.toString(),
                        "--out",
                        out.toString(),
                        "--method",
                        "naive",
                        "--sampler",
                        "edm:steps=2"))
                .isEqualTo(1);
        Map<String, Path> drawn = drawn(out);
        assertThat(drawn.get("good").resolve("result.json")).exists();
        assertThat(out.resolve("results.parquet")).exists();
        for (String id : List.of("bad", "judged", "filed")) {
            assertThat(drawn.getOrDefault(id, folder).resolve("result.json")).doesNotExist();
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "seed,prompt       | 7,a red sneaker, studio light | values as there are columns",
                "id,class,seed     | a,3                           | values as there are columns",
                "id,class          | a,3000000000                  | request 1: class must be from -2147483648 to 2147483647: 3000000000",
                "id,class,seed     | a,3,abc                       | request 1: seed must be a whole number from 0 to 2^64 - 1: abc"
            })
    void aLineThatIsNotWholeIsRefusedBeforeAnythingIsDrawn(String head, String line, String said) throws IOException {
        Path list = folder.resolve("odd.csv");
        Files.write(list, List.of(head, line));
        SparkSession spark =
                SparkSession.builder().config(new SparkConf().setAppName("odd")).getOrCreate();
        RequestTable.Defaults none = new RequestTable.Defaults(null, null, null, null, null);
        assertThatThrownBy(() -> RequestTable.requests(RequestTable.read(spark, list.toString()), none))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(said);
    }

    @Test
    void comparesSearchesAreSpreadAndTheTableIsThePlainOne() throws IOException {
        String[] common = {
            "compare",
            "--methods",
            "naive,best-of-n:candidates=2,eps-greedy:rounds=1:candidates=2",
            "--images",
            "2",
            "--classes",
            "1,7",
            "--seeds",
            "2",
            "--steps",
            "3",
            "--threads",
            "1",
            "-q",
            "--json",
            "--out"
        };
        Path plain = folder.resolve("compared");
        Path spread = folder.resolve("compared-by-spark");
        String here = compare(common, plain.toString());
        // Its own session: a runner ends the one it has used.
        SparkSession.getActiveSession().foreach(session -> {
            session.stop();
            return null;
        });
        String there = compare(common, spread.toString(), "--spark");
        String[] arguments = Stream.concat(Arrays.stream(common), Stream.of(spread.toString(), "--spark"))
                .toArray(String[]::new);
        assertThat(withoutMeasured(there)).isEqualTo(withoutMeasured(here));
        assertThat(names(spread.resolve("cells"))).isEqualTo(names(plain.resolve("cells")));

        try (CellRunner runner = new SparkCells().open(new CellRunner.Job(List.of(arguments), 1, Device.CPU, true))) {
            assertThatThrownBy(() -> runner.run(List.of("{}")))
                    .isInstanceOf(NoisetrailException.class)
                    .hasMessageContaining("1 of 1 searches failed")
                    .hasMessageContaining("the cell has rewards that the comparison has not");
        }
        assertThatThrownBy(() -> new SparkCells().open(new CellRunner.Job(List.of(arguments), 2, Device.CPU, true)))
                .hasMessageContaining("--threads must be spark.task.cpus, 1");
    }

    /** What a machine's clock and memory said is its own. */
    private static String withoutMeasured(String json) {
        return json.replaceAll("\"(seconds[A-Za-z]*|peakBytes)\" : [0-9.E-]+", "");
    }

    private static List<String> names(Path cells) throws IOException {
        try (Stream<Path> all = Files.list(cells)) {
            return all.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    private static String compare(String[] common, String... more) {
        StringWriter said = new StringWriter();
        String[] all = Stream.concat(Arrays.stream(common), Arrays.stream(more)).toArray(String[]::new);
        StringWriter err = new StringWriter();
        assertThat(Main.run(new PrintWriter(said), new PrintWriter(err), all))
                .as(err.toString())
                .isZero();
        return said.toString();
    }

    /** Kills one executor once the first request is drawn. */
    private static final class Killer extends Thread {
        private final Path out;
        volatile boolean killed;

        Killer(Path out) {
            this.out = out;
            setDaemon(true);
        }

        @Override
        public void run() {
            try {
                while (!killed && finished() < REQUESTS) {
                    Thread.sleep(50);
                    if (finished() > 0) {
                        killed = ProcessHandle.current()
                                .descendants()
                                // Masters and workers of local-cluster are threads here: what this process has started
                                // is executors.
                                .filter(process ->
                                        process.info().command().orElse("").endsWith("/java"))
                                .findFirst()
                                .map(ProcessHandle::destroyForcibly)
                                .orElse(false);
                        System.out.printf(
                                "executor killed: %s, after %d of %d requests%n", killed, finished(), REQUESTS);
                    }
                }
            } catch (InterruptedException | IOException e) {
                throw new IllegalStateException(e);
            }
        }

        private long finished() throws IOException {
            if (!Files.isDirectory(out)) {
                return 0;
            }
            try (Stream<Path> all = Files.walk(out)) {
                return all.filter(file -> file.endsWith("result.json")).count();
            }
        }
    }
}
