package org.noisetrail.report;

import java.io.IOException;
import java.io.Writer;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.noisetrail.evaluation.ComparisonTable;
import org.noisetrail.files.Json;
import org.noisetrail.files.Numbers;
import org.noisetrail.reward.Image;

/** A comparison as one page that needs nothing else: no network, no script. */
final class ComparisonPage {
    private static final String STYLE = """
            :root { color-scheme: light dark; --ink: #1c1e21; --faint: #5c6370; --paper: #fff; --line: #d9dce1; --good: #0a6b45; --bad: #a3360b; }
            @media (prefers-color-scheme: dark) {
              :root { --ink: #e6e8eb; --faint: #a2a9b4; --paper: #16181c; --line: #3a3f47; --good: #5fd3a2; --bad: #ff9a70; }
            }
            * { box-sizing: border-box; }
            body { margin: 0 auto; padding: 1rem; max-width: 76rem; font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
            h1 { font-size: 1.5rem; line-height: 1.25; margin: .5rem 0; }
            h2 { font-size: 1.2rem; margin: 2.5rem 0 .5rem; padding-top: .75rem; border-top: 1px solid var(--line); overflow-wrap: anywhere; }
            p, li { max-width: 46rem; }
            .faint { color: var(--faint); }
            .good { color: var(--good); }
            .bad { color: var(--bad); }
            .scroll { overflow-x: auto; }
            table { border-collapse: collapse; font-size: .875rem; font-variant-numeric: tabular-nums; }
            th, td { padding: .3rem .6rem; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line); }
            th:first-child, td:first-child { text-align: left; padding-left: 0; font-weight: 600; }
            .words { text-align: left; color: var(--faint); }
            th.words { text-align: left; }
            th { font-weight: 600; vertical-align: bottom; }
            .plots, .sheets { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 22rem), 1fr)); margin: 1rem 0; }
            .sheets { grid-template-columns: repeat(auto-fill, minmax(min(100%, 15rem), 1fr)); }
            figure { margin: 0; }
            .plots figure { background: #fff; border: 1px solid var(--line); border-radius: 6px; padding: .25rem; }
            .plots svg { display: block; width: 100%; height: auto; }
            .sheets img { display: block; width: 100%; height: auto; image-rendering: pixelated; border-radius: 4px; background: #202226; }
            figcaption { font-size: .875rem; margin-top: .3rem; overflow-wrap: anywhere; }
            pre { font-size: .8125rem; white-space: pre-wrap; overflow-wrap: anywhere; }
            """;

    private final Writer out;

    private ComparisonPage(Writer out) {
        this.out = out;
    }

    /**
     * Piece by piece: with many rows' pictures it is large.
     *
     * @param plots of each table
     * @param settings everything that the command was told or took by default
     */
    static void write(
            Writer out, List<ComparisonTable> tables, List<List<Plot>> plots, Map<String, @Nullable Object> settings)
            throws IOException {
        ComparisonPage page = new ComparisonPage(out);
        page.head(
                settings,
                tables.stream().flatMap(table -> table.rows().stream()).anyMatch(row -> row.screen() != null));
        for (int i = 0; i < tables.size(); i++) {
            page.section(tables.get(i), plots.get(i));
        }
        page.foot(settings);
    }

    private void head(Map<String, @Nullable Object> settings, boolean screened) throws IOException {
        String title = "Noisetrail: methods compared on " + settings.get("model");
        add("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n");
        add("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n");
        add("<title>" + escape(title) + "</title>\n<style>\n" + STYLE + "</style>\n</head>\n<body>\n");
        add("<h1>" + escape(title) + "</h1>\n");
        add("<p class=\"faint\">"
                + escape("Images: " + settings.get("images") + ", drawn with " + settings.get("seedCount")
                        + " seed(s); every method draws the same images from the same initial noise."));
        add(
                " Numbers are means over all of them (IQM: over the middle half); brackets hold 95 % of those of bootstrap resamples of what was asked, all images of a prompt or class together; better and worse are told by them and by a sign-flip test at 5 %.");
        add(
                " P(better): how likely an image beats one of the method beside it that was asked to be the same. The same picture is a tie.");
        add(" NFE: network evaluations an image.");
        if (screened) {
            add(
                    " Verified: of a screened method's candidates; a round's loss by that is what its regression expects, and what audits measured.");
        }
        add("</p>\n");
    }

