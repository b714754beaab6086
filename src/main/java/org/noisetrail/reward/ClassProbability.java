package org.noisetrail.reward;

import java.util.List;
import java.util.Objects;
import org.bytedeco.pytorch.Tensor;
import org.noisetrail.kernels.Kernels;
import org.noisetrail.model.Classifier;
import org.noisetrail.model.Condition;
import org.noisetrail.model.ImageShape;
import org.noisetrail.model.Inputs;
import org.noisetrail.torch.Tensors;

final class ClassProbability implements Reward {
    static final RewardKind CLASS = new RewardKind(
            "class",
            "class[:heldout]",
            "probability of the image's class under the model's classifier.pt",
            RewardKind.Argument.WORD,
            argument -> true,
            (argument, around) -> switch (argument) {
                case "" -> new ClassProbability("class", around.pipeline().get().classifier("classifier.pt"));
                case "heldout" ->
                    new ClassProbability("heldout", around.pipeline().get().classifier("heldout.pt"));
                default -> throw new IllegalArgumentException("class takes no argument but heldout: " + argument);
            });
    static final RewardKind HELD_OUT = new RewardKind(
            "heldout",
            "heldout",
            "the same under its heldout.pt",
            RewardKind.Argument.WORD,
            argument -> true,
            (argument, around) -> {
                RewardKind.none("heldout", argument);
                return new ClassProbability("heldout", around.pipeline().get().classifier("heldout.pt"));
            });

    private final String name;
    private final Classifier classifier;

    /** How many classes the classifier knows; 0 until it has been asked. */
    private volatile int known;

    ClassProbability(String name, Classifier classifier) {
        this.name = Objects.requireNonNull(name, "name");
        this.classifier = Objects.requireNonNull(classifier, "classifier");
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public boolean isProbability() {
        return true;
    }

    @Override
    public String id() {
        return name + " " + classifier.id();
    }

    @Override
    public void check(ImageShape shape, List<Condition> conditions) {
        checkClasses(conditions);
        // Only a forward tells how many classes a TorchScript network knows, and whether it takes images of this shape.
        byte[] black = new byte[shape.elements()];
        try (Tensor image = Tensors.bytes(classifier.device(), 1, shape.channels(), shape.height(), shape.width())) {
            Tensors.copy(black, image);
            try (Tensor logits = logits(image, 1)) {
                known = Math.toIntExact(logits.size(1));
            }
        }
        checkClasses(conditions);
    }

    @Override
    public boolean staysOnDevice() {
        return true;
    }

    @Override
    public void score(ImageBatch images, Tensor scores) {
        checkClasses(images.conditions());
        if (!images.device().equals(classifier.device())) {
            throw new IllegalArgumentException(
                    "images must be on " + name + "'s device " + classifier.device() + ": " + images.device());
        }
        try (Tensor logits = logits(images.pixels(), images.rows())) {
            known = Math.toIntExact(logits.size(1));
            checkClasses(images.conditions());
            Kernels.on(images.lane())
                    .softmaxAt(
                            Tensors.pointer(logits),
                            images.rows(),
                            known,
                            Tensors.pointer(images.labels()),
                            Scores.pointer(scores, images));
        }
    }

    /** Kernels read them through a raw pointer. */
    private Tensor logits(Tensor images, int rows) {
        Tensor logits = classifier.logits(images);
        Inputs.checkLogits(classifier, logits, images, rows);
        return logits;
    }

    private void checkClasses(List<Condition> conditions) {
        int count = known;
        for (Condition condition : conditions) {
            if (!(condition instanceof Condition.Label asked)) {
                throw new IllegalArgumentException("reward " + name + " needs images that have a class: " + condition);
            }
            int label = asked.label();
            if (count > 0 && label >= count) {
                throw new IllegalArgumentException("class must be < " + count + ", the number of classes that reward "
                        + name + " knows: " + label);
            }
        }
    }
}
