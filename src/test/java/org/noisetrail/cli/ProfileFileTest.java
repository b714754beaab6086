package org.noisetrail.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.noisetrail.evaluation.MachineProfile;
import org.noisetrail.evaluation.Setup;
import org.noisetrail.model.GaussianMixture;
import org.noisetrail.model.ImageShape;
import org.noisetrail.model.Parameterisation;
import org.noisetrail.reward.Rewards;
import org.noisetrail.sampler.EdmSampler;

class ProfileFileTest {
    @TempDir
    private Path folder;

    private final StringWriter err = new StringWriter();

    private MachineProfile find(int maxBatch, int decodeBatch) {
        err.getBuffer().setLength(0);
        Setup setup = Setup.of(
                GaussianMixture.builder(new ImageShape(1, 2, 3), 0)
                        .parameterisation(Parameterisation.denoiser())
                        .component(1, .3, -.4)
                        .component(1, .3, .4)
                        .build(),
                EdmSampler.DEFAULT.withSteps(4),
                Rewards.brightness());
        return new ProfileFile(setup, null, folder.resolve("cache"), new PrintWriter(err)).find(maxBatch, decodeBatch);
    }

    @Test
    void whereNoFolderIsNamedItIsInTheHomeThatIsThere() {
        String before = System.getProperty("user.home");
        try {
            // As Java says where the system knows no such user.
            System.setProperty("user.home", "?");
            for (String unset : new String[] {null, "", "relative"}) {
                assertThat(ProfileFile.cache(unset)).isAbsolute().isDirectory();
            }
            System.setProperty("user.home", folder.toString());
            assertThat(ProfileFile.cache(null)).isEqualTo(folder.resolve(".cache/noisetrail"));
        } finally {
            System.setProperty("user.home", before);
        }
        assertThat(Path.of("?")).doesNotExist();
        assertThat(ProfileFile.cache("/xdg")).isEqualTo(Path.of("/xdg/noisetrail"));
    }

    @Test
    void aProfileOfSmallerBatchesIsMeasuredAnewAndOneOfLargerTaken() {
        assertThat(find(1, 1).reaches(2, 1)).isFalse();
        assertThat(err.toString()).contains("(no profile was in " + folder.resolve("cache") + ")");
        MachineProfile larger = find(8, 4);
        assertThat(larger.reaches(8, 4)).isTrue();
        assertThat(larger.reaches(8, 8)).isFalse();
        assertThat(err.toString()).contains("(that of smaller batches is replaced in " + folder.resolve("cache") + ")");
        assertThat(find(2, 2).toJson()).isEqualTo(larger.toJson());
        assertThat(err.toString()).isEmpty();
    }
}
