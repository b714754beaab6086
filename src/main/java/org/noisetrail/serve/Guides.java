package org.noisetrail.serve;

import java.util.LinkedHashMap;
import java.util.Map;
import org.noisetrail.model.Pipeline;

/** A model under the guidances that were last asked for: each knows its own name, a digest of all the model's files. Thread-safe. */
final class Guides {
    private static final int KEPT = 16;

    private final Pipeline pipeline;
    private final Map<Double, Pipeline> known = new LinkedHashMap<>(16, .75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Double, Pipeline> eldest) {
            return size() > KEPT;
        }
    };

    Guides(Pipeline pipeline) {
        this.pipeline = pipeline;
    }

    /** @throws IllegalArgumentException if it is out of range, or the model has no guidance */
    synchronized Pipeline guided(double guidance) {
        Pipeline guided = known.get(guidance);
        if (guided == null) {
            guided = pipeline.guided(guidance);
            known.put(guidance, guided);
        }
        return guided;
    }
}
