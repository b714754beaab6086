package org.noisetrail.cli;

import org.noisetrail.evaluation.Version;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

@Command(
        name = "noisetrail",
        mixinStandardHelpOptions = true,
        version = "noisetrail " + Version.NOISETRAIL,
        scope = ScopeType.INHERIT,
        sortOptions = false,
        usageHelpWidth = 100,
        description = "Searches for the noise that makes a pretrained diffusion model draw a better image.",
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {"0:done", "1:failed", "2:a mistake in the arguments", "130:interrupted"},
        subcommands = {
            GenerateCommand.class,
            ReplayCommand.class,
            VerifyCommand.class,
            CompareCommand.class,
            ProfileCommand.class,
            CalibrateCommand.class,
            DemoCommand.class,
            ServeCommand.class,
            ScoreCommand.class,
            DenoiseCommand.class,
            ComponentCommand.class,
            TokenizeCommand.class,
            NoiseCommand.class,
            ModelsCommand.class,
            DoctorCommand.class
        })
final class RootCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    boolean verbose;

    @Option(names = "--verbose", scope = ScopeType.INHERIT, description = "Log more, and print an error's stack trace.")
    void setVerbose(boolean verbose) {
        this.verbose = verbose;
        if (verbose) {
            // Read by logback.xml, which is loaded with the first logger: after this.
            System.setProperty("noisetrail.log", "DEBUG");
        }
    }

    @Override
    public void run() {
        spec.commandLine().usage(spec.commandLine().getOut());
    }
}
