package org.noisetrail.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ShardTest {
    @Test
    void theShardsOfAListAreItsPartsEachInOneAndOfLikeSize() {
        for (int size : new int[] {0, 1, 5, 16, 33}) {
            List<Integer> all = IntStream.range(0, size).boxed().toList();
            for (int of : new int[] {1, 2, 16}) {
                List<Integer> together = new ArrayList<>();
                for (int number = 1; number <= of; number++) {
                    List<Integer> part = new Shard(number, of).of(all);
                    assertThat(part).isSorted().hasSizeBetween(size / of, (size + of - 1) / of);
                    together.addAll(part);
                }
                assertThat(together).containsExactlyInAnyOrderElementsOf(all);
            }
        }
    }

    @Test
    void aShardIsWrittenAsItIsRead() {
        assertThat(Shard.parse("3/16")).isEqualTo(new Shard(3, 16)).hasToString("3/16");
        assertThat(Shard.parse("3/16").suffix()).isEqualTo("-3-of-16");
    }

    @ParameterizedTest
    @CsvSource({
        "0/16, must be from 1/16 to 16/16: 0/16",
        "17/16, must be from 1/16 to 16/16: 17/16",
        "1/0, 'must be like 3/16, the third of 16 parts: 1/0'",
        "3, 'must be like 3/16, the third of 16 parts: 3'",
        "-1/2, 'must be like 3/16, the third of 16 parts: -1/2'"
    })
    void whatIsNoShardIsRefused(String text, String message) {
        assertThatThrownBy(() -> Shard.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }
}
