package org.noisetrail.robustness;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Kills {@code generate} and {@code compare} (SIGKILL) at random moments, and looks at what they leave: {@code src/test/attack.sh kills [KILLS] [SEED]} runs it. Half of the moments are drawn over a
 * whole run, half over the time in which a run writes. After a few kills the same command runs to its end.
 *
 * <p>A fault is a file that is not, to the last bit, one that an undisturbed run writes (times by the clock and the memory held apart); files of two runs beside each other; a result whose pictures are not all there, or
 * are another run's; a cell that is drawn again though it was whole; an end that differs from an undisturbed run's, or leaves anything beside it.
 */
public final class Kills {
    private static final int KILLS_IN_A_ROW = 4;
    private static final ObjectMapper JSON = new ObjectMapper();

    /** What undisturbed runs give. */
    private record Reference(SortedMap<String, String> files, long millis, long writing) {}

    private final Path folder;
    private final Random random;
    private final PrintStream out;
    private int faults;

    private Kills(Path folder, long seed, PrintStream out) {
        this.folder = folder;
        this.random = new Random(seed);
        this.out = out;
    }

    /** Arguments: how many kills (100), and a seed (1). Ends with 1 if there are faults. */
    public static void main(String[] arguments) throws Exception {
        int kills = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 100;
        long seed = arguments.length > 1 ? Long.parseLong(arguments[1]) : 1;
        Kills all = new Kills(Files.createTempDirectory("noisetrail-kills-"), seed, System.out);
        all.generate((kills + 1) / 2);
        all.compare(kills / 2);
        System.out.printf(Locale.ROOT, "%d kills, %d faults%n", kills, all.faults);
        System.exit(all.faults == 0 ? 0 : 1);
    }

    private static final List<String> SMALL = List.of(
            "--model", "fashion-mnist", "--steps", "4", "--threads", "1", "--reward", "class", "--held-out", "heldout");

    private static List<String> command(String name, Path to, String... more) {
        List<String> words = new ArrayList<>(List.of(name, "--out", to.toString()));
        words.addAll(SMALL);
        words.addAll(List.of(more));
        return words;
    }

    private static List<String> generating(Path to, int seed) {
        return command(
                "generate",
                to,
                "--images",
                "24",
                "--method",
                "beam",
                "--max-batch",
                "8",
                "--save-tensors",
                "--overwrite",
                "--seed",
                String.valueOf(seed));
    }

    private static List<String> comparing(Path to) {
        return command(
                "compare",
                to,
                "--images",
                "3",
                "--seeds",
                "4",
                "--methods",
                "naive,best-of-n:candidates=2,beam:candidates=2",
                "--quiet");
    }

    /** A folder that holds the run of one seed is drawn anew with another. */
    private void generate(int kills) throws Exception {
        Path work = folder.resolve("generate");
        Reference before = reference(generating(folder.resolve("before"), 1), folder.resolve("before"));
        Reference after = reference(generating(folder.resolve("after"), 2), folder.resolve("after"));
        for (int done = 0; done < kills; ) {
            delete(work);
            copy(folder.resolve("before"), work);
            int row = Math.min(KILLS_IN_A_ROW, kills - done);
            for (int k = 0; k < row; k++) {
                String when = kill(generating(work, 2), work, after);
                generated(work, before.files, after.files, "generate, kill " + ++done + " " + when);
            }
            finish(generating(work, 2), work, after, "generate, after kill " + done);
        }
    }

    private void generated(Path work, SortedMap<String, String> before, SortedMap<String, String> after, String when)
            throws IOException {
        SortedMap<String, String> now = contents(work);
        boolean old = false;
        boolean fresh = false;
        for (String name : now.keySet()) {
            boolean isOld = now.get(name).equals(before.get(name));
            boolean isNew = now.get(name).equals(after.get(name));
            check(isOld || isNew, when + ": " + name + " is no run's");
            old |= isOld && !isNew;
            fresh |= isNew && !isOld;
        }
        check(!(old && fresh), when + ": files of two runs: " + now.keySet());
        check(
                !now.containsKey("result.json") || now.equals(before) || now.equals(after),
                when + ": the result speaks of pictures that are not there: " + now.keySet());
        say(when, now.size(), after.size(), work);
    }

    /** An empty folder is filled; what is finished is not drawn again. */
    private void compare(int kills) throws Exception {
        Path work = folder.resolve("compare");
        Reference whole = reference(comparing(folder.resolve("whole")), folder.resolve("whole"));
        for (int done = 0; done < kills; ) {
            delete(work);
            int row = Math.min(KILLS_IN_A_ROW, kills - done);
            SortedMap<String, Long> cells = new TreeMap<>();
            for (int k = 0; k < row; k++) {
                String when = "compare, kill " + ++done + " " + kill(comparing(work), work, whole);
                SortedMap<String, String> now = contents(work);
                now.forEach((name, content) ->
                        check(content.equals(whole.files.get(name)), when + ": " + name + " is not the whole run's"));
                check(
                        !now.containsKey("compare.json") || isWholeButForThePage(now, whole.files),
                        when + ": not all is there: " + now.keySet());
                kept(work, cells, when);
                say(when, now.size(), whole.files.size(), work);
            }
            finish(comparing(work), work, whole, "compare, after kill " + done);
            kept(work, cells, "compare, after kill " + done);
        }
    }

    private static boolean isWholeButForThePage(SortedMap<String, String> now, SortedMap<String, String> whole) {
        SortedMap<String, String> paged = new TreeMap<>(now);
        paged.putIfAbsent("report.html", String.valueOf(whole.get("report.html")));
        return paged.equals(whole);
    }

