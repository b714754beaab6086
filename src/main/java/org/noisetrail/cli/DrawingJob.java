package org.noisetrail.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.noisetrail.files.Json;
import org.noisetrail.files.Numbers;
import org.noisetrail.report.Finished;
import org.noisetrail.report.Report;
import org.noisetrail.report.RunFiles;
import org.noisetrail.search.ImageRequest;
import org.noisetrail.search.SearchCancelledException;
import org.noisetrail.search.SearchListener;
import org.noisetrail.search.Trail;
import picocli.CommandLine;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What commands that draw images have in common: their files, progress, and what Ctrl-C leaves behind. */
final class DrawingJob {
    /** Where the results of such a command go. */
    static final class Options {
        @Option(names = "--out", paramLabel = "FOLDER", description = "Default: out; of replay, replay")
        private @Nullable Path out;

        @Option(
                names = "--overwrite",
                description =
                        "Remove what an earlier run has left in --out, before the first file is written; else it is refused.")
        private boolean overwrite;

        @Option(
                names = "--save-tensors",
                description = "Write final.safetensors, too: tensor x, the final states before 8 bits.")
        private boolean saveTensors;

        @Mixin
        @SuppressWarnings("NullAway.Init")
        private SharedOptions.Show show;

        boolean quiet() {
            return show.quiet();
        }
    }

    @FunctionalInterface
    interface Drawing {
        void draw(SearchListener listener);
    }

    /**
     * @param title of the progress bar
     * @param settings for {@code result.json}
     * @param trail the run's, of no images yet or of all: finished ones get theirs from their recipes
     */
    record Work(String title, List<ImageRequest> requests, Map<String, @Nullable Object> settings, Trail trail) {}

    private final Options options;
    private final Path folder;
    private final PrintWriter out;
    private final PrintWriter err;

    /** @param name of the folder where none is given */
    DrawingJob(Options options, String name, CommandLine commandLine) {
        this.options = options;
        folder = options.out == null ? Path.of(name) : options.out;
        out = commandLine.getOut();
        err = commandLine.getErr();
    }

    /**
     * Draws and writes.
     *
     * @return the exit code
     */
    int run(Work work, Drawing drawing) {
        long started = System.nanoTime();
        try (RunFiles files =
                        new RunFiles(folder, work.requests(), work.trail(), options.saveTensors, options.overwrite);
                Interruption interruption = new Interruption()) {
            boolean complete = true;
            try (ProgressDisplay display = ProgressDisplay.of(work.title(), options.show.quiet(), err)) {
                drawing.draw(files.also(display));
            } catch (SearchCancelledException e) {
                complete = false;
            }
            interruption.settle();
            Duration elapsed = Duration.ofNanos(System.nanoTime() - started);
            List<Finished> finished = files.finished();
            if (finished.isEmpty()) {
                err.println("noisetrail: interrupted before an image was finished; nothing written");
                err.flush();
                return Failures.INTERRUPTED;
            }
            Report report = new Report(work.settings(), finished, complete, elapsed);
            files.finish(report);
            say(report, work.requests().size());
            return !complete ? Failures.INTERRUPTED : report.nonFinite().isEmpty() ? ExitCode.OK : ExitCode.SOFTWARE;
        }
    }

    private void say(Report report, int wanted) {
        if (options.show.json()) {
            out.print(Json.pretty(report.json()));
        } else {
            out.print(report.table());
            out.printf(Locale.ROOT, "%s s; written to %s%n", Numbers.seconds(report.elapsed()), folder);
        }
        out.flush();
        List<Finished> bad = report.nonFinite();
        if (!bad.isEmpty()) {
            err.printf(
                    Locale.ROOT,
                    "noisetrail: %d of %d images hold NaN or infinity and show nothing, the first %s%n",
                    bad.size(),
                    report.images().size(),
                    bad.get(0).file());
            err.flush();
        }
        if (!report.complete()) {
            err.printf(
                    Locale.ROOT,
                    "noisetrail: interrupted; %d of %d images are finished and written to %s%n",
                    report.images().size(),
                    wanted,
                    folder);
            err.flush();
        }
    }
}
