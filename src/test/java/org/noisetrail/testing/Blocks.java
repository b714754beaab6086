package org.noisetrail.testing;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Decoder;
import org.noisetrail.model.ImageShape;
import org.noisetrail.torch.Tensors;

/**
 * A decoder whose images are known: every latent of two channels becomes a block of 2 x 2 pixels of a colour that is affine in it, at any height and width. It writes down how many rows
 * each call has. Not thread-safe.
 */
public final class Blocks implements Decoder {
    private static final float[][] SLOPES = {{.5f, -.25f}, {.125f, 1}, {-2, 0}};
    private static final float[] OFFSETS = {.1f, -.2f, .3f};

    /** Of each call for states of its own shape. */
    public final List<Integer> calls = new ArrayList<>();
    /** Of each call for states of another shape, which a look at fewer latents makes. */
    public final List<Integer> others = new ArrayList<>();

    private final String id;
    private final ImageShape state;
    private final int sign;

    private Blocks(String id, ImageShape state, int sign) {
        this.id = id;
        this.state = state;
        this.sign = sign;
    }

    /** @param state of two channels */
    public static Blocks of(ImageShape state) {
        return new Blocks("blocks", state, 1);
    }

    /** Its images are the negatives of the others'. */
    public static Blocks inverted(ImageShape state) {
        return new Blocks("inverted blocks", state, -1);
    }

    public static long sum(List<Integer> rows) {
        return rows.stream().mapToLong(Integer::longValue).sum();
    }

    @Override
    public String id() {
        return id;
    }

    @Override
    public ImageShape image() {
        return new ImageShape(3, 2 * state.height(), 2 * state.width());
    }

    @Override
    public Tensor decode(Tensor states) {
        int rows = (int) states.size(0);
        int height = (int) states.size(2);
        int width = (int) states.size(3);
        (height == state.height() && width == state.width() ? calls : others).add(rows);
        float[] x = Tensors.toFloats(states);
        float[] image = new float[rows * 3 * 4 * height * width];
        for (int i = 0; i < image.length; i++) {
            int column = i % (2 * width) / 2;
            int line = i / (2 * width) % (2 * height) / 2;
            int colour = i / (4 * height * width) % 3;
            int row = i / (12 * height * width);
            image[i] = OFFSETS[colour];
            for (int c = 0; c < 2; c++) {
                image[i] += SLOPES[colour][c] * x[((row * 2 + c) * height + line) * width + column];
            }
            image[i] *= sign;
        }
        return Tensors.of(Device.CPU, image, rows, 3, 2 * height, 2 * width);
    }

    @Override
    public void close() {}
}
