package org.noisetrail.evaluation;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Condition;
import org.noisetrail.model.ImageShape;
import org.noisetrail.reward.Image;
import org.noisetrail.reward.ImageBatch;
import org.noisetrail.reward.Reward;
import org.noisetrail.torch.Tensors;

/** What a reward says of images that are drawn already. */
final class Scores {
    private Scores() {}

    /** @param maxBatch the most that are judged at once */
    static double[] of(Reward reward, Device device, List<Image> images, int maxBatch) {
        double[] scores = new double[images.size()];
        reward.check(
                images.get(0).shape(), images.stream().map(Image::condition).toList());
        for (int from = 0; from < scores.length; from += maxBatch) {
            List<Image> part = images.subList(from, Math.min(scores.length, from + maxBatch));
            System.arraycopy(of(reward, device, part), 0, scores, from, part.size());
        }
        return scores;
    }

    private static double[] of(Reward reward, Device device, List<Image> images) {
        ImageShape shape = images.get(0).shape();
        int count = images.size();
        byte[] all = new byte[Math.multiplyExact(count, shape.elements())];
        int[] labels = new int[count];
        for (int i = 0; i < count; i++) {
            System.arraycopy(images.get(i).pixels(), 0, all, i * shape.elements(), shape.elements());
            labels[i] = images.get(i).label();
        }
        try (Tensor pixels = Tensors.bytes(device, count, shape.channels(), shape.height(), shape.width());
                Tensor label = Tensors.of(device, labels, count);
                Tensor scores = Tensors.doubles(device, count)) {
            Tensors.copy(all, pixels);
            Tensors.fill(scores, Double.NaN);
            List<Condition> conditions = images.stream().map(Image::condition).toList();
            reward.score(new ImageBatch(device, shape, pixels, label, conditions), scores);
            return Tensors.toDoubles(scores);
        }
    }
}
