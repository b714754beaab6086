package org.noisetrail.model.edm;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.noisetrail.model.layers.Layers;
import org.noisetrail.model.layers.Script;
import org.noisetrail.torch.Tensors;

/** Halves and doubles maps with the checkpoint's filter. */
final class Resampling {
    enum Way {
        NONE,
        UP,
        DOWN
    }

    private final Script script;
    private final Layers layers;
    private final int taps;

    Resampling(Script script, Layers layers, int taps) {
        this.script = script;
        this.layers = layers;
        this.taps = taps;
    }

    /** @param resolution of the result */
    String resample(String x, String name, int channels, int resolution, Way way) {
        return switch (way) {
            case NONE -> x;
            case UP -> up(x, name, channels, resolution);
            case DOWN -> down(x, name, channels, true);
        };
    }

    String down(String x, String name, int channels) {
        return down(x, name, channels, true);
    }

    private String down(String x, String name, int channels, boolean padded) {
        Tensor filter = filter(name);
        if (isBox(filter)) {
            return script.assign("torch.avg_pool2d(" + x + ", [2, 2])");
        }
        int padding = padded ? (taps - 1) / 2 : 0;
        return layers.convolve(x, perChannel(filter, channels), null, padding, 2, channels);
    }

    /** NVlabs' "fused" form: the filter's padding is the convolution's. */
    String downThroughConvolution(String x, String name, int in, int out) {
        Tensor weight = layers.scaled(1, name + ".weight", out, in, 3, 3);
        Tensor bias = layers.scaled(1, name + ".bias", out);
        String h = layers.convolve(x, weight, bias, 1 + (taps - 1) / 2, 1, 1);
        return down(h, name, out, false);
    }

    /** @param resolution of the result */
    String up(String x, String name, int channels, int resolution) {
        Tensor filter = filter(name);
        if (isBox(filter)) {
            return script.assign("torch.upsample_nearest2d(" + x + ", [" + resolution + ", " + resolution + "])");
        }
        // A transposed convolution of stride 2: zeros between the pixels, then the filter turned round.
        int inner = resolution - 1;
        String spread = script.assign(x + ".new_zeros([rows, " + channels + ", " + inner + ", " + inner + "])");
        script.line(spread + "[:, :, ::2, ::2].copy_(" + x + ")");
        Tensor turned = filter.flip(2, 3).mul(new Scalar(4.0));
        return layers.convolve(spread, perChannel(turned, channels), null, taps - 1 - (taps - 1) / 2, 1, channels);
    }

    private Tensor filter(String name) {
        return layers.weight(name + ".resample_filter", 1, 1, taps, taps);
    }

    private static boolean isBox(Tensor filter) {
        if (filter.numel() != 4) {
            return false;
        }
        for (float value : Tensors.toFloats(filter)) {
            if (value != 0.25f) {
                return false;
            }
        }
        return true;
    }

    private static Tensor perChannel(Tensor filter, int channels) {
        return filter.repeat(channels, 1, 1, 1);
    }
}
