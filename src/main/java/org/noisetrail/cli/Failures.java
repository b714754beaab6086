package org.noisetrail.cli;

import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.noisetrail.files.AtomicFiles;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Turns what went wrong into one line and an exit code. */
final class Failures {
    static final int INTERRUPTED = 130;

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
        print(describe(e));
        if (verbose) {
            e.printStackTrace(err);
        }
        // The library throws it for impossible arguments only.
        return e instanceof IllegalArgumentException ? ExitCode.USAGE : ExitCode.SOFTWARE;
    }

    static String describe(Throwable e) {
        if (e instanceof LinkageError) {
            return "a native library could not be loaded (see `noisetrail doctor`): " + message(deepest(e));
        }
        String message = message(e);
        if (e instanceof OutOfMemoryError || isNativeOutOfMemory(message)) {
            return "out of memory; a smaller --max-batch needs less: " + message;
        }
        if (e instanceof UncheckedIOException unchecked && unchecked.getCause() != null) {
            return describe(unchecked.getCause());
        }
        if (e instanceof FileSystemException file) {
            return file.getFile() + ": " + AtomicFiles.reason(file);
        }
        return message;
    }

    private static boolean isNativeOutOfMemory(String message) {
        String lower = message.toLowerCase(Locale.ROOT);
        return lower.contains("can't allocate memory")
                || lower.contains("bad_alloc")
                || lower.contains("cuda out of memory")
                || lower.contains("not enough memory");
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
        String line = message.lines()
                .map(String::strip)
                .filter(s -> !s.isEmpty())
                .findFirst()
                .orElse("failed");
        err.println("noisetrail: " + line);
        err.flush();
    }
}
