package org.noisetrail.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.noisetrail.evaluation.Comparison;
import org.noisetrail.trace.Progress;

/** Shows how far a search has come: image-steps, network evaluations, the best reward so far. */
interface ProgressDisplay extends Comparison.Watch {
    @Override
    void close();

    /** A bar on a terminal, else a line now and then; nothing if {@code quiet}. */
    static ProgressDisplay of(String title, boolean quiet, PrintWriter err) {
        if (quiet) {
            return () -> {};
        }
        return isTerminal() ? new Bar(title) : new Lines(title, err, LINE_EVERY_SECONDS);
    }

    int LINE_EVERY_SECONDS = 10;

    /** Whether standard error is one. {@code System.console()} asks for standard input and output, which may well be pipes. */
    private static boolean isTerminal() {
        if ("dumb".equals(System.getenv("TERM")) || System.getenv("TERM") == null) {
            return false;
        }
        try {
            String target = Files.readSymbolicLink(Path.of("/proc/self/fd/2")).toString();
            return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty") || target.equals("/dev/console");
        } catch (IOException | UnsupportedOperationException e) {
            return false;
        }
    }

    private static String describe(Progress progress) {
        String best = Double.isNaN(progress.bestReward())
                ? ""
                : String.format(Locale.ROOT, ", best %.4f", progress.bestReward());
        return String.format(Locale.ROOT, "%,d NFE", progress.networkEvaluations()) + best;
    }

    /** Redraws itself on a terminal. */
    final class Bar implements ProgressDisplay {
        private final ProgressBar bar;

        Bar(String title) {
            bar = new ProgressBarBuilder()
                    .setTaskName(title)
                    .setUnit(" image-steps", 1)
                    .setInitialMax(-1)
                    .setStyle(ProgressBarStyle.COLORFUL_UNICODE_BLOCK)
                    .setUpdateIntervalMillis(250)
                    .setConsumer(new ConsoleProgressBarConsumer(new PrintStream(System.err, true)))
                    .build();
        }

        @Override
        public void onProgress(Progress progress) {
            bar.maxHint(progress.imageStepsTotal());
            bar.stepTo(progress.imageSteps());
            bar.setExtraMessage(" " + describe(progress));
        }

        @Override
        public void close() {
            bar.close();
        }
    }

    /** For logs: seldom, and never redrawn. */
    final class Lines implements ProgressDisplay {
        private final String title;
        private final PrintWriter err;
        private final long started = System.nanoTime();
        private final long pause;
        private long last = started;

        Lines(String title, PrintWriter err, int everySeconds) {
            this.title = title;
            this.err = err;
            pause = everySeconds * 1_000_000_000L;
        }

        @Override
        public void onProgress(Progress progress) {
            long now = System.nanoTime();
            if (now - last < pause) {
                return;
            }
            last = now;
            err.printf(
                    Locale.ROOT,
                    "%s: %d of %d image-steps, %s, %d s%n",
                    title,
                    progress.imageSteps(),
                    progress.imageStepsTotal(),
                    describe(progress),
                    (now - started) / 1_000_000_000L);
            err.flush();
        }

        @Override
        public void close() {}
    }
}