    private void section(ComparisonTable table, List<Plot> plots) throws IOException {
        add("<h2>" + escape(table.title()) + "</h2>\n");
        String few = ComparisonWords.few(table);
        if (!few.isEmpty()) {
            add("<p>" + escape(few) + "</p>\n");
        }
        verdicts(table);
        table(table);
        add("<div class=\"plots\">\n");
        for (Plot plot : plots) {
            add("<figure role=\"img\" aria-label=\"" + escape(plot.title()) + "\">" + plot.inline() + "</figure>\n");
        }
        add("</div>\n<div class=\"sheets\">\n");
        for (ComparisonTable.Row row : table.rows()) {
            sheet(row);
        }
        add("</div>\n");
    }

    /** What a person would ask first: is a search worth more than drawing as often, and keeping the best? */
    private void verdicts(ComparisonTable table) throws IOException {
        if (table.rows().stream().allMatch(row -> row.difference() == null)) {
            return;
        }
        add("<ul>\n");
        for (ComparisonTable.Row row : table.rows()) {
            ComparisonTable.Difference difference = row.difference();
            if (difference == null) {
                continue;
            }
            add("<li>" + escape(costing(row.label(), row.networkEvaluations())) + " " + verdict(difference) + " "
                    + escape(costing(difference.label(), difference.networkEvaluations()))
                    + (table.seconds() == null ? "" : ", sized for as many seconds") + ": "
                    + escape(difference.reward().toString()) + "</li>\n");
        }
        add("</ul>\n");
    }

    private static String verdict(ComparisonTable.Difference difference) {
        if (Double.isNaN(difference.reward().mean())) {
            return "has an image without a finite reward, or so has what it would stand beside:";
        }
        String verdict = ComparisonWords.verdict(difference);
        if (verdict == null) {
            return "beside";
        }
        String words = verdict + (difference.verdict() == 0 ? " from" : " than");
        return "is <strong class=\"" + style(difference.verdict()) + "\">" + words + "</strong>";
    }

    private static String costing(String label, double networkEvaluations) {
        return label + " (" + ComparisonWords.whole(networkEvaluations) + " NFE)";
    }

    private static String style(int sign) {
        return sign > 0 ? "good" : sign < 0 ? "bad" : "faint";
    }

    private void table(ComparisonTable table) throws IOException {
        add("<div class=\"scroll\" tabindex=\"0\">\n<table>\n<thead><tr>");
        List<List<String>> shown = ComparisonWords.shown(table);
        List<String> head = shown.get(0);
        for (int c = 0; c < head.size(); c++) {
            add((c == head.size() - 1 ? "<th class=\"words\">" : "<th>") + escape(head.get(c)) + "</th>");
        }
        add("</tr></thead>\n<tbody>\n");
        int versus = head.indexOf(ComparisonColumns.versus(table));
        for (int r = 0; r < table.rows().size(); r++) {
            ComparisonTable.Difference difference = table.rows().get(r).difference();
            add("<tr>");
            for (int c = 0; c < head.size(); c++) {
                String style = c == head.size() - 1
                        ? "words"
                        : c == versus && difference != null ? style(difference.verdict()) : "";
                add((style.isEmpty() ? "<td>" : "<td class=\"" + style + "\">")
                        + escape(shown.get(r + 1).get(c)) + "</td>");
            }
            add("</tr>\n");
        }
        add("</tbody>\n</table>\n</div>\n");
    }

    private void sheet(ComparisonTable.Row row) throws IOException {
        List<Image> images = row.cells().get(0).images().stream()
                .flatMap(drawn -> Stream.ofNullable(drawn.thumbnail()))
                .toList();
        byte[] png = Png.encode(Grid.small(images), Map.of());
        String words = row.title();
        String caption = ComparisonWords.whole(row.networkEvaluations()) + " NFE, reward "
                + Numbers.score(row.reward().mean());
        add("<figure><img alt=\"" + escape("Images by " + words) + "\" src=\"data:image/png;base64,"
                + Base64.getEncoder().encodeToString(png) + "\"/><figcaption><strong>" + escape(words)
                + "</strong><br/><span class=\"faint\">" + escape(caption) + "</span></figcaption></figure>\n");
    }

    private void foot(Map<String, @Nullable Object> settings) throws IOException {
        add("<h2>Settings</h2>\n<pre>" + escape(Json.pretty(settings)) + "</pre>\n</body>\n</html>\n");
    }

    private void add(String text) throws IOException {
        out.write(text);
    }

    static String escape(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }
}
