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

        @Mixin
        private SharedOptions.Overwrite overwrite;

        @Option(
                names = "--save-tensors",
                description =
                        "Write final.safetensors, too: tensor x, the final states before 8 bits, and pixels, what the pictures hold.")
        private boolean saveTensors;

        @Mixin
        private SharedOptions.Show show;

        boolean quiet() {
            return show.quiet();
        }

        /** Refuses what does not go with a run that takes what is there, before anything slow is done. */
        void check(ShardOptions shards) {
            if (shards.resumes() && overwrite.given()) {
                throw new IllegalArgumentException(
                        "--resume takes what is in --out, and --overwrite removes it: give one of them");
            }
            if (shards.keeps() && saveTensors) {
                throw new IllegalArgumentException(
                        "--save-tensors needs the final states of all images: --resume and --shard cannot be given with it");
            }
        }
    }

    @FunctionalInterface
    interface Drawing {
        /** @param missing what is not there yet, at least one */
        void draw(List<ImageRequest> missing, SearchListener listener);
    }

    /**
     * @param title of the progress bar
     * @param settings for {@code result.json}
     * @param keep whether images of the same settings that are there already stay
     */
    record Work(String title, RunFiles.Run run, Map<String, @Nullable Object> settings, boolean keep) {}

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
        try (RunFiles files = new RunFiles(folder, work.run(), earlier(work), options.saveTensors);
                Interruption interruption = new Interruption(err)) {
            boolean complete = true;
            try (ProgressDisplay display = ProgressDisplay.of(work.title(), options.show.quiet(), err)) {
                List<ImageRequest> missing = files.missing();
                if (!missing.isEmpty()) {
                    drawing.draw(missing, files.also(display));
                }
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
            say(report, work.run().requests().size());
            return !complete ? Failures.INTERRUPTED : report.nonFinite().isEmpty() ? ExitCode.OK : ExitCode.SOFTWARE;
        }
    }

    private RunFiles.Earlier earlier(Work work) {
        if (options.overwrite.given()) {
            return RunFiles.Earlier.REMOVE;
        }
        return work.keep() ? RunFiles.Earlier.KEEP : RunFiles.Earlier.REFUSE;
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
