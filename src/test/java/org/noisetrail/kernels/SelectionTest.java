package org.noisetrail.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.noisetrail.kernels.Table.CPU;

import java.util.Random;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.junit.jupiter.api.Test;

/** From scores to the rows that go on. */
class SelectionTest {
    private static final double NAN = Double.NaN, LOW = Double.NEGATIVE_INFINITY;

    private record Selected(int[] winner, double[] best, int[] nans) {}

    private static Selected select(boolean keep, double[] before, int size, double... scores) {
        int groups = scores.length / size;
        try (DoublePointer in = new DoublePointer(scores);
                DoublePointer best = new DoublePointer(before);
                IntPointer winner = new IntPointer(groups);
                IntPointer nans = new IntPointer(new int[groups])) {
            CPU.select(in, groups, size, keep ? 1 : 0, best, winner, nans);
            int[] w = new int[groups], n = new int[groups];
            double[] b = new double[groups];
            winner.get(w);
            nans.get(n);
            best.get(b);
            return new Selected(w, b, n);
        }
    }

    @Test
    void theBestOfEachGroupWinsAndTheLowestIndexOfEquals() {
        Selected s = select(false, new double[3], 4, 1, 3, 2, 3, -5, -5, -5, -5, LOW, LOW, 0, LOW);
        assertThat(s.winner).containsExactly(1, 0, 2);
        assertThat(s.best).containsExactly(3, -5, 0);
        assertThat(s.nans).containsExactly(0, 0, 0);
    }

    @Test
    void nanCountsAsMinusInfinityAndIsCounted() {
        Selected s = select(false, new double[3], 3, NAN, -7, NAN, NAN, NAN, NAN, NAN, LOW, NAN);
        assertThat(s.winner).containsExactly(1, 0, 0);
        assertThat(s.best[0]).isEqualTo(-7);
        assertThat(s.nans).containsExactly(2, 3, 2);
    }

    @Test
    void keepingReplacesOnlyByAStrictlyBetterScore() {
        Selected s = select(
                true, new double[] {2, 2, 2, NAN, NAN, LOW}, 2, 2, 1, 2.5, 3, NAN, NAN, -9, -8, NAN, NAN, LOW, NAN);
        assertThat(s.winner).containsExactly(-1, 1, -1, 1, 0, -1);
        assertThat(s.best[0]).isEqualTo(2);
        assertThat(s.best[1]).isEqualTo(3);
        assertThat(s.best[2]).isEqualTo(2);
        assertThat(s.best[3]).isEqualTo(-8);
        assertThat(s.best[5]).isEqualTo(LOW);
    }

    @Test
    void historyKeepsEachRoundsWinnersWhereTheCursorStands() {
        try (DoublePointer in = new DoublePointer(3, 2, 1, 5);
                DoublePointer best = new DoublePointer(NAN, NAN);
                IntPointer winner = new IntPointer(2);
                IntPointer cursor = new IntPointer(new int[] {0});
                IntPointer history = new IntPointer(new int[] {-7, -7, -7, -7, -7, -7})) {
            CPU.select(in, 2, 2, 1, best, winner, null, history, 3, cursor);
            CPU.stepCursor(cursor, 2);
            in.put(1, 4);
            CPU.select(in, 2, 2, 1, best, winner, null, history, 3, cursor);
            int[] kept = new int[6];
            history.get(kept);
            assertThat(kept).containsExactly(0, 1, -7, -7, 1, -1);
            assertThat(new int[] {winner.get(0), winner.get(1)}).containsExactly(1, -1);
            CPU.stepCursor(cursor, -1);
            assertThat(cursor.get(0)).isEqualTo(1);
        }
    }

    @Test
    void nansAddUpOverCalls() {
        try (DoublePointer in = new DoublePointer(NAN, 1);
                DoublePointer best = new DoublePointer(1);
                IntPointer winner = new IntPointer(1);
                IntPointer nans = new IntPointer(new int[] {5})) {
            CPU.select(in, 1, 2, 0, best, winner, nans);
            CPU.select(in, 1, 2, 0, best, winner, nans);
            assertThat(nans.get(0)).isEqualTo(7);
        }
    }

    @Test
    void gatherCopiesEachGroupsChosenRowsToTheirTargets() {
        int[] rows = IntStream.range(0, 12).toArray(); // three groups of four rows of one int
        try (IntPointer src = new IntPointer(rows);
                IntPointer index = new IntPointer(3, 0, -1, 2, 4, 1);
                IntPointer target = new IntPointer(5, 4, 3, -1, 1, 0);
                IntPointer dst = new IntPointer(new int[] {-7, -7, -7, -7, -7, -7})) {
            CPU.gather(src, 4, index, 6, 2, 4, null, dst);
            int[] written = new int[6];
            dst.get(written);
            assertThat(written).containsExactly(3, 0, -7, 6, -7, 9);
            for (int i = 0; i < 6; i++) {
                dst.put(i, -7);
            }
            CPU.gather(src, 4, index, 6, 2, 4, target, dst);
            dst.get(written);
            assertThat(written).containsExactly(9, -7, -7, -7, 0, 3);
        }
    }

