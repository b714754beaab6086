package org.noisetrail.spark;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.jspecify.annotations.Nullable;
import org.noisetrail.files.JsonFiles;

/** What requests' {@code result.json} say, a row an image. */
final class ResultTable {
    static final StructType SCHEMA = new StructType()
            .add("request", DataTypes.StringType)
            .add("id", DataTypes.StringType)
            .add("image", DataTypes.LongType)
            .add("prompt", DataTypes.StringType)
            .add("class", DataTypes.IntegerType)
            .add("seed", DataTypes.createDecimalType(20, 0))
            .add("method", DataTypes.StringType)
            .add("reward", DataTypes.DoubleType)
            .add("heldOut", DataTypes.DoubleType)
            .add("networkEvaluations", DataTypes.LongType)
            .add("rewardCalls", DataTypes.LongType)
            .add("pivotNorm", DataTypes.DoubleType)
            .add("finite", DataTypes.BooleanType)
            .add("file", DataTypes.StringType);

    private ResultTable() {}

    static Iterator<Row> rows(Job job, Request request) {
        String name = request.name(job);
        JsonNode result = JsonFiles.read(job.path().resolve(name).resolve("result.json"), Integer.MAX_VALUE - 8);
        List<Row> rows = new ArrayList<>();
        for (JsonNode image : result.get("images")) {
            JsonNode ledger = image.get("ledger");
            rows.add(RowFactory.create(
                    name,
                    request.id(),
                    image.get("id").longValue(),
                    request.prompt(),
                    request.label(),
                    new BigDecimal(Long.toUnsignedString(request.seed())),
                    request.method(),
                    number(image.get("reward")),
                    number(image.get("heldOut")),
                    ledger.get("networkEvaluations").longValue(),
                    ledger.get("rewardCalls").longValue(),
                    number(image.get("pivotNorm")),
                    image.get("finite").booleanValue(),
                    name + "/" + image.get("file").textValue()));
        }
        return rows.iterator();
    }

    private static @Nullable Double number(JsonNode value) {
        return value.isNull() ? null : value.doubleValue();
    }
}
