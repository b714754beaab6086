package org.noisetrail.reward;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;
import org.noisetrail.NoisetrailException;
import org.noisetrail.checkpoint.Digest;
import org.noisetrail.checkpoint.ModelFiles;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Condition;
import org.noisetrail.model.ImageShape;
import org.noisetrail.model.clip.ClipModel;
import org.noisetrail.model.script.TorchScriptModule;
import org.noisetrail.torch.Tensors;
import org.noisetrail.torch.Torch;

/**
 * A score that comes as TorchScript: from images, float32 [rows, C, H, W] in 0..1, and, as {@code torchscript-text}, the prompts' embeddings by the CLIP model beside the pipeline, float32
 * [rows, projection], of length 1; to [rows] or [rows, 1]. TorchScript is code: it runs what the file holds.
 */
final class TorchScriptReward implements Reward {
    static final RewardKind KIND = new RewardKind(
            "torchscript",
            "torchscript:FILE",
            "a TorchScript network of your own, which is code that runs",
            RewardKind.Argument.PATH,
            argument -> false,
            (argument, around) -> new TorchScriptReward(
                    "torchscript", argument, around.device().get(), () -> null));
    static final RewardKind WITH_TEXT = new RewardKind(
            "torchscript-text",
            "torchscript-text:FILE",
            "the same, which sees the prompt's embedding, too",
            RewardKind.Argument.PATH,
            argument -> true,
            (argument, around) -> new TorchScriptReward(
                    "torchscript-text",
                    argument,
                    around.device().get(),
                    () -> ClipReward.besideModel(around.pipeline().get(), "clip")));

    private final String kind;
    private final @Nullable ClipModel clip;
    private final String file;
    private final Digest id;
    private final TorchScriptModule module;

    private TorchScriptReward(String kind, String file, Device device, Supplier<@Nullable ClipModel> clip) {
        this.kind = kind;
        if (file.isEmpty()) {
            throw new IllegalArgumentException(kind + " needs a file: " + kind + ":FILE");
        }
        Path path = Path.of(file).toAbsolutePath();
        Path folder = path.getParent();
        if (folder == null || !Files.isRegularFile(path)) {
            throw new NoisetrailException("no such file: " + file);
        }
        String name = String.valueOf(path.getFileName());
        this.file = file;
        this.id = new Digest(kind, ModelFiles.folder(folder), name);
        // The pipeline's to close.
        this.clip = clip.get();
        this.module = new TorchScriptModule(ModelFiles.folder(folder), name, device);
    }

    @Override
    public String name() {
        return kind + ":" + file;
    }

    @Override
    public String id() {
        return kind + " " + id.value() + (clip == null ? "" : " " + clip.id());
    }

    @Override
    public void check(ImageShape shape, List<Condition> conditions) {
        if (clip != null) {
            ClipReward.prompts(kind, conditions);
        }
    }

    @Override
    public boolean staysOnDevice() {
        return true;
    }

    @Override
    public void score(ImageBatch images, Tensor scores) {
        Scores.pointer(scores, images);
        try (Tensor floats = Torch.call(() -> images.pixels().to(ScalarType.Float));
                Scalar most = new Scalar(255.0);
                Tensor scaled = Torch.call(() -> floats.div(most));
                Tensor text = clip == null ? null : clip.textEmbeds(ClipReward.prompts(kind, images.conditions()));
                Tensor output = Torch.call(() -> text == null ? module.call(scaled) : module.call(scaled, text))) {
            if (output.numel() != images.rows() || output.dim() > 0 && output.size(0) != images.rows()) {
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
