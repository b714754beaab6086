package org.noisetrail.model.script;

import java.util.Arrays;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.noisetrail.checkpoint.Digest;
import org.noisetrail.checkpoint.ModelFiles;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Classifier;
import org.noisetrail.model.Inputs;
import org.noisetrail.torch.Tensors;
import org.noisetrail.torch.Torch;

/** A classifier as TorchScript: float32 [rows, C, H, W] in 0..1 to logits [rows, classes]. */
public final class TorchScriptClassifier implements Classifier {
    private final Device device;
    private final Digest id;
    private final TorchScriptModule module;

    public TorchScriptClassifier(ModelFiles files, String file, Device device) {
        this.device = device;
        this.id = new Digest("classifier", files, file);
        this.module = new TorchScriptModule(files, file, device);
    }

    @Override
    public String id() {
        return id.value();
    }

    @Override
    public Device device() {
        return device;
    }

    @Override
    public Tensor logits(Tensor images) {
        if (images.dim() != 4 || images.scalar_type().intern() != ScalarType.Byte) {
            throw new IllegalArgumentException("images must be uint8 [rows, C, H, W]: "
                    + images.scalar_type().intern() + " " + Arrays.toString(Tensors.shape(images)));
        }
        return Torch.call(() -> {
            try (Tensor floats = images.to(ScalarType.Float);
                    Scalar levels = new Scalar(255.0)) {
                floats.div_(levels);
                Tensor logits = module.call(floats);
                Inputs.checkLogits(this, logits, images, images.size(0));
                return logits;
            }
        });
    }

    @Override
    public void close() {
        module.close();
    }
}
