package org.noisetrail.evaluation;

import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.noisetrail.model.Classifier;
import org.noisetrail.reward.HostImages;
import org.noisetrail.reward.Image;
import org.noisetrail.torch.Tensors;

/** How much images differ: the mean Euclidean distance of two of them in a classifier's logits. */
public final class Diversity {
    private Diversity() {}

    /** NaN for fewer than two images. */
    public static double of(Classifier classifier, List<Image> images, int maxBatch) {
        float[][] logits = new float[images.size()][];
        for (int from = 0; from < logits.length; from += maxBatch) {
            logits(classifier, images.subList(from, Math.min(logits.length, from + maxBatch)), logits, from);
        }
        return meanDistance(logits);
    }

    private static void logits(Classifier classifier, List<Image> images, float[][] logits, int at) {
        try (HostImages there = new HostImages(classifier.device(), images);
                Tensor answer = classifier.logits(there.batch().pixels())) {
            float[] values = Tensors.toFloats(answer);
            int classes = values.length / images.size();
            for (int i = 0; i < images.size(); i++) {
                logits[at + i] = Arrays.copyOfRange(values, i * classes, (i + 1) * classes);
            }
        }
    }

    /**
     * The mean Euclidean distance over all pairs of points; NaN for fewer than two.
     *
     * @param points [points, coordinates]
     */
    public static double meanDistance(float[][] points) {
        double sum = 0;
        long pairs = 0;
        for (int i = 0; i < points.length; i++) {
            for (int j = 0; j < i; j++) {
                double squares = 0;
                for (int k = 0; k < points[i].length; k++) {
                    double difference = points[i][k] - points[j][k];
                    squares += difference * difference;
                }
                sum += Math.sqrt(squares);
                pairs++;
            }
        }
        return sum / pairs;
    }
}