    /** @param cells when each was written; takes the new ones */
    private void kept(Path work, SortedMap<String, Long> cells, String when) throws IOException {
        for (String name : contents(work).keySet()) {
            if (name.startsWith("cells/")) {
                long written = Files.getLastModifiedTime(work.resolve(name)).to(TimeUnit.NANOSECONDS);
                Long earlier = cells.put(name, written);
                check(earlier == null || earlier == written, when + ": " + name + " was drawn again");
            }
        }
    }

    private void check(boolean holds, String fault) {
        if (!holds) {
            faults++;
            out.println("FAULT: " + fault);
        }
    }

    private void say(String when, int files, int of, Path work) throws IOException {
        out.printf(
                Locale.ROOT,
                "%s: %d of %d files, %d temporary%n",
                when,
                files,
                of,
                paths(work).stream().filter(Kills::temporary).count());
    }

    private Reference reference(List<String> words, Path to) throws Exception {
        long start = System.currentTimeMillis();
        Process process = start(words);
        while (process.isAlive()
                && !(Files.isDirectory(to) && paths(to).stream().anyMatch(path -> !temporary(path)))) {
            Thread.sleep(5);
        }
        long first = System.currentTimeMillis();
        if (process.waitFor() != 0) {
            throw new IllegalStateException(words + " ended with " + process.exitValue());
        }
        long end = System.currentTimeMillis();
        return new Reference(contents(to), end - start, end - first);
    }

    /** Starts a command and kills it; again, if it ends before. Says when it was killed. */
    private String kill(List<String> words, Path work, Reference reference) throws Exception {
        for (int attempt = 0; attempt < 100; attempt++) {
            boolean writing = random.nextBoolean();
            SortedMap<String, String> before = contents(work);
            Process process = start(words);
            while (writing && process.isAlive() && contents(work).equals(before)) {
                Thread.sleep(2);
            }
            long millis = (long) (random.nextDouble() * (writing ? reference.writing : reference.millis));
            if (!process.waitFor(millis, TimeUnit.MILLISECONDS)) {
                process.destroyForcibly().waitFor();
                return "(" + millis + " ms after " + (writing ? "its first change" : "its start") + ")";
            }
        }
        throw new IllegalStateException("ends before it can be killed: " + words);
    }

    private void finish(List<String> words, Path work, Reference reference, String when) throws Exception {
        Process process = start(words);
        check(process.waitFor() == 0, when + ": ended with " + process.exitValue());
        check(contents(work).equals(reference.files), when + ": it is not what an undisturbed run gives");
        check(paths(work).stream().noneMatch(Kills::temporary), when + ": temporary files are left: " + paths(work));
    }

    private Process start(List<String> words) throws IOException {
        List<String> all = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Dorg.bytedeco.javacpp.maxPhysicalBytes=0",
                "-Dorg.bytedeco.javacpp.nopointergc=true",
                "-Djava.awt.headless=true",
                "-XX:+UseSerialGC",
                "-Xmx1g",
                "-cp",
                System.getProperty("java.class.path"),
                "org.noisetrail.cli.Main"));
        all.addAll(words);
        return new ProcessBuilder(all)
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("log.txt").toFile())
                .start();
    }

    private static boolean temporary(Path path) {
        return path.getFileName().toString().endsWith(".tmp");
    }

    private static List<Path> paths(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> paths = Files.walk(folder)) {
            return paths.filter(Files::isRegularFile).sorted().toList();
        } catch (java.io.UncheckedIOException e) {
            // A file that was removed while it was looked for: looked at again.
            return paths(folder);
        }
    }

    /** The files that are no temporary ones, by name: a hash of what they hold, without what differs from run to run: times, and memory. */
    private static SortedMap<String, String> contents(Path folder) throws IOException {
        SortedMap<String, String> contents = new TreeMap<>();
        for (Path path : paths(folder)) {
            if (!temporary(path)) {
                try {
                    String name = folder.relativize(path).toString();
                    contents.put(name, hash(timeless(name, Files.readAllBytes(path))));
                } catch (java.nio.file.NoSuchFileException e) {
                    // Removed just now.
                }
            }
        }
        return contents;
    }

    private static byte[] timeless(String name, byte[] content) throws IOException {
        if (name.endsWith(".json")) {
            try {
                JsonNode root = JSON.readTree(content);
                for (String field : List.of("seconds", "secondsPerImage", "peakBytes")) {
                    root.findParents(field).forEach(parent -> ((ObjectNode) parent).remove(field));
                }
                return root.toString().getBytes(StandardCharsets.UTF_8);
            } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
                return content;
            }
        }
        if (name.matches(".*\\.(md|csv|html)")) {
            // They show times and memory among other numbers, all of which are in compare.json.
            return new String(content, StandardCharsets.UTF_8)
                    .replaceAll("[-0-9. ]+", "")
                    .getBytes(StandardCharsets.UTF_8);
        }
        return content;
    }

    private static String hash(byte[] content) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        for (Path path : paths(from)) {
            Path target = to.resolve(from.relativize(path).toString());
            Files.createDirectories(target.getParent());
            Files.copy(path, target);
        }
    }

    private static void delete(Path folder) throws IOException {
        if (Files.exists(folder)) {
            try (Stream<Path> paths = Files.walk(folder)) {
                for (Path path :
                        paths.sorted(java.util.Comparator.reverseOrder()).toList()) {
                    Files.delete(path);
                }
            }
        }
    }
}
