package org.noisetrail.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IntRangesTest {
    @Test
    void numbersAndRangesKeepTheirOrder() {
        assertThat(Converters.IntRanges.parse("0,3,5-7").values()).containsExactly(0, 3, 5, 6, 7);
        assertThat(Converters.IntRanges.parse("9,0-2,9").values()).containsExactly(9, 0, 1, 2, 9);
        assertThat(Converters.IntRanges.parse("4").values()).containsExactly(4);
        assertThat(Converters.IntRanges.parse("4-4").values()).containsExactly(4);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ",",
                "1,",
                "a",
                "-1",
                "1-",
                "1--2",
                "1.5",
                "0x3",
                "1-2-3",
                "99999999999",
                "3-1",
                "0-999999999"
            })
    void whatIsNoListIsRefused(String text) {
        assertThatThrownBy(() -> Converters.IntRanges.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }
}
