package org.noisetrail.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.noisetrail.model.Pipeline;
import org.noisetrail.search.LocalSearch;
import org.noisetrail.search.Method;
import org.noisetrail.search.Methods;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The settings of search methods. */
@Command
class MethodOptions extends RegistryOptions<Method> {
    MethodOptions() {
        super("method", Methods.registry());
    }

    /** One method, with its settings. */
    static final class Chosen extends MethodOptions {
        private static final String DEFAULT = "eps-greedy";

        @Option(
                names = "--method",
                order = -2,
                paramLabel = "METHOD",
                completionCandidates = Names.class,
                description = "${COMPLETION-CANDIDATES}. Default: " + DEFAULT
                        + "; of a model of prompts pruned-best-of-n with --keep 4@2,1@6 --noises 2")
        private @Nullable String word;

        /** The methods' names, for the help text. */
        static final class Names extends ArrayList<String> {
            private static final long serialVersionUID = 1;

            Names() {
                Methods.registry().kinds().forEach(kind -> add(kind.name()));
            }
        }

        /** @throws IllegalArgumentException that names the setting, if there is no such method */
        Method method() {
            return make(word(), null);
        }

        /** As {@link #method()}; where none was asked for, the one that draws best from prompts, if the model takes them. */
        Method method(Pipeline pipeline) {
            return pipeline.takesPrompts() && !isNamed() ? Methods.parse(Methods.fromPrompts()) : method();
        }

        /** @throws IllegalArgumentException as {@link #method()}, before anything is loaded */
        void check() {
            make(word(), null);
        }

        /** Whether a method was asked for, by its name or by options that it has. */
        boolean isNamed() {
            return word != null || !given().isEmpty();
        }

        private String word() {
            return word == null ? DEFAULT : word;
        }

        /** For {@code result.json}. */
        Map<String, @Nullable Object> settings(Method made) {
            Map<String, @Nullable Object> settings = new LinkedHashMap<>();
            // As it was asked for: eps-greedy with epsilon 0 calls itself zero-order.
            String name = word == null && !(made instanceof LocalSearch) ? made.name() : word();
            settings.put("method", name);
            settings.putAll(registry().kind(name).json(made));
            return settings;
        }
    }
}
