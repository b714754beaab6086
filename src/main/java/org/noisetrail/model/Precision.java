package org.noisetrail.model;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.noisetrail.kernels.Device;

/**
 * What a network's layers compute with. States, embeddings of time, the statistics and weights of norms, attention and results are float32 in each.
 *
 * <p>On the CPU a row's bits do not depend on its batch or on threads in any of them. Each draws other images: its name is part of a trail.
 */
public enum Precision {
    /** 24 bits of mantissa: what checkpoints are made for, and the default. */
    FLOAT32(ScalarType.Float),
    /** Eight bits of mantissa: half the weights' memory, and faster on processors that multiply it ({@code avx512_bf16}, {@code amx_bf16}). On the CPU only, so far. */
    BFLOAT16(ScalarType.BFloat16);

    private final ScalarType type;

    Precision(ScalarType type) {
        this.type = type;
    }

    /** The inverse of {@link #word}. */
    public static Precision parse(String word) {
        return Arrays.stream(values())
                .filter(known -> known.word().equals(word))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("precision must be one of "
                        + Arrays.stream(values()).map(Precision::word).collect(Collectors.joining(", ")) + ": "
                        + word));
    }

    /** As options and trails write it. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Of weights and maps. */
    public ScalarType type() {
        return type;
    }

    /** LibTorch's number of the type, as scripts write it. */
    public int code() {
        return type.value;
    }

    /** @throws IllegalArgumentException if networks cannot compute with it there */
    public void require(Device device) {
        if (this != FLOAT32 && device.isCuda()) {
            throw new IllegalArgumentException("precision must be float32 on a card, so far: " + word());
        }
    }
}
