package org.noisetrail.model;

import java.util.Arrays;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.noisetrail.kernels.Device;
import org.noisetrail.torch.NoGradients;
import org.noisetrail.torch.Tensors;
import org.noisetrail.torch.Torch;

/** {@link Decoder#linear}: an affine map of the latent channels, the same at every place. */
final class LinearDecoder implements Decoder {
    /** Large enough for the middle of a flat state to be free of its border. */
    private static final int SIDE = 8;

    private final Decoder whole;
    private final Device device;
    private final ImageShape image;
    /** [image channels, latent channels]. */
    private final float[] slopes;
    /** [image channels]. */
    private final float[] offsets;

    LinearDecoder(Decoder whole, ImageShape state, Device device) {
        if (whole.isIdentity()) {
            throw new IllegalArgumentException("a linear look is for models of latents, whose states are no images");
        }
        this.whole = whole;
        this.device = device;
        int colours = whole.image().channels();
        int channels = state.channels();
        image = new ImageShape(colours, state.height(), state.width());
        slopes = new float[colours * channels];
        offsets = new float[colours];
        double[][] flat = flatColours(channels);
        for (int k = 0; k < colours; k++) {
            offsets[k] = (float) flat[0][k];
            for (int c = 0; c < channels; c++) {
                slopes[k * channels + c] = (float) ((flat[2 * c + 1][k] - flat[2 * c + 2][k]) / 2);
            }
        }
    }

    /** The mean colour of the middle of what flat states are decoded to: of 0, then of 1 and -1 in each channel alone. */
    private double[][] flatColours(int channels) {
        int rows = 2 * channels + 1;
        float[] states = new float[rows * channels * SIDE * SIDE];
        for (int row = 1; row < rows; row++) {
            int from = (row * channels + (row - 1) / 2) * SIDE * SIDE;
            Arrays.fill(states, from, from + SIDE * SIDE, row % 2 == 1 ? 1 : -1);
        }
        double[][] colours = new double[rows][image.channels()];
        try (Tensor flat = Tensors.of(device, states, rows, channels, SIDE, SIDE);
                NoGradients plain = new NoGradients();
                Tensor decoded = whole.decode(flat)) {
            Inputs.checkColours(whole, decoded, flat, rows);
            float[] all = Tensors.toFloats(decoded);
            int height = Math.toIntExact(decoded.size(2));
            int width = Math.toIntExact(decoded.size(3));
            for (int row = 0; row < rows; row++) {
                for (int k = 0; k < colours[row].length; k++) {
                    int plane = (row * image.channels() + k) * height * width;
                    double sum = 0;
                    for (int y = height / 4; y < height - height / 4; y++) {
                        for (int x = width / 4; x < width - width / 4; x++) {
                            sum += all[plane + y * width + x];
                        }
                    }
                    colours[row][k] = sum / (height - height / 4 * 2) / (width - width / 4 * 2);
                }
            }
        }
        return colours;
    }

    @Override
    public String id() {
        return "linear " + whole.id();
    }

    @Override
    public ImageShape image() {
        return image;
    }

    @Override
    public Tensor decode(Tensor states) {
        try (Tensor matrix = Tensors.of(device, slopes, offsets.length, slopes.length / offsets.length, 1, 1);
                Tensor bias = Tensors.of(device, offsets, offsets.length);
                TensorOptional added = new TensorOptional(bias)) {
            return Torch.call(() ->
                    torch.conv2d(states, matrix, added, new long[] {1, 1}, new long[] {0, 0}, new long[] {1, 1}, 1));
        }
    }

    @Override
    public void close() {}
}
