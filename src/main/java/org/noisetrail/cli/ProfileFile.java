package org.noisetrail.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.noisetrail.NoisetrailException;
import org.noisetrail.evaluation.MachineProfile;
import org.noisetrail.evaluation.Setup;
import org.noisetrail.files.UserFolder;

/** Where a machine's profile is kept: a file that was named, or one of the user's cache, whose name is the hash of what it was measured with. */
final class ProfileFile {
    private final Setup setup;
    private final @Nullable Path named;
    /** Null where one was named. */
    private final @Nullable Path cache;

    private final PrintWriter err;

    /** @param named null for the cache's */
    ProfileFile(Setup setup, @Nullable Path named, PrintWriter err) {
        this(setup, named, named == null ? cache(System.getenv("XDG_CACHE_HOME")) : null, err);
    }

    /** @param cache the folder of those that were not named */
    ProfileFile(Setup setup, @Nullable Path named, @Nullable Path cache, PrintWriter err) {
        this.setup = setup;
        this.named = named;
        this.cache = cache;
        this.err = err;
    }

    /** @param variable XDG_CACHE_HOME; one that is not absolute is none, as its specification says */
    static Path cache(@Nullable String variable) {
        if (variable != null && Path.of(variable).isAbsolute()) {
            return Path.of(variable, "noisetrail");
        }
        try {
            return UserFolder.choose(Path.of(".cache", "noisetrail"));
        } catch (NoisetrailException e) {
            throw new NoisetrailException(
                    "the machine's profile cannot be kept in " + e.getMessage() + "; XDG_CACHE_HOME may name a folder",
                    e);
        }
    }

    private Path folder() {
        return Objects.requireNonNull(cache);
    }

    Path path() {
        return named != null
                ? named
                : folder().resolve("profile-" + MachineProfile.hash(MachineProfile.key(setup)) + ".json");
    }

    /**
     * The file's; where none was named and the cache has none of batches as large as these, it is measured and kept.
     *
     * @throws NoisetrailException if the named one is missing, broken, or of something else
     */
    MachineProfile find(int maxBatch, int decodeBatch) {
        Path file = path();
        if (named != null) {
            MachineProfile profile = MachineProfile.read(file);
            profile.check(setup, file.toString());
            return profile;
        }
        String before = "no profile was";
        if (Files.exists(file)) {
            try {
                MachineProfile known = MachineProfile.read(file);
                if (known.reaches(maxBatch, decodeBatch)) {
                    return known;
                }
                before = "that of smaller batches is replaced";
            } catch (NoisetrailException e) {
                say("noisetrail: " + e.getMessage() + "; measured anew");
            }
        }
        long start = System.nanoTime();
        MachineProfile profile = measure(maxBatch, decodeBatch);
        say(String.format(
                Locale.ROOT,
                "noisetrail: measured in %.1f s what this machine takes with this model and reward (%s in %s)",
                (System.nanoTime() - start) / 1e9,
                before,
                file.toAbsolutePath().getParent()));
        return profile;
    }

    /** Measures, and writes the file; a cache that cannot be written to is told, and does no harm. */
    MachineProfile measure(int maxBatch, int decodeBatch) {
        MachineProfile profile = MachineProfile.measure(setup, maxBatch, decodeBatch);
        if (named != null) {
            profile.write(named);
            return profile;
        }
        try {
            Files.createDirectories(folder());
            profile.write(path());
        } catch (NoisetrailException | IOException e) {
            say("noisetrail: the profile is not kept: " + e.getMessage());
        }
        return profile;
    }

    private void say(String line) {
        err.println(line);
        err.flush();
    }
}
