package org.noisetrail.reward;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.noisetrail.kernels.Kernels;
import org.noisetrail.model.Condition;
import org.noisetrail.model.ImageShape;
import org.noisetrail.settings.Setting;
import org.noisetrail.torch.Tensors;

record Compressibility(double maxBytes) implements Reward {
    static final RewardKind KIND = new RewardKind(
            "compressibility",
            "compressibility[:max-bytes=N]",
            "1 - JPEG bytes / N; N is 3000, above 64x64 pixels 150000, above 512x512 in proportion to them",
            RewardKind.Argument.WORD,
            argument -> false,
            (argument, around) -> new Compressibility(maxBytes(argument)));

    private static double maxBytes(String argument) {
        if (argument.isEmpty()) {
            return 0;
        }
        double bytes = argument.startsWith("max-bytes=")
                ? Double.parseDouble(argument.substring("max-bytes=".length()))
                : Double.NaN;
        if (!(bytes > 0)) {
            throw new IllegalArgumentException("compressibility takes max-bytes=N, N above 0: " + argument);
        }
        return bytes;
    }

    Compressibility {
        if (!(maxBytes >= 0 && maxBytes < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("max bytes must be >= 0 and finite: " + maxBytes);
        }
    }

    @Override
    public String name() {
        return KIND.name() + (maxBytes == 0 ? "" : ":max-bytes=" + Setting.plain(maxBytes));
    }

    @Override
    public void check(ImageShape shape, List<Condition> conditions) {
        JpegBytes.checkShape(shape);
    }

    @Override
    public boolean staysOnDevice() {
        return true;
    }

    @Override
    public void score(ImageBatch images, Tensor scores) {
        ImageShape shape = images.shape();
        JpegBytes.checkShape(shape);
        Kernels.on(images.lane())
                .jpegSize(
                        Tensors.pointer(images.pixels()),
                        images.rows(),
                        shape.channels(),
                        shape.height(),
                        shape.width(),
                        maxBytes(shape),
                        null,
                        Scores.pointer(scores, images));
    }

    private double maxBytes(ImageShape shape) {
        if (maxBytes > 0) {
            return maxBytes;
        }
        long pixels = (long) shape.height() * shape.width();
        // The paper's, of images of 512 x 512: larger ones of as much in a pixel would all score 0.
        return pixels <= 64 * 64 ? 3000 : 150000 * Math.max(1, pixels / (512.0 * 512));
    }
}
