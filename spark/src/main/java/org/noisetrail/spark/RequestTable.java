package org.noisetrail.spark;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.jspecify.annotations.Nullable;
import org.noisetrail.reward.RewardText;
import org.noisetrail.sampler.Samplers;
import org.noisetrail.search.Methods;

/** A list of requests: JSON lines, CSV with a header, Parquet, or a table that Spark knows. */
final class RequestTable {
    private static final List<String> COLUMNS = List.of(
            "id",
            "prompt",
            "negative",
            "class",
            "seed",
            "images",
            "firstImage",
            "method",
            "reward",
            "heldOut",
            "sampler",
            "budget");

    /**
     * What holds where a line says nothing.
     *
     * @param method null for what {@code generate} takes: {@link Methods#usual}
     */
    record Defaults(
            @Nullable String method,
            @Nullable String reward,
            @Nullable String heldOut,
            @Nullable String sampler,
            @Nullable Long budget) {}

    private RequestTable() {}

    static Dataset<Row> read(SparkSession spark, String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        if (lower.endsWith(".json") || lower.endsWith(".jsonl")) {
            return spark.read().json(name);
        }
        if (lower.endsWith(".csv")) {
            return spark.read()
                    .option("header", true)
                    .option("escape", "\"")
                    .option("mode", "FAILFAST")
                    .csv(name);
        }
        return lower.endsWith(".parquet") ? spark.read().parquet(name) : spark.table(name);
    }

    /**
     * The requests of a table, each once.
     *
     * @throws IllegalArgumentException that names the line (counted from 1) and what is wrong with it, or a column that is not known
     */
    static List<Request> requests(Dataset<Row> table, Defaults defaults) {
        List<String> columns = Arrays.asList(table.columns());
        for (String column : columns) {
            if (!COLUMNS.contains(column)) {
                throw new IllegalArgumentException(
                        "requests may have columns " + String.join(", ", COLUMNS) + ": " + column);
            }
        }
        List<Row> rows = rows(table);
        if (rows.isEmpty()) {
            throw new IllegalArgumentException("requests must be >= 1: 0");
        }
        Set<Request> requests = new LinkedHashSet<>();
        for (int i = 0; i < rows.size(); i++) {
            try {
                requests.add(request(new Line(columns, rows.get(i)), defaults));
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException("request " + (i + 1) + ": " + e.getMessage(), e);
            }
        }
        return new ArrayList<>(requests);
    }

    private static List<Row> rows(Dataset<Row> table) {
        try {
            return table.collectAsList();
        } catch (Exception e) { // Scala's methods throw checked ones that they do not declare
            for (Throwable cause = e; cause != null; cause = cause.getCause()) {
                if (String.valueOf(cause.getMessage()).contains("MALFORMED_RECORD")) {
                    throw new IllegalArgumentException(
                            "each line of requests must be whole, in CSV with as many values as there are columns and those that have a comma in quotes",
                            e);
                }
            }
            throw e;
        }
    }

    private static Request request(Line line, Defaults defaults) {
        String seed = line.text("seed");
        String prompt = line.text("prompt");
        String method = line.text("method", defaults.method());
        Request request = new Request(
                line.text("id"),
                prompt,
                line.text("negative"),
                line.integer("class"),
                seed == null ? 0 : seed(seed),
                Objects.requireNonNullElse(line.integer("images"), 1),
                line.whole("firstImage") == null ? 0 : line.whole("firstImage"),
                method != null ? method : Methods.usual(prompt != null),
                line.text("reward", defaults.reward()),
                line.text("heldOut", defaults.heldOut()),
                line.text("sampler", defaults.sampler()),
                line.whole("budget") == null ? defaults.budget() : line.whole("budget"));
        // What can be told here need not fail on a cluster.
        request.requests();
        Methods.parse(request.method());
        for (String reward : Arrays.asList(request.reward(), request.heldOut())) {
            if (reward != null) {
                RewardText.parse(reward);
            }
        }
        if (request.sampler() != null) {
            Samplers.parse(request.sampler());
        }
        return request;
    }

    private static long seed(String text) {
        try {
            return Long.parseUnsignedLong(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("seed must be a whole number from 0 to 2^64 - 1: " + text, e);
        }
    }

    private record Line(List<String> columns, Row row) {
        @Nullable
        String text(String column) {
            int at = columns.indexOf(column);
            return at < 0 || row.isNullAt(at) ? null : row.get(at).toString();
        }

        String text(String column, @Nullable String otherwise) {
            String text = text(column);
            return text == null ? otherwise : text;
        }

        @Nullable
        Integer integer(String column) {
            Long whole = whole(column);
            if (whole != null && whole != whole.intValue()) {
                throw new IllegalArgumentException(
                        column + " must be from " + Integer.MIN_VALUE + " to " + Integer.MAX_VALUE + ": " + whole);
            }
            return whole == null ? null : whole.intValue();
        }

        @Nullable
        Long whole(String column) {
            String text = text(column);
            if (text != null && !text.matches("-?\\d{1,18}")) {
                throw new IllegalArgumentException(column + " must be a whole number: " + text);
            }
            return text == null ? null : Long.valueOf(text);
        }
    }
}