    @Test
    void gatherCopiesWholeRowsOfAnyLength() {
        for (int bytes : new int[] {1, 3, 16, 3136, 49_152}) {
            byte[] from = new byte[8 * bytes];
            new Random(bytes).nextBytes(from);
            try (org.bytedeco.javacpp.BytePointer src = new org.bytedeco.javacpp.BytePointer(from);
                    org.bytedeco.javacpp.BytePointer dst = new org.bytedeco.javacpp.BytePointer(2L * bytes);
                    IntPointer index = new IntPointer(3, 1)) {
                CPU.gather(src, bytes, index, 2, 1, 4, null, dst);
                byte[] to = new byte[2 * bytes];
                dst.get(to);
                for (int i = 0; i < bytes; i++) {
                    assertThat(to[i]).isEqualTo(from[3 * bytes + i]);
                    assertThat(to[bytes + i]).isEqualTo(from[5 * bytes + i]);
                }
            }
        }
    }

    @Test
    void sphereMeasuresAndOnlyThenProjects() {
        for (int elements : new int[] {1, 5, 784, 12_288, 100_003}) {
            float[] p = Table.random(elements, 3 * elements, 1.7);
            try (FloatPointer pivots = new FloatPointer(p);
                    DoublePointer norm = new DoublePointer(3)) {
                CPU.sphere(pivots, 3, elements, 0, norm);
                assertThat(Table.read(pivots, 3 * elements)).isEqualTo(p);
                CPU.sphere(pivots, 3, elements, 1, norm);
                float[] projected = Table.read(pivots, 3 * elements);
                for (int r = 0; r < 3; r++) {
                    double expected = Table.norm(p, r * elements, (r + 1) * elements);
                    assertThat(norm.get(r)).isCloseTo(expected, within(1e-6 * expected));
                    assertThat(Table.norm(projected, r * elements, (r + 1) * elements))
                            .isCloseTo(Math.sqrt(elements), within(1e-6 * Math.sqrt(elements)));
                    assertThat((double) projected[r * elements])
                            .isCloseTo(p[r * elements] * Math.sqrt(elements) / expected, within(1e-5));
                }
                CPU.sphere(pivots, 3, elements, 1, null);
            }
        }
    }

    @Test
    void theZeroVectorHasNoDirectionAndStays() {
        try (FloatPointer p = new FloatPointer(new float[9]);
                DoublePointer norm = new DoublePointer(1)) {
            CPU.sphere(p, 1, 9, 1, norm);
            assertThat(norm.get(0)).isZero();
            assertThat(Table.read(p, 9)).containsOnly(0f);
        }
    }

    @Test
    void softmaxIsThatOfDoublePrecisionAndDoesNotOverflow() {
        int rows = 6, classes = 11;
        float[] logits = Table.random(3, rows * classes, 6);
        for (int c = 0; c < classes; c++) {
            logits[classes + c] += 1000;
            logits[2 * classes + c] -= 1000;
        }
        int[] labels = {0, 10, 3, 5, 7, 1};
        try (FloatPointer in = new FloatPointer(logits);
                IntPointer label = new IntPointer(labels);
                DoublePointer out = new DoublePointer(rows)) {
            CPU.softmaxAt(in, rows, classes, label, out);
            for (int r = 0; r < rows; r++) {
                double sum = 0;
                for (int c = 0; c < classes; c++) {
                    sum += Math.exp((double) logits[r * classes + c] - logits[r * classes + labels[r]]);
                }
                assertThat(out.get(r)).isCloseTo(1 / sum, within(1e-14));
            }
        }
    }

    @Test
    void accumulatingAddsTheWeightedScores() {
        try (DoublePointer score = new DoublePointer(1, -2, NAN);
                DoublePointer out = new DoublePointer(NAN, 7, 7)) {
            CPU.accumulate(score, 3, .5, 0, out);
            assertThat(out.get(0)).isEqualTo(.5);
            assertThat(out.get(1)).isEqualTo(-1);
            CPU.accumulate(score, 3, 2, 1, out);
            assertThat(out.get(0)).isEqualTo(2.5);
            assertThat(out.get(1)).isEqualTo(-5);
            assertThat(out.get(2)).isNaN();
        }
    }
}
