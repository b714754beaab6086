package org.noisetrail.reward;

import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.ObjDoubleConsumer;
import org.bytedeco.pytorch.Tensor;
import org.noisetrail.model.Condition;
import org.noisetrail.model.ImageShape;
import org.noisetrail.torch.Tensors;

/**
 * Another reward, looked at.
 *
 * @param next when an image may be shown again, on {@link System#nanoTime}'s clock
 */
record ShownReward(Reward reward, long everyNanos, ObjDoubleConsumer<Image> viewer, AtomicLong next) implements Reward {
    @Override
    public String name() {
        return reward.name();
    }

    @Override
    public String id() {
        return reward.id();
    }

    @Override
    public void check(ImageShape shape, List<Condition> conditions) {
        reward.check(shape, conditions);
    }

    @Override
    public void score(ImageBatch images, Tensor scores) {
        reward.score(images, scores);
        long due = next.get();
        long now = System.nanoTime();
        if (now - due >= 0 && next.compareAndSet(due, now + everyNanos)) {
            show(images, Tensors.toDoubles(scores));
        }
    }

    private void show(ImageBatch images, double[] scores) {
        int best = 0;
        for (int row = 1; row < scores.length; row++) {
            if (scores[row] > scores[best] || Double.isNaN(scores[best])) {
                best = row;
            }
        }
        try (Tensor row = Tensors.rows(images.pixels(), best, 1)) {
            viewer.accept(
                    new Image(
                            images.shape(),
                            Tensors.toBytes(row),
                            images.conditions().get(best)),
                    scores[best]);
        }
    }

    @Override
    public void close() {
        reward.close();
    }
}
