package org.noisetrail.reward;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.noisetrail.NoisetrailException;
import org.noisetrail.checkpoint.Digest;
import org.noisetrail.checkpoint.ModelFiles;
import org.noisetrail.model.script.TorchScriptModule;
import org.noisetrail.torch.Tensors;
import org.noisetrail.torch.Torch;

/** A score that comes as TorchScript: from images, float32 [rows, C, H, W] in 0..1, to [rows] or [rows, 1]. TorchScript is code: it runs what the file holds. */
final class TorchScriptReward implements Reward {
    static final RewardKind KIND = new RewardKind(
            "torchscript",
            "torchscript:FILE",
            true,
            argument -> false,
            (argument, around) -> new TorchScriptReward(argument, around.device().get()));

    private final String file;
    private final Digest id;
    private final TorchScriptModule module;

    private TorchScriptReward(String file, org.noisetrail.kernels.Device device) {
        if (file.isEmpty()) {
            throw new IllegalArgumentException("torchscript needs a file: torchscript:FILE");
        }
        Path path = Path.of(file).toAbsolutePath();
        Path folder = path.getParent();
        if (folder == null || !Files.isRegularFile(path)) {
            throw new NoisetrailException("no such file: " + file);
        }
        String name = String.valueOf(path.getFileName());
        this.file = file;
        this.id = new Digest(KIND.name(), ModelFiles.folder(folder), name);
        this.module = new TorchScriptModule(ModelFiles.folder(folder), name, device);
    }

    @Override
    public String name() {
        return KIND.name() + ":" + file;
    }

    @Override
    public String id() {
        return KIND.name() + " " + id.value();
    }

    @Override
    public void score(ImageBatch images, Tensor scores) {
        Scores.pointer(scores, images);
        try (Tensor floats = Torch.call(() -> images.pixels().to(ScalarType.Float));
                Scalar most = new Scalar(255.0);
                Tensor scaled = Torch.call(() -> floats.div(most));
                Tensor output = Torch.call(() -> module.call(scaled))) {
            if (output.numel() != images.rows() || output.size(0) != images.rows()) {
                throw new NoisetrailException(file + " must give one number an image, [" + images.rows() + "]: "
                        + Arrays.toString(Tensors.shape(output)));
            }
            try (Tensor flat = Torch.call(() -> output.view(images.rows()))) {
                Tensors.copy(flat, scores);
            }
        }
    }

    @Override
    public void close() {
        module.close();
    }
}
