package org.noisetrail.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import org.noisetrail.trace.Progress;

class ProgressDisplayTest {
    private final StringWriter text = new StringWriter();

    @Test
    void aLineSaysStepsNetworkEvaluationsAndTheBestReward() {
        try (ProgressDisplay lines = new ProgressDisplay.Lines("naive", new PrintWriter(text), 0)) {
            lines.onProgress(new Progress(45, 180, 12345, .43211));
        }
        assertThat(text.toString()).isEqualTo("naive: 45 of 180 image-steps, 12,345 NFE, best 0.4321, 0 s\n");
    }

    @Test
    void withoutARewardThereIsNoBest() {
        try (ProgressDisplay lines = new ProgressDisplay.Lines("naive", new PrintWriter(text), 0)) {
            lines.onProgress(new Progress(1, 180, 2, Double.NaN));
        }
        assertThat(text.toString()).isEqualTo("naive: 1 of 180 image-steps, 2 NFE, 0 s\n");
    }

    @Test
    void linesAreSeldomAndAQuietDisplaySilent() {
        try (ProgressDisplay lines = new ProgressDisplay.Lines("naive", new PrintWriter(text), 60);
                ProgressDisplay quiet = ProgressDisplay.of("naive", true, new PrintWriter(text))) {
            for (int i = 0; i < 100; i++) {
                lines.onProgress(new Progress(i, 180, i, i));
                quiet.onProgress(new Progress(i, 180, i, i));
            }
        }
        assertThat(text.toString()).isEmpty();
    }
}
