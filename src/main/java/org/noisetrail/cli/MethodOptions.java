package org.noisetrail.cli;

import org.noisetrail.search.Method;
import org.noisetrail.search.Methods;
import picocli.CommandLine.Command;

/** The settings of search methods. */
@Command
class MethodOptions extends RegistryOptions<Method> {
    MethodOptions() {
        super("method", Methods.registry());
    }
}
