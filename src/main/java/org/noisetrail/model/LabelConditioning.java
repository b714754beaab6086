package org.noisetrail.model;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.noisetrail.kernels.Device;
import org.noisetrail.torch.Tensors;
import org.noisetrail.torch.Torch;

/** The conditions of networks that know classes, or nothing. Internal: public only because its users are packages of their own. */
public final class LabelConditioning implements Conditioning {
    private final int entries;
    private final @Nullable Tensor labels;

    private LabelConditioning(int entries, @Nullable Tensor labels) {
        this.entries = entries;
        this.labels = labels;
    }

    /**
     * An unconditional network draws the same whatever is asked: then the condition is for the reward alone.
     *
     * @param classes 0 for an unconditional network
     * @throws IllegalArgumentException if it cannot be drawn
     */
    public static void check(Condition condition, int classes) {
        if (classes == 0) {
            return;
        }
        if (condition instanceof Condition.Label label) {
            if (label.label() >= classes) {
                throw new IllegalArgumentException("class must be <= " + (classes - 1) + ": " + label.label());
            }
        } else {
            throw new IllegalArgumentException(
                    "the model draws " + classes + " classes, so each image needs one: " + condition);
        }
    }

    /**
     * One entry a condition.
     *
     * @throws IllegalArgumentException if one cannot be drawn
     */
    public static LabelConditioning of(List<Condition> conditions, int classes, Device device) {
        conditions.forEach(condition -> check(condition, classes));
        if (classes == 0) {
            return new LabelConditioning(conditions.size(), null);
        }
        long[] labels = conditions.stream()
                .mapToLong(condition -> ((Condition.Label) condition).label())
                .toArray();
        return new LabelConditioning(labels.length, Tensors.of(device, labels, labels.length));
    }

    /** int64 [rows], the caller's to close; null where there are no classes. */
    public @Nullable Tensor rows(Tensor entries) {
        return labels == null ? null : Torch.call(() -> labels.index_select(0, entries));
    }

    @Override
    public int entries() {
        return entries;
    }

    @Override
    public void close() {
        if (labels != null) {
            labels.close();
        }
    }
}
