package org.noisetrail.reward;

import java.nio.file.Path;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.noisetrail.checkpoint.ModelFiles;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Condition;
import org.noisetrail.model.ImageShape;
import org.noisetrail.model.clip.AestheticHead;
import org.noisetrail.model.clip.ClipModel;
import org.noisetrail.torch.Torch;

/** What a head of linear layers says of CLIP's embedding of the image. Owns both. */
record AestheticReward(String name, ClipModel clip, AestheticHead head) implements Reward {
    static final RewardKind KIND = new RewardKind(
            "aesthetic",
            "aesthetic:FOLDER",
            "a head of linear layers on CLIP's embedding of the image",
            RewardKind.Argument.PATH,
            argument -> false,
            (argument, around) -> {
                if (argument.isEmpty()) {
                    throw new IllegalArgumentException("aesthetic needs a folder: aesthetic:FOLDER");
                }
                return load(Path.of(argument), around.device().get());
            });

    static Reward load(Path folder, Device device) {
        ModelFiles files = ModelFiles.folder(folder);
        ClipModel clip = ClipModel.load(files, device);
        try {
            return new AestheticReward(
                    "aesthetic:" + folder, clip, AestheticHead.load(files, clip.projection(), device));
        } catch (RuntimeException e) {
            clip.close();
            throw e;
        }
    }

    @Override
    public String id() {
        return "aesthetic " + clip.id() + " " + head.id();
    }

    @Override
    public void check(ImageShape shape, List<Condition> conditions) {
        clip.check(shape);
    }

    @Override
    public boolean staysOnDevice() {
        return true;
    }

    @Override
    @SuppressWarnings("CheckReturnValue") // copy_ returns the tensor that it fills
    public void score(ImageBatch images, Tensor scores) {
        Scores.pointer(scores, images);
        try (Tensor embeds = clip.imageEmbeds(images.pixels());
                Tensor values = head.score(embeds)) {
            Torch.run(() -> scores.copy_(values));
        }
    }

    @Override
    public void close() {
        head.close();
        clip.close();
    }
}
