package org.noisetrail.trace.format;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.LinkedHashMap;
import java.util.Map;
import org.noisetrail.files.JsonFields;
import org.noisetrail.trace.Costs;

/** What an image cost, as fields of the library's files; a guard's calls only where there was a guard. */
public final class CostFields {
    private CostFields() {}

    /** By their names, in their order. */
    public static Map<String, Long> of(Costs costs, boolean guarded) {
        Map<String, Long> fields = new LinkedHashMap<>();
        fields.put("networkEvaluations", costs.networkEvaluations());
        fields.put("transitions", costs.transitions());
        fields.put("decoderCalls", costs.decoderCalls());
        fields.put("rewardCalls", costs.rewardCalls());
        fields.put("heldOutCalls", costs.heldOutCalls());
        if (guarded) {
            fields.put("guardCalls", costs.guardCalls());
        }
        return fields;
    }

    /** @throws IllegalArgumentException that names a field that is missing or no count */
    public static Costs read(JsonNode json, boolean guarded) {
        return new Costs(
                JsonFields.count(json, "networkEvaluations"),
                JsonFields.count(json, "transitions"),
                JsonFields.count(json, "decoderCalls"),
                JsonFields.count(json, "rewardCalls"),
                JsonFields.count(json, "heldOutCalls"),
                guarded ? JsonFields.count(json, "guardCalls") : 0);
    }
}
