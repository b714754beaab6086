package org.noisetrail.cli;

import picocli.CommandLine.Option;

/** {@code --quiet}, for commands that show progress. */
final class QuietOption {
    @Option(
            names = {"-q", "--quiet"},
            description = "Show no progress.")
    private boolean quiet;

    boolean quiet() {
        return quiet;
    }
}
