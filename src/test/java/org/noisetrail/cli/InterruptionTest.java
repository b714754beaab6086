package org.noisetrail.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class InterruptionTest {
    private final StringWriter err = new StringWriter();

    @Test
    void theProcessWaitsForItsWorkHoweverLongAndSaysSo() throws InterruptedException {
        Interruption interruption = new Interruption(new PrintWriter(err), Duration.ofMillis(50));
        Thread end = new Thread(interruption::end);
        try (interruption) {
            end.start();
            while (!Thread.currentThread().isInterrupted()) {
                Thread.onSpinWait();
            }
            interruption.settle();
            while (err.toString().isEmpty()) {
                Thread.sleep(10);
            }
            Thread.sleep(300);
            assertThat(end.isAlive()).isTrue();
        }
        end.join();
        assertThat(err.toString())
                .hasLineCount(1)
                .contains(
                        "interrupted; what runs is waited for",
                        "kill -9 " + ProcessHandle.current().pid());
    }

    @Test
    void theProcessEndsOnceTheCommandHasSaidHowItEnded() throws InterruptedException {
        Thread end;
        try (Interruption interruption = new Interruption(new PrintWriter(err))) {
            interruption.settle();
            end = new Thread(interruption::end);
            end.start();
        }
        end.join(300);
        assertThat(end.isAlive()).isTrue();
        long before = System.nanoTime();
        Interruption.said();
        end.join();
        assertThat(System.nanoTime() - before).isLessThan(1_000_000_000);
    }

    @Test
    void workThatIsSettledIsNotInterrupted() throws InterruptedException {
        Thread end;
        try (Interruption interruption = new Interruption(new PrintWriter(err))) {
            interruption.settle();
            end = new Thread(interruption::end);
            end.start();
        }
        end.join();
        assertThat(Thread.currentThread().isInterrupted()).isFalse();
        assertThat(err.toString()).isEmpty();
    }
}
