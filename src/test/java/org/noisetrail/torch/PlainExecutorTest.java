package org.noisetrail.torch;

import static org.assertj.core.api.Assertions.assertThat;

import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

class PlainExecutorTest {
    @Test
    void theThreadRunsItsOwnTorchScriptAsBefore() {
        Torch.load();
        boolean before = torch.getGraphExecutorOptimize();
        try {
            for (boolean users : new boolean[] {true, false}) {
                torch.setGraphExecutorOptimize(users);
                try (PlainExecutor plain = new PlainExecutor()) {
                    assertThat(torch.getGraphExecutorOptimize()).isFalse();
                }
                assertThat(torch.getGraphExecutorOptimize()).isEqualTo(users);
            }
        } finally {
            torch.setGraphExecutorOptimize(before);
        }
    }
}
