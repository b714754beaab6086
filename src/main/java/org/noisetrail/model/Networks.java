package org.noisetrail.model;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What images are drawn with. Owns nothing; as thread-safe as its parts.
 *
 * @param denoiser says what a state will become
 * @param decoder makes images of the denoiser's states
 * @param preview judges candidates in the decoder's place; null for none
 */
public record Networks(
        Denoiser denoiser, Decoder decoder, @Nullable Decoder preview) {
    public Networks {
        Objects.requireNonNull(denoiser, "denoiser");
        Objects.requireNonNull(decoder, "decoder");
    }

    /** A denoiser whose states are images. */
    public static Networks of(Denoiser denoiser) {
        Objects.requireNonNull(denoiser, "denoiser");
        return new Networks(denoiser, Decoder.identity(denoiser.shape()), null);
    }

    /** The same, but calls that the memory is too small for go on with fewer rows. */
    public Networks withinMemory() {
        return new Networks(
                Denoiser.withinMemory(denoiser),
                Decoder.withinMemory(decoder),
                preview == null ? null : Decoder.withinMemory(preview));
    }

    /** The same with another denoiser. */
    public Networks with(Denoiser denoiser) {
        return new Networks(denoiser, decoder, preview);
    }

    /** Names what final images are drawn with, all parts: those of the same id and trail are the same. */
    public String id() {
        return (denoiser.id() + " " + decoder.id()).strip();
    }

    /** {@link Decoder#id} of the preview decoder; null for none. */
    public @Nullable String previewId() {
        return preview == null ? null : preview.id();
    }
}
