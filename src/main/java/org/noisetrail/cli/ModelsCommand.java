package org.noisetrail.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.noisetrail.files.Json;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Pipeline;
import org.noisetrail.report.TextTable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

@Command(name = "models", description = "Lists the embedded models.")
final class ModelsCommand implements Callable<Integer> {
    @Spec
    private CommandSpec command;

    @Mixin
    private SharedOptions.Json json;

    @Override
    public Integer call() {
        List<Map<String, @Nullable Object>> models = new ArrayList<>();
        TextTable table = new TextTable("model", "images", "classes", "id");
        StringBuilder names = new StringBuilder();
        for (String name : Pipeline.embedded()) {
            try (Pipeline model = Pipeline.load(name, Device.CPU)) {
                Map<String, @Nullable Object> entry = new LinkedHashMap<>();
                entry.put("name", name);
                entry.put("id", model.denoiser().id());
                entry.put(
                        "shape",
                        List.of(
                                model.decoder().image().channels(),
                                model.decoder().image().height(),
                                model.decoder().image().width()));
                entry.put("classes", model.classNames().size());
                entry.put("classNames", model.classNames());
                models.add(entry);
                table.row(
                        name,
                        model.decoder().image().toString(),
                        Integer.toString(model.classNames().size()),
                        model.denoiser().id());
                if (model.takesPrompts()) {
                    names.append(name).append(": draws prompts");
                } else {
                    names.append(name).append(": ");
                }
                for (int label = 0; label < model.classNames().size(); label++) {
                    names.append(label == 0 ? "" : ", ")
                            .append(label)
                            .append(' ')
                            .append(model.classNames().get(label));
                }
                names.append('\n');
            }
        }
        if (json.given()) {
            command.commandLine().getOut().print(Json.pretty(Map.of("models", models)));
        } else {
            command.commandLine()
                    .getOut()
                    .print(table + "\n" + names + "\nA folder can be a model, too: --model FOLDER (docs/models.md).\n");
        }
        return ExitCode.OK;
    }
}
