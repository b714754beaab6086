package org.noisetrail.cli;

import java.nio.file.Path;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.ImageShape;
import org.noisetrail.model.Tensors;
import org.noisetrail.search.ImageResult;

/** {@code final.safetensors}: the final states before 8 bits, in the order of the images. */
final class States {
    private States() {}

    /** @param images at least one, all of one shape */
    static void write(Path file, List<ImageResult> images) {
        ImageShape shape = images.get(0).pixels().shape();
        try (Tensor x = Tensors.floats(
                Device.CPU, images.size(), shape.channels(), shape.height(), shape.width())) {
            for (int i = 0; i < images.size(); i++) {
                try (Tensor row = Tensors.rows(x, i, 1)) {
                    Tensors.copy(images.get(i).state(), row);
                }
            }
            TensorFile.write(file, "x", x);
        }
    }
}
