package org.noisetrail.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Map;
import java.util.function.UnaryOperator;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.noisetrail.NoisetrailException;
import org.noisetrail.kernels.Device;
import org.noisetrail.testing.Blocks;
import org.noisetrail.testing.NativeObjects;
import org.noisetrail.torch.Tensors;

/** Cheap looks at the states of a decoder whose images are known. */
class CheapDecodersTest {
    private static final ImageShape STATE = new ImageShape(2, 4, 6);
    private static final Decoder BLOCKS = Blocks.of(STATE);

    private static float[] states() {
        float[] states = new float[3 * STATE.elements()];
        for (int i = 0; i < states.length; i++) {
            states[i] = (float) Math.sin(i);
        }
        return states;
    }

    private static float[] decoded(Decoder decoder, float[] states) {
        try (Tensor x = Tensors.of(Device.CPU, states, 3, 2, 4, 6);
                Tensor images = decoder.decode(x)) {
            ImageShape image = decoder.image();
            assertThat(Tensors.shape(images)).containsExactly(3, image.channels(), image.height(), image.width());
            return Tensors.toFloats(images);
        }
    }

    @Test
    void aLinearLookIsTheDecoderWhereThatIsAffine() {
        float[] images = decoded(Decoder.linear(BLOCKS, STATE, Device.CPU), states());
        float[] whole = decoded(BLOCKS, states());
        for (int i = 0; i < images.length; i++) {
            int plane = i / 24;
            assertThat(images[i]).isCloseTo(whole[plane * 96 + i % 24 / 6 * 24 + i % 6 * 2], within(1e-5f));
        }
    }

    @Test
    void aHalfLookDecodesMeansOfFour() {
        float[] images = decoded(Decoder.half(BLOCKS, STATE), states());
        float[] whole = decoded(BLOCKS, states());
        // An affine decoder's image of a mean is the mean of its images: 4 x 4 pixels to 2 x 2.
        for (int i = 0; i < images.length; i++) {
            int from = i / 24 * 96 + i % 24 / 6 / 2 * 48 + i % 6 / 2 * 4;
            float sum = 0;
            for (int y = 0; y < 4; y++) {
                for (int x = 0; x < 4; x++) {
                    sum += whole[from + 12 * y + x];
                }
            }
            assertThat(images[i]).isCloseTo(sum / 16, within(1e-5f));
        }
    }

    @Test
    void halvesOfPixelsAreImages() {
        Decoder half = Decoder.half(Decoder.identity(new ImageShape(1, 5, 4)), new ImageShape(1, 5, 4));
        assertThat(half.image()).isEqualTo(new ImageShape(1, 2, 2));
        assertThat(half.isIdentity()).isTrue();
    }

    @Test
    void whatCannotBeIsRefused() {
        ImageShape line = new ImageShape(1, 1, 4);
        assertThatThrownBy(() -> Decoder.half(Decoder.identity(line), line))
                .hasMessage("states must be at least 2x2 to be halved: 1x1x4");
        assertThatThrownBy(() -> Decoder.linear(Decoder.identity(line), line, Device.CPU))
                .hasMessageContaining("a linear look is for models of latents");
    }

    /** A decoder whose images are what it is told. */
    private static Decoder giving(UnaryOperator<Tensor> images) {
        return new Decoder() {
            @Override
            public String id() {
                return "giving";
            }

            @Override
            public ImageShape image() {
                return BLOCKS.image();
            }

            @Override
            public Tensor decode(Tensor states) {
                return images.apply(states);
            }

            @Override
            public void close() {}
        };
    }

    @Test
    void aLinearLookIsFittedToNothingButImages() {
        int colours = BLOCKS.image().channels();
        Map<String, UnaryOperator<Tensor>> wrongs = Map.of(
                "that is [5, 3, height, width]: [4, 3, 16, 16]",
                states -> Tensors.floats(Device.CPU, 4, colours, 16, 16),
                "that is [5, 3, height, width]: [5, 4, 16, 16]",
                states -> Tensors.floats(Device.CPU, 5, colours + 1, 16, 16),
                "that is [5, 3, height, width]: [5, 768]",
                states -> Tensors.floats(Device.CPU, 5, colours * 256L),
                "that is float32: Double",
                states -> Tensors.doubles(Device.CPU, 5, colours, 16, 16));
        wrongs.forEach((wrong, images) -> assertThatThrownBy(() -> Decoder.linear(giving(images), STATE, Device.CPU))
                .isInstanceOf(NoisetrailException.class)
                .hasMessage("the decoder must give a tensor " + wrong));
    }

    @Test
    void theyLeaveNothingBehind() {
        decoded(Decoder.linear(BLOCKS, STATE, Device.CPU), states());
        long pointers = NativeObjects.settled();
        decoded(Decoder.linear(BLOCKS, STATE, Device.CPU), states());
        decoded(Decoder.half(BLOCKS, STATE), states());
        assertThat(Pointer.totalCount()).isLessThanOrEqualTo(pointers);
    }
}
