package org.noisetrail.cli;

import java.io.BufferedWriter;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import picocli.CommandLine;

/** The command line's entry point. */
public final class Main {
    private Main() {}

    /** Runs a command and exits: 0 done, 1 failed, 2 a mistake in the arguments, 130 interrupted. */
    public static void main(String[] args) {
        setDefault("java.awt.headless", "true");
        // JavaCPP counts the whole process against the heap's limit, LibTorch's memory included.
        setDefault("org.bytedeco.javacpp.maxPhysicalBytes", "0");
        setDefault("org.bytedeco.javacpp.nopointergc", "true");
        setDefault("logback.configurationFile", "org/noisetrail/cli/logback.xml");
        // Not System.out, which forgets that a write has failed.
        PrintWriter out = writer(FileDescriptor.out);
        PrintWriter err = writer(FileDescriptor.err);
        System.exit(run(out, err, args));
    }

    private static PrintWriter writer(FileDescriptor descriptor) {
        return new PrintWriter(
                new BufferedWriter(new OutputStreamWriter(new FileOutputStream(descriptor), StandardCharsets.UTF_8)));
    }

    private static void setDefault(String property, String value) {
        if (System.getProperty(property) == null) {
            System.setProperty(property, value);
        }
    }

    /**
     * Runs a command in this process. Results go to {@code out}, progress and errors to {@code err}.
     *
     * @return the exit code
     */
    public static int run(PrintWriter out, PrintWriter err, String... args) {
        RootCommand root = new RootCommand();
        CommandLine commandLine = new CommandLine(root);
        commandLine.setOut(out);
        commandLine.setErr(err);
        commandLine.setResourceBundle(new HelpWords());
        commandLine.registerConverter(Path.class, new Converters.FileName());
        commandLine.setAbbreviatedOptionsAllowed(false);
        commandLine.setCaseInsensitiveEnumValuesAllowed(true);
        Failures failures = new Failures(err);
        commandLine.setParameterExceptionHandler((e, rest) -> failures.usage(e));
        commandLine.setExecutionExceptionHandler((e, command, parsed) -> failures.failure(e, root.verbose));
        int code;
        try {
            code = commandLine.execute(args);
        } catch (Throwable e) {
            // picocli hands on a command's exceptions, but lets errors pass, and what its own converters throw.
            code = failures.failure(e, root.verbose);
        }
        out.flush();
        if (code == 0 && out.checkError()) {
            code = failures.failure("cannot write to standard output");
        }
        err.flush();
        Interruption.said();
        return code;
    }
}
