package org.noisetrail.cli;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** A run that is drawn in parts, one after another or on several machines. */
final class ShardOptions {
    @Option(
            names = "--shard",
            paramLabel = "K/N",
            converter = Shard.Converter.class,
            description =
                    "Draw the K-th of N parts of the images, such as 3/16, into a folder that all parts share. The"
                            + " same command with --resume in its place then writes what is made of all. --overwrite"
                            + " replaces the files of that part only.")
    private @Nullable Shard shard;

    @Option(
            names = "--resume",
            description =
                    "Take images of the same settings that are in --out, and draw the others; a shard always does.")
    private boolean resume;

    @Nullable
    Shard shard() {
        return shard;
    }

    boolean resumes() {
        return resume;
    }

    boolean keeps() {
        return resume || shard != null;
    }
}
