package org.noisetrail.model;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.noisetrail.kernels.Device;

/**
 * What a network's layers compute with. States, embeddings of time, norms and results are float32 in each; attention is on the CPU, and on a card where the model asks for it.
 *
 * <p>On the CPU a row's bits do not depend on its batch or on threads in any of them. Each draws other images: its name is part of a trail.
 */
public enum Precision {
    /** 24 bits of mantissa: what checkpoints are made for, and the default. On a card too: products are not rounded to TF32, as they are by LibTorch's own default. */
    FLOAT32("fp32", ScalarType.Float),
    /** Float32 whose factors a card rounds to 11 bits of mantissa. LibTorch rounds so in a whole process or nowhere in it: decoders and rewards on cards compute with it, too. */
    TF32("tf32", ScalarType.Float),
    /** Eight bits of mantissa: half the weights' memory, and faster on cards, and on processors that multiply it ({@code avx512_bf16}, {@code amx_bf16}). */
    BFLOAT16("bf16", ScalarType.BFloat16),
    /** Eleven bits of mantissa, and numbers up to 65504: half the weights' memory, on a card alone. */
    FLOAT16("fp16", ScalarType.Half);

    private final String shorter;
    private final ScalarType type;

    Precision(String shorter, ScalarType type) {
        this.shorter = shorter;
        this.type = type;
    }

    /** Reads what {@link #word} writes, and {@code fp32}, {@code bf16} and {@code fp16}. */
    public static Precision parse(String word) {
        return Arrays.stream(values())
                .filter(known -> known.word().equals(word) || known.shorter.equals(word))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("precision must be one of "
                        + Arrays.stream(values()).map(known -> known.shorter).collect(Collectors.joining(", ")) + ": "
                        + word));
    }

    /** As trails write it: {@code float32}, {@code tf32}, {@code bfloat16} or {@code float16}. */
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

    /** Whether layers hold other numbers than float32. */
    public boolean isHalf() {
        return type != ScalarType.Float;
    }

    /** @throws IllegalArgumentException if networks cannot compute with it there */
    public void require(Device device) {
        if (!device.isCuda() && (this == TF32 || this == FLOAT16)) {
            throw new IllegalArgumentException("precision " + word() + " is a card's: on the CPU it must be "
                    + FLOAT32.word() + " or " + BFLOAT16.word());
        }
    }
}
