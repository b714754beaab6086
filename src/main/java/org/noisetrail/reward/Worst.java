package org.noisetrail.reward;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.noisetrail.model.Condition;
import org.noisetrail.model.ImageShape;
import org.noisetrail.torch.Tensors;
import org.noisetrail.torch.Torch;
import org.noisetrail.torch.Unfinished;

/** The lowest of several rewards, image by image; NaN where one is NaN or plus infinity. Owns its parts. */
record Worst(String name, List<Reward> parts) implements Reward {
    static final RewardKind KIND =
            RewardKind.of("worst", "worst(REWARD; REWARD...)", "the lowest of several, image by image", Worst::of);

    static Worst of(List<Reward> parts) {
        if (parts.size() < 2) {
            throw new IllegalArgumentException("worst must have >= 2 rewards: " + parts.size());
        }
        return new Worst(
                RewardText.made("worst", parts.stream().map(Reward::name).toList()), List.copyOf(parts));
    }

    @Override
    public String id() {
        return RewardText.made("worst", parts.stream().map(Reward::id).toList());
    }

    @Override
    public void check(ImageShape shape, List<Condition> conditions) {
        parts.forEach(part -> part.check(shape, conditions));
    }

    @Override
    public boolean staysOnDevice() {
        return parts.stream().allMatch(Reward::staysOnDevice);
    }

    @Override
    @SuppressWarnings("CheckReturnValue") // the tensor that it fills comes back
    public void score(ImageBatch images, Tensor scores) {
        Scores.pointer(scores, images);
        // As a reward by itself is scored: the lowest of several would hide a part's plus infinity.
        images.score(parts.get(0), scores);
        try (Tensor other = Tensors.doubles(images.device(), images.rows())) {
            for (Reward part : parts.subList(1, parts.size())) {
                images.score(part, other);
                Torch.run(() -> torch.minimum_out(scores, scores, other));
            }
        }
    }

    @Override
    public void close() {
        Unfinished.closeAll(parts);
    }
}
