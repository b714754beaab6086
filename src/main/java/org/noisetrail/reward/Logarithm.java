package org.noisetrail.reward;

import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.noisetrail.model.Condition;
import org.noisetrail.model.ImageShape;
import org.noisetrail.torch.Torch;

/** The natural logarithm of a reward, so that a sum of them is a product: none of its parts can be bought with another. NaN where the reward is not above 0. Owns its part. */
record Logarithm(Reward part) implements Reward {
    static final RewardKind KIND =
            RewardKind.ofOne("log", "its natural logarithm, as in log(class)+log(brightness)", Logarithm::new);

    @Override
    public String name() {
        return RewardText.made("log", List.of(part.name()));
    }

    @Override
    public String id() {
        return RewardText.made("log", List.of(part.id()));
    }

    @Override
    public void check(ImageShape shape, List<Condition> conditions) {
        part.check(shape, conditions);
    }

    @Override
    public boolean staysOnDevice() {
        return part.staysOnDevice();
    }

    @Override
    @SuppressWarnings("CheckReturnValue") // the tensor that it fills comes back
    public void score(ImageBatch images, Tensor scores) {
        Scores.pointer(scores, images);
        part.score(images, scores);
        Torch.run(() -> torch.log_out(scores, scores));
        // Minus infinity, times a negative weight, would win.
        try (Tensor infinite = Torch.call(scores::isinf);
                Scalar nan = new Scalar(Double.NaN)) {
            Torch.run(() -> scores.masked_fill_(infinite, nan));
        }
    }

    @Override
    public void close() {
        part.close();
    }
}
