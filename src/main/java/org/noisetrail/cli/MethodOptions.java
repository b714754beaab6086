package org.noisetrail.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.noisetrail.model.Pipeline;
import org.noisetrail.search.LocalSearch;
import org.noisetrail.search.Method;
import org.noisetrail.search.Methods;
import org.noisetrail.settings.Kind;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The settings of search methods. */
@Command
class MethodOptions extends RegistryOptions<Method> {
    MethodOptions() {
        super("method", Methods.registry());
    }

    /** For {@code result.json}: the settings of a kind of this name. */
    Map<String, @Nullable Object> settings(String name, Method made) {
        Map<String, @Nullable Object> settings = new LinkedHashMap<>();
        settings.put("method", name);
        settings.putAll(registry().kind(name).json(made));
        return settings;
    }

    /** One method, with its settings; where none is named, the one that the model draws by, with what was given in its settings' place. */
    static final class Chosen extends MethodOptions {
        @Option(
                names = "--method",
                order = -2,
                paramLabel = "METHOD",
                completionCandidates = Names.class,
                description =
                        "${COMPLETION-CANDIDATES}. Default: ${bundle:methods.usual}; of a model of prompts ${bundle:methods.usual-of-prompts}, which are its defaults there")
        private @Nullable String word;

        /** The methods' names, for the help text. */
        static final class Names extends ArrayList<String> {
            private static final long serialVersionUID = 1;

            Names() {
                Methods.registry().kinds().forEach(kind -> add(kind.name()));
            }
        }

        private static Method usual(boolean prompts) {
            return Methods.parse(Methods.usual(prompts));
        }

        /** @throws IllegalArgumentException that names the setting, if there is no such method */
        Method method(Pipeline pipeline) {
            return method(usual(pipeline.takesPrompts()));
        }

        private Method method(Method usual) {
            String own = registry().kindOf(usual).name();
            return word == null || word.equals(own) ? make(own, usual) : make(word, null);
        }

        /** The method that was named, as far as it is known before the model is; null where none was. */
        @Nullable
        Method named() {
            return word == null ? null : method(usual(false));
        }

        /** @throws IllegalArgumentException as {@link #method}, before anything is loaded: if what was given is no model's */
        void check() {
            Method prompts = usual(true);
            method(has(prompts) && !has(usual(false)) ? prompts : usual(false));
        }

        /** Whether all that was given are its settings. */
        private boolean has(Method method) {
            Kind<Method> kind = registry().kindOf(method);
            return given().keySet().stream().allMatch(name -> kind.setting(name).isPresent());
        }

        /** Whether a method was asked for, by its name or by options that it has. */
        boolean isNamed() {
            return word != null || !given().isEmpty();
        }

        /** For {@code result.json}. */
        Map<String, @Nullable Object> settings(Method made) {
            // As it was asked for: eps-greedy with epsilon 0 calls itself zero-order.
            String asked = word == null ? Methods.usual(false) : word;
            return settings(word == null && !(made instanceof LocalSearch) ? made.name() : asked, made);
        }
    }
}
