package org.noisetrail.model.edm;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.noisetrail.checkpoint.Digest;
import org.noisetrail.checkpoint.ModelFiles;
import org.noisetrail.checkpoint.Weights;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Denoiser;
import org.noisetrail.testing.Nets;
import org.noisetrail.torch.Tensors;

/** The largest network of EDM's paper, with random weights: about 2.5 GB for some seconds. */
@Tag("slow")
class ImageNetAdmTest {
    private long parameters;

    @Test
    void theImageNet64NetworkRunsAndHasItsPublishedSize() {
        String json =
                "{\"img_resolution\": 64, \"img_channels\": 3, \"label_dim\": 1000, \"model_type\": \"DhariwalUNet\"}";
        NetworkConfig config = NetworkConfig.parse("config.json", json.getBytes(StandardCharsets.UTF_8), false);
        Digest id = new Digest("random", ModelFiles.folder(java.nio.file.Path.of(".")), "none");
        try (Denoiser denoiser = new EdmDenoiser(config, new RandomWeights(), id, Device.CPU)) {
            // "296M parameters" (Karras et al. 2022, table 7 and text).
            assertThat(parameters / 1e6).isBetween(295.5, 296.5);
            int d = denoiser.shape().elements();
            float[] out = Nets.network(denoiser, Nets.normals(1, d), new float[] {0.3f}, new long[] {999});
            assertThat(out).hasSize(d);
            double square = 0;
            for (float value : out) {
                square += (double) value * value;
            }
            assertThat(square / d).isFinite().isGreaterThan(1e-6);
        }
    }

    private final class RandomWeights implements Weights {
        @Override
        public Tensor get(String name, long... shape) {
            boolean filter = name.endsWith("resample_filter");
            Tensor tensor = Tensors.floats(Device.CPU, shape);
            if (filter) {
                return tensor.fill_(new Scalar(0.25));
            }
            parameters += tensor.numel();
            if (shape.length == 1) {
                return tensor.fill_(new Scalar(name.contains("norm") && name.endsWith("weight") ? 1 : 0));
            }
            double fanIn = (double) tensor.numel() / shape[0];
            return tensor.uniform_(
                    -Math.sqrt(3 / fanIn), Math.sqrt(3 / fanIn), new org.bytedeco.pytorch.GeneratorOptional());
        }

        @Override
        public void requireAllUsed() {}
    }
}
