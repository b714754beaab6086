package org.noisetrail.reward;

import java.math.BigDecimal;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;
import org.noisetrail.kernels.Kernels;
import org.noisetrail.model.Condition;
import org.noisetrail.model.ImageShape;
import org.noisetrail.reward.Rewards.Part;
import org.noisetrail.torch.Tensors;
import org.noisetrail.torch.Unfinished;

record WeightedSum(String name, List<Part> parts) implements Reward {
    static WeightedSum of(List<Part> given) {
        if (given.isEmpty()) {
            throw new IllegalArgumentException("a weighted reward must have parts: none");
        }
        List<Part> parts = given.stream().flatMap(WeightedSum::parts).toList();
        StringBuilder name = new StringBuilder();
        parts.forEach(part -> name.append(words(part, name.isEmpty())));
        return new WeightedSum(name.toString(), parts);
    }

    /** A sum's are its own: what is added up names it, however it was put together. */
    private static Stream<Part> parts(Part whole) {
        return whole.reward() instanceof WeightedSum sum
                ? sum.parts.stream().map(part -> new Part(part.reward(), whole.weight() * part.weight()))
                : Stream.of(whole);
    }

    /** As {@link RewardText} reads it, after others or first. */
    private static String words(Part part, boolean first) {
        double weight = part.weight();
        String size = new BigDecimal(Double.toString(Math.abs(weight)))
                .stripTrailingZeros()
                .toPlainString();
        String sign = first ? (weight < 0 ? "-" : "") : weight < 0 ? " - " : " + ";
        return sign + size + "*" + part.reward().name();
    }

    @Override
    public String id() {
        return parts.stream()
                .map(part -> part.weight() + "*" + part.reward().id())
                .collect(Collectors.joining(" + "));
    }

    @Override
    public void check(ImageShape shape, List<Condition> conditions) {
        parts.forEach(part -> part.reward().check(shape, conditions));
    }

    @Override
    public boolean staysOnDevice() {
        return parts.stream().allMatch(part -> part.reward().staysOnDevice());
    }

    @Override
    public void score(ImageBatch images, Tensor scores) {
        Pointer sum = Scores.pointer(scores, images);
        Kernels kernels = Kernels.on(images.lane());
        try (Tensor scratch = Tensors.doubles(images.device(), images.rows())) {
            int accumulate = 0;
            for (Part part : parts) {
                Tensors.fill(scratch, Double.NaN);
                part.reward().score(images, scratch);
                kernels.accumulate(Tensors.pointer(scratch), images.rows(), part.weight(), accumulate, sum);
                accumulate = 1;
            }
        }
    }

    @Override
    public void close() {
        Unfinished.closeAll(parts.stream().map(Part::reward).toList());
    }
}
