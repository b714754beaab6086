package org.noisetrail.report;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.noisetrail.files.Excerpt;

/** A table for a person: the first column to the left, the others to the right. What a terminal would obey is shown, long cells are cut. */
public final class TextTable {
    private final List<List<String>> rows = new ArrayList<>();

    /** With a head and no row. */
    public TextTable(String... head) {
        rows.add(List.of(head));
    }

    /**
     * Adds a row.
     *
     * @throws IllegalArgumentException if it has not as many cells as the head
     */
    public TextTable row(String... cells) {
        if (cells.length != rows.get(0).size()) {
            throw new IllegalArgumentException("cells must be " + rows.get(0).size() + ": " + cells.length);
        }
        rows.add(Stream.of(cells).map(Excerpt::of).toList());
        return this;
    }

    @Override
    public String toString() {
        List<Integer> widths = new ArrayList<>(Collections.nCopies(rows.get(0).size(), 0));
        for (List<String> row : rows) {
            for (int c = 0; c < row.size(); c++) {
                widths.set(c, Math.max(widths.get(c), row.get(c).length()));
            }
        }
        StringBuilder text = new StringBuilder();
        for (List<String> row : rows) {
            StringBuilder line = new StringBuilder();
            for (int c = 0; c < row.size(); c++) {
                String padding = " ".repeat(widths.get(c) - row.get(c).length());
                line.append(c == 0 ? row.get(c) + padding : "  " + padding + row.get(c));
            }
            text.append(line.toString().stripTrailing()).append('\n');
        }
        return text.toString();
    }
}
