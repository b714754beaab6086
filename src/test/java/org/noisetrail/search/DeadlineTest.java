package org.noisetrail.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.noisetrail.kernels.Device;

class DeadlineTest {
    private final AtomicLong now = new AtomicLong(-50);

    private Deadline seen(int least, int rows, long nanos) {
        return seen(least, 1, rows, nanos);
    }

    private Deadline seen(int least, int hands, int rows, long nanos) {
        Deadline deadline = new Deadline(1000, least, hands, now::get);
        for (int call = 0; call < 3; call++) {
            deadline.begin(Deadline.Work.NETWORK, rows);
            now.addAndGet(nanos);
        }
        deadline.begin(Deadline.Work.JUDGING, 1);
        return deadline;
    }

    @Test
    void onAProcessorFewRowsTakeTheirShareOfAnEarlierCallButNoLessThanEight() {
        Deadline deadline = seen(Device.CPU.leastRows(), 64, 64);
        assertThat(deadline.needed(Deadline.Work.NETWORK, 32, 64)).isCloseTo(32.0, within(1e-9));
        assertThat(deadline.needed(Deadline.Work.NETWORK, 1, 64)).isCloseTo(8.0, within(1e-9));
        assertThat(deadline.needed(Deadline.Work.NETWORK, 9, 3)).isCloseTo(24.0, within(1e-9));
    }

    @Test
    void moreRowsThanWereSeenTakeMore() {
        assertThat(seen(Device.CPU.leastRows(), 2, 10).needed(Deadline.Work.NETWORK, 6, 64))
                .isCloseTo(30.0, within(1e-9));
        assertThat(seen(Device.CPU.leastRows(), 2, 10).needed(Deadline.Work.NETWORK, 1, 64))
                .isCloseTo(10.0, within(1e-9));
    }

    @Test
    void onACardACallOfFewRowsTakesAsLongAsOneOfMany() {
        assertThat(seen(new Device(0).leastRows(), 64, 64).needed(Deadline.Work.NETWORK, 1, 64))
                .isCloseTo(64.0, within(1e-9));
    }

    @Test
    void ofCallsSideBySideEachTakesAsManyTimesWhatLiesBetweenTheirBeginnings() {
        Deadline deadline = seen(Device.CPU.leastRows(), 2, 64, 32);
        assertThat(deadline.needed(Deadline.Work.NETWORK, 32, 64)).isCloseTo(16.0, within(1e-9));
        assertThat(deadline.needed(Deadline.Work.NETWORK, 1, 64)).isCloseTo(8.0, within(1e-9));
        assertThat(deadline.needed(Deadline.Work.NETWORK, 17, 3)).isCloseTo(24.0, within(1e-9));
    }

    @Test
    void theFirstCallIsNotCountedAndTheLastCountsMost() {
        Deadline deadline = new Deadline(1000, new Device(0).leastRows(), 1, now::get);
        for (long taken : new long[] {999, 10, 10, 100}) {
            deadline.begin(Deadline.Work.NETWORK, 4);
            now.addAndGet(taken);
        }
        deadline.begin(Deadline.Work.JUDGING, 1);
        // Each weighs four fifths of the one after it.
        assertThat(deadline.needed(Deadline.Work.NETWORK, 1, 4))
                .isCloseTo((100 + .8 * 10 + .64 * 10) / (1 + .8 + .64), within(1e-9));
    }

    @Test
    void timeIsUpWhenWhatIsNeededWouldNotEndBeforeIt() {
        Deadline deadline = new Deadline(1000, 8, 1, now::get);
        now.set(900);
        assertThat(deadline.isUp(99)).isFalse();
        assertThat(deadline.isUp(100)).isTrue();
        assertThat(deadline.needed(Deadline.Work.JUDGING, 5, 1)).isZero();
    }
}
