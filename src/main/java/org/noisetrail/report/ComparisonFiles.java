package org.noisetrail.report;

import java.io.BufferedWriter;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.noisetrail.evaluation.ComparisonTable;
import org.noisetrail.evaluation.Versions;
import org.noisetrail.files.AtomicFiles;
import org.noisetrail.files.Json;
import org.noisetrail.files.OutputFolder;

/**
 * What a comparison leaves behind.
 *
 * @param settings everything that the command was told or took by default
 */
public record ComparisonFiles(List<ComparisonTable> tables, Map<String, @Nullable Object> settings) {
    /**
     * Writes them into a folder, which is made if it is not there; {@code compare.json} when all else but the page is there, so that the numbers are, whatever becomes of it. An earlier
     * comparison's goes first, and its plots.
     */
    public void write(Path out) {
        OutputFolder folder = OutputFolder.open(out);
        folder.remove("compare.json");
        folder.names(Plot.FOLDER).stream()
                .filter(ComparisonPlots.FILE.asMatchPredicate())
                .forEach(name -> folder.remove(Plot.FOLDER + "/" + name));
        List<List<Plot>> plots = ComparisonPlots.of(tables);
        plots.forEach(ofTable -> ofTable.forEach(plot -> plot.write(folder)));
        write(folder, "compare.csv", csv());
        write(folder, "compare.md", markdown());
        write(folder, "compare.json", Json.pretty(json()));
        folder.remove("report.html");
        AtomicFiles.write(folder.file("report.html"), file -> {
            Writer page = new BufferedWriter(new OutputStreamWriter(file, StandardCharsets.UTF_8));
            ComparisonPage.write(page, tables, plots, settings);
            page.flush();
        });
    }

    private static void write(OutputFolder folder, String name, String text) {
        AtomicFiles.write(folder.file(name), text.getBytes(StandardCharsets.UTF_8));
    }

    /** What {@code compare.json} holds. */
    public Map<String, @Nullable Object> json() {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("settings", settings);
        json.put("versions", Versions.json());
        json.put("tables", tables.stream().map(ComparisonWords::json).toList());
        return json;
    }

    /** What {@code compare.csv} holds: all tables under one head. */
    public String csv() {
        StringBuilder text = new StringBuilder(ComparisonWords.csvHead());
        tables.forEach(table -> text.append(ComparisonWords.csv(table)));
        return text.toString();
    }

    /** What {@code compare.md} holds: a heading and a table each. */
    public String markdown() {
        StringBuilder text = new StringBuilder();
        tables.forEach(table -> text.append(ComparisonWords.markdown(table)).append('\n'));
        return text.toString();
    }

    /** For a terminal. */
    public String text() {
        StringBuilder text = new StringBuilder();
        tables.forEach(table -> text.append(ComparisonWords.text(table)).append('\n'));
        return text.toString();
    }
}
