package org.noisetrail.evaluation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;
import org.noisetrail.search.ImageRequest;

class GroupsTest {
    @Test
    void halfOfTheGroupsAreGroupsStillHoweverFew() {
        // Three classes, twelve images of each: of the odd ones one class is left, whose images are one group and no
        // twelve.
        Groups all = Groups.of(ImageRequest.of(0, 36, 4, 5, 6));
        boolean[] odd = all.odd();
        Groups told = all.only(odd);
        assertThat(told.size()).isEqualTo(1);
        double[] values = DoubleStream.iterate(0, v -> v + 1).limit(12).toArray();
        assertThat(told.of(0, values)).containsExactly(values);
        Interval interval = Interval.of(values, told);
        assertThat(interval.mean()).isEqualTo(5.5);
        assertThat(interval.low()).isNaN();
    }

    @Test
    void valuesKeepTheirGroupsWhereSomeAreLeftOut() {
        Groups all = Groups.of(ImageRequest.of(0, 8, 0, 1, 2, 3));
        boolean[] some = all.odd();
        // Images 1, 5 of class 1 and 3, 7 of class 3, in their order: 1, 3, 5, 7.
        Groups left = all.only(some);
        double[] values = {10, 30, 50, 70};
        assertThat(left.size()).isEqualTo(2);
        assertThat(Arrays.stream(left.of(0, values)).boxed()).containsExactly(10.0, 50.0);
        assertThat(Arrays.stream(left.of(1, values)).boxed()).containsExactly(30.0, 70.0);
    }
}
