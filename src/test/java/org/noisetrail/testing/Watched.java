package org.noisetrail.testing;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.bytedeco.pytorch.Tensor;
import org.noisetrail.model.Condition;
import org.noisetrail.model.Conditioning;
import org.noisetrail.model.Denoiser;
import org.noisetrail.torch.Tensors;

/** Writes down every row that another denoiser is asked for. Not thread-safe. */
public final class Watched extends Wrapped {
    /** What a row was: its input and level to the bit, and what was asked. */
    public record Asked(Condition condition, float level, FloatBuffer input) {}

    private record Encoded(List<Condition> conditions, Conditioning inner) implements Conditioning {
        @Override
        public int entries() {
            return inner.entries();
        }

        @Override
        public void close() {
            inner.close();
        }
    }

    public final List<Asked> rows = new ArrayList<>();

    public Watched(Denoiser inner) {
        super(inner);
    }

    /** Rows that were asked for more than once. */
    public List<Asked> repeated() {
        Map<Asked, Integer> times = new LinkedHashMap<>();
        rows.forEach(row -> times.merge(row, 1, Integer::sum));
        return times.keySet().stream().filter(row -> times.get(row) > 1).toList();
    }

    public long count(Predicate<Condition> condition) {
        return rows.stream().filter(row -> condition.test(row.condition())).count();
    }

    @Override
    public Conditioning encode(List<Condition> conditions) {
        return new Encoded(List.copyOf(conditions), inner.encode(conditions));
    }

    @Override
    public Tensor network(Tensor input, Tensor level, Conditioning conditions, Tensor entries) {
        Encoded encoded = (Encoded) conditions;
        float[] x = Tensors.toFloats(input);
        float[] levels = Tensors.toFloats(level);
        long[] entry = Tensors.toLongs(entries);
        int d = shape().elements();
        for (int r = 0; r < levels.length; r++) {
            FloatBuffer row = FloatBuffer.wrap(Arrays.copyOfRange(x, r * d, (r + 1) * d));
            rows.add(new Asked(encoded.conditions().get((int) entry[r]), levels[r], row));
        }
        return inner.network(input, level, encoded.inner(), entries);
    }
}
