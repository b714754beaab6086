package org.noisetrail.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class ConditionTest {
    @Test
    void aPromptOfHalfCharactersIsRefused() {
        String emoji = "\ud83c\udf89";
        assertThat(new Condition.Prompt("a " + emoji, emoji).text()).hasSize(4);
        for (String half : new String[] {emoji.substring(0, 1), emoji.substring(1)}) {
            assertThatThrownBy(() -> new Condition.Prompt("a " + half + "b"))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("prompt must be of whole characters: half of one, at 2 of 4");
            assertThatThrownBy(() -> new Condition.Prompt("a", half))
                    .hasMessageStartingWith("negative prompt must be of whole characters");
        }
    }
}
