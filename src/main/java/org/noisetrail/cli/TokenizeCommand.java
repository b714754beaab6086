package org.noisetrail.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.noisetrail.checkpoint.LaterFile;
import org.noisetrail.checkpoint.ModelFiles;
import org.noisetrail.files.Json;
import org.noisetrail.model.clip.ClipTokenizer;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "tokenize",
        description = {
            "Prints a text's ids, for each of a model's tokenizers, as JSON.",
            "With start and end, cut to the tokenizer's length, not padded. The model is a pipeline's folder, or a tokenizer's own."
        })
final class TokenizeCommand implements Callable<Integer> {
    private static final String VOCABULARY = "vocab.json";
    /** Counts only where no folder has the other: beside a vocab.json it is of another kind, as FLUX's tokenizer_2. */
    private static final String LATER = LaterFile.TOKENIZER.file();
    /** As a pipeline's folder names them. */
    private static final List<String> TOKENIZERS = List.of("tokenizer", "tokenizer_2");

    @Spec
    private CommandSpec command;

    @Mixin
    private ModelName model;

    @Option(names = "--text", paramLabel = "TEXT", required = true, description = "May be empty.")
    @SuppressWarnings("NullAway.Init")
    private String text;

    @Override
    public Integer call() {
        ModelFiles files = model.files();
        List<Map<String, @Nullable Object>> all = new ArrayList<>();
        for (String file : List.of(VOCABULARY, LATER)) {
            for (String name : all.isEmpty() ? TOKENIZERS : List.<String>of()) {
                if (files.has(name + "/" + file)) {
                    all.add(ids(name, files.within(name)));
                }
            }
        }
        if (all.isEmpty()) {
            String file = LaterFile.TOKENIZER.counts(files, "") ? LATER : VOCABULARY;
            all.add(ids(TOKENIZERS.get(0), ModelName.part(files, TOKENIZERS.get(0), file)));
        }
        command.commandLine().getOut().print(Json.pretty(all));
        return ExitCode.OK;
    }

    private Map<String, @Nullable Object> ids(String name, ModelFiles files) {
        Map<String, @Nullable Object> entry = new LinkedHashMap<>();
        entry.put("tokenizer", name);
        entry.put("ids", ClipTokenizer.load(files).encode(text).ids());
        return entry;
    }
}
