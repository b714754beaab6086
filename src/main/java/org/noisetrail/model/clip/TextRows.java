package org.noisetrail.model.clip;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.noisetrail.torch.Torch;

/**
 * A row of numbers for each of some texts. The first so many that are asked for are kept until the end, and what other texts need is made anew in every call: a row that was kept once may be
 * read by work on any stream, or by a recording that is launched again, and nobody could tell when it may go. Thread-safe.
 */
final class TextRows implements AutoCloseable {
    private final int most;
    private final int together;
    private final Function<List<String>, Tensor> make;
    private final Runnable settle;
    private final Map<String, Tensor> kept = new HashMap<>();

    /**
     * @param most how many are kept
     * @param together how many are made in one call, at most
     * @param make gives the rows of texts, [texts, width]
     * @param settle waits until what was made may be read on any stream
     */
    TextRows(int most, int together, Function<List<String>, Tensor> make, Runnable settle) {
        this.most = most;
        this.together = together;
        this.make = make;
        this.settle = settle;
    }

    /** @return [texts, width], the caller's to close */
    synchronized Tensor of(List<String> texts) {
        List<String> fresh = texts.stream()
                .distinct()
                .filter(text -> !kept.containsKey(text))
                .toList();
        Map<String, Tensor> made = new LinkedHashMap<>();
        try {
            for (int from = 0; from < fresh.size(); from += together) {
                make(fresh.subList(from, Math.min(fresh.size(), from + together)), made);
            }
            if (!fresh.isEmpty()) {
                settle.run();
            }
            fresh.stream().limit(most - kept.size()).forEach(text -> kept.put(text, made.remove(text)));
            try (TensorVector rows = new TensorVector()) {
                texts.forEach(text -> rows.push_back(made.containsKey(text) ? made.get(text) : kept.get(text)));
                return Torch.call(() -> torch.stack(rows, 0));
            }
        } finally {
            made.values().forEach(Tensor::deallocate);
        }
    }

    private void make(List<String> texts, Map<String, Tensor> made) {
        try (Tensor rows = make.apply(texts)) {
            for (int i = 0; i < texts.size(); i++) {
                int row = i;
                made.put(texts.get(i), Torch.keep(Torch.call(() -> rows.select(0, row))));
            }
        }
    }

    @Override
    public synchronized void close() {
        kept.values().forEach(Tensor::deallocate);
        kept.clear();
    }
}
