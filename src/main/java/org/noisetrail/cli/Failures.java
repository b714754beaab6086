package org.noisetrail.cli;

import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.noisetrail.NoisetrailException;
import org.noisetrail.files.AtomicFiles;
import org.noisetrail.files.Excerpt;
import org.noisetrail.torch.OutOfMemory;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Turns what went wrong into one line and an exit code. */
final class Failures {
    static final int INTERRUPTED = 130;

    /** Characters of a line. */
    private static final int LONGEST = 1000;

    /** No message that is meant to be read is longer. */
    private static final int SCANNED = 1 << 16;

    /** A value that somebody gave, rather than a word of ours. */
    private static final Pattern LONG_WORD = Pattern.compile("\\S{" + (Excerpt.LENGTH + 1) + ",}");

    private static final Pattern REPEATED =
            Pattern.compile("^Exception [\\w.$]+: (.*) \\[in thread \".*\"\\]$", Pattern.DOTALL);

    private final PrintWriter err;

    Failures(PrintWriter err) {
        this.err = err;
    }

    /** A mistake in the arguments. */
    int usage(ParameterException e) {
        String message = message(e);
        if (e instanceof UnmatchedArgumentException unmatched) {
            List<String> similar = unmatched.getSuggestions();
            if (!similar.isEmpty()) {
                message += "; did you mean " + similar.get(0) + "?";
            }
        }
        print(message);
        return ExitCode.USAGE;
    }

    int failure(String message) {
        print(message);
        return ExitCode.SOFTWARE;
    }

    int failure(Throwable e, boolean verbose) {
        // Whatever it says: an interrupt closes the files that are being read.
        boolean interrupted = Thread.currentThread().isInterrupted();
        print(interrupted ? "interrupted" : describe(e));
        if (verbose) {
            e.printStackTrace(err);
        }
        if (interrupted) {
            return INTERRUPTED;
        }
        // The library throws it for impossible arguments only.
        return e instanceof IllegalArgumentException && !isFault(e) ? ExitCode.USAGE : ExitCode.SOFTWARE;
    }

    /** What went wrong, for a person; as long as the exception's message is. */
    static String describe(Throwable e) {
        if (e instanceof LinkageError) {
            // A class that could not be loaded once repeats its error in words of Java's own.
            return "a native library could not be loaded (see `noisetrail doctor`): "
                    + REPEATED.matcher(message(deepest(e))).replaceFirst("$1");
        }
        String message = message(e);
        if (OutOfMemory.is(e)) {
            return "out of memory, the machine's or the card's; a smaller --max-batch or --decode-batch needs less: "
                    + message;
        }
        if (e instanceof OutOfMemoryError) {
            return "out of memory: Java's heap of " + (Runtime.getRuntime().maxMemory() >> 20)
                    + " MiB is too small (-Xmx, for ./noisetrail in NOISETRAIL_JAVA_OPTIONS): " + message;
        }
        if (e instanceof StackOverflowError) {
            return "what was given is nested too deep, or goes on too long";
        }
        if (e instanceof UncheckedIOException unchecked && unchecked.getCause() != null) {
            return describe(unchecked.getCause());
        }
        if (e instanceof FileSystemException file && file.getFile() != null) {
            return file.getFile() + ": " + AtomicFiles.reason(file);
        }
        // Words of Java's own, which say nothing to who has given a file or an option.
        return isFault(e)
                ? "a fault in noisetrail (--verbose shows where): "
                        + e.getClass().getSimpleName() + ": " + message
                : message;
    }

    /** What the library throws on purpose, and LibTorch's messages (which come as they are), are none. */
    private static boolean isFault(Throwable e) {
        return e instanceof Error
                || e instanceof NumberFormatException
                || e instanceof RuntimeException
                        && !(e instanceof NoisetrailException)
                        && !(e instanceof IllegalArgumentException)
                        && !(e instanceof UncheckedIOException)
                        && e.getClass() != RuntimeException.class;
    }

    private static Throwable deepest(Throwable e) {
        Throwable at = e;
        while (at.getCause() != null && at.getCause() != at) {
            at = at.getCause();
        }
        return at;
    }

    private static String message(Throwable e) {
        @Nullable String message = e.getMessage();
        return message == null || message.isBlank() ? e.getClass().getSimpleName() : message;
    }

    /** LibTorch's messages go on for pages, picocli's for lines: the first says it. */
    private void print(String message) {
        err.println("noisetrail: " + line(message));
        err.flush();
    }

    /** One line that a terminal shows and does not obey, long words cut. */
    static String line(String message) {
        String first = message.lines()
                .map(String::strip)
                .filter(s -> !s.isEmpty())
                .findFirst()
                .orElse("failed");
        String start = first.substring(0, Math.min(first.length(), SCANNED));
        String cut = LONG_WORD.matcher(start).replaceAll(word -> Matcher.quoteReplacement(Excerpt.of(word.group())));
        return Excerpt.of(cut, LONGEST);
    }
}
