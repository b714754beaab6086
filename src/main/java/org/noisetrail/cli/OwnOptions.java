package org.noisetrail.cli;

import picocli.CommandLine.Model.CommandSpec;

/** A mixin with options that no annotation can declare, since they differ by command or by registry. A command that mixes it in names {@link RegistryOptions.Adder} as its model transformer. */
interface OwnOptions {
    void addTo(CommandSpec command);

    /** Called once all options of the library are there: adds what users' parts have besides. */
    default void addProvided(CommandSpec command) {}
}
