package org.noisetrail.reward;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.noisetrail.checkpoint.ModelFiles;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Condition;
import org.noisetrail.model.ImageShape;
import org.noisetrail.model.MissingPartException;
import org.noisetrail.model.Pipeline;
import org.noisetrail.model.clip.ClipModel;
import org.noisetrail.torch.Torch;

/**
 * The cosine of CLIP's embeddings of image and prompt (Radford et al. 2021), in [-1, 1].
 *
 * @param owns whether it closes the CLIP model
 */
record ClipReward(String name, ClipModel clip, boolean owns) implements Reward {
    static final RewardKind CLIP = new RewardKind(
            "clip",
            "clip[:FOLDER]",
            "cosine of a CLIP model's embeddings of image and prompt; the model's own clip",
            RewardKind.Argument.PATH,
            String::isEmpty,
            (argument, around) -> argument.isEmpty()
                    ? beside(around.pipeline().get(), "clip")
                    : Rewards.clip(Path.of(argument), around.device().get()));
    static final RewardKind HELD_OUT = new RewardKind(
            "clip-heldout",
            "clip-heldout",
            "the same under its clip-heldout",
            RewardKind.Argument.WORD,
            argument -> true,
            (argument, around) -> {
                RewardKind.none("clip-heldout", argument);
                return beside(around.pipeline().get(), "clip-heldout");
            });

    static Reward load(String name, ModelFiles files, Device device) {
        return new ClipReward(name, ClipModel.load(files, device), true);
    }

    private static Reward beside(Pipeline pipeline, String folder) {
        return new ClipReward(folder, besideModel(pipeline, folder), false);
    }

    /** The CLIP model in a folder of the pipeline's, which closes it: all rewards of it share it. */
    static ClipModel besideModel(Pipeline pipeline, String folder) {
        ModelFiles files = ModelFiles.at(pipeline.location()).within(folder);
        if (!files.has("config.json")) {
            throw new MissingPartException("model " + pipeline.name() + " has no folder " + folder
                    + "; name a CLIPModel's folder: clip:FOLDER");
        }
        return pipeline.shared(ClipModel.class, folder, () -> ClipModel.load(files, pipeline.device()));
    }

    @Override
    public String id() {
        return name + " " + clip.id();
    }

    @Override
    public void check(ImageShape shape, List<Condition> conditions) {
        clip.check(shape);
        prompts(name, conditions);
    }

    @Override
    public boolean staysOnDevice() {
        return true;
    }

    @Override
    @SuppressWarnings("CheckReturnValue") // copy_ returns the tensor that it fills
    public void score(ImageBatch images, Tensor scores) {
        Scores.pointer(scores, images);
        List<String> prompts = prompts(name, images.conditions());
        try (Tensor imageEmbeds = clip.imageEmbeds(images.pixels());
                Tensor textEmbeds = clip.textEmbeds(prompts);
                Tensor cosine = clip.cosine(imageEmbeds, textEmbeds)) {
            Torch.run(() -> scores.copy_(cosine));
        }
    }

    /** @throws IllegalArgumentException if an image has none */
    static List<String> prompts(String reward, List<Condition> conditions) {
        List<String> prompts = new ArrayList<>(conditions.size());
        for (Condition condition : conditions) {
            if (!(condition instanceof Condition.Prompt asked)) {
                throw new IllegalArgumentException(
                        "reward " + reward + " needs images that have a prompt: " + condition);
            }
            prompts.add(asked.text());
        }
        return prompts;
    }

    @Override
    public void close() {
        if (owns) {
            clip.close();
        }
    }
}
