package org.noisetrail.cli;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.noisetrail.checkpoint.Safetensors;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Tensors in, tensors out: for commands that check a conversion. */
final class TensorFiles {
    @Mixin
    private In in;

    @Option(names = "--out", paramLabel = "FILE", required = true, description = "The safetensors file to write.")
    @SuppressWarnings("NullAway.Init")
    private Path out;

    @Mixin
    private SharedOptions.Overwrite overwrite;

    /** The tensors that a command reads. */
    static final class In {
        @Option(names = "--in", paramLabel = "FILE", required = true, description = "A safetensors file.")
        @SuppressWarnings("NullAway.Init")
        private Path file;

        private @Nullable Safetensors opened;

        /** Opened when first asked for. */
        Safetensors open() {
            Safetensors tensors = opened;
            if (tensors == null) {
                tensors = Safetensors.open(file);
                opened = tensors;
            }
            return tensors;
        }
    }

    /** Refuses what cannot be written or may not go, before anything slow is done. */
    void checkOut() {
        overwrite.check("--out", out);
    }

    Safetensors in() {
        return in.open();
    }

    Path out() {
        return out;
    }
}
