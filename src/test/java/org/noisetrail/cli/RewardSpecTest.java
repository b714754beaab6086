package org.noisetrail.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.noisetrail.cli.RewardSpec.Kind;
import org.noisetrail.cli.RewardSpec.Term;

class RewardSpecTest {
    @Test
    void aNameIsATermOfWeightOne() {
        assertThat(RewardSpec.parse("brightness").terms()).containsExactly(new Term(1, Kind.BRIGHTNESS, 0));
        assertThat(RewardSpec.parse("jpeg-bytes").terms()).containsExactly(new Term(1, Kind.JPEG_BYTES, 0));
        assertThat(RewardSpec.parse("compressibility:max-bytes=700").terms())
                .containsExactly(new Term(1, Kind.COMPRESSIBILITY, 700));
    }

    @Test
    void heldoutIsShortForTheHeldOutClassifier() {
        assertThat(RewardSpec.parse("class:heldout")).isEqualTo(RewardSpec.parse("heldout"));
        assertThat(RewardSpec.parse("heldout").terms()).containsExactly(new Term(1, Kind.HELD_OUT, 0));
    }

    @Test
    void aSumHasWeightsAndSigns() {
        assertThat(RewardSpec.parse("0.7*class+0.3*brightness").terms())
                .containsExactly(new Term(.7, Kind.CLASS, 0), new Term(.3, Kind.BRIGHTNESS, 0));
        assertThat(RewardSpec.parse("class-0.5*brightness").terms())
                .containsExactly(new Term(1, Kind.CLASS, 0), new Term(-.5, Kind.BRIGHTNESS, 0));
        assertThat(RewardSpec.parse(" -jpeg-bytes + 2 * class ").terms())
                .containsExactly(new Term(-1, Kind.JPEG_BYTES, 0), new Term(2, Kind.CLASS, 0));
        assertThat(RewardSpec.parse("1e-3*jpeg-bytes+1e+3*class").terms())
                .containsExactly(new Term(1e-3, Kind.JPEG_BYTES, 0), new Term(1e3, Kind.CLASS, 0));
        assertThat(RewardSpec.parse("compressibility:max-bytes=1e3+class").terms())
                .containsExactly(new Term(1, Kind.COMPRESSIBILITY, 1000), new Term(1, Kind.CLASS, 0));
    }

    @Test
    void whatItPrintsItReads() {
        Random random = new Random(1);
        for (int i = 0; i < 1000; i++) {
            double one = .01 + random.nextDouble() * Math.pow(10, random.nextInt(7));
            double two = 1 + random.nextDouble() * Math.pow(10, random.nextInt(7));
            RewardSpec spec = RewardSpec.parse(one + "*class-" + two + "*compressibility:max-bytes=" + two);
            assertThat(RewardSpec.parse(spec.toString())).isEqualTo(spec);
        }
    }

    @Test
    void anyTextIsReadOrRefused() {
        Random random = new Random(2);
        String likely = "class heldout brightness:max-bytes=*+-.0123456789e";
        for (int i = 0; i < 5000; i++) {
            StringBuilder text = new StringBuilder();
            for (int length = random.nextInt(40); length > 0; length--) {
                text.append(
                        random.nextInt(4) == 0
                                ? (char) random.nextInt(0xD800)
                                : likely.charAt(random.nextInt(likely.length())));
            }
            try {
                RewardSpec.parse(text.toString());
            } catch (IllegalArgumentException e) {
                assertThat(e.getMessage())
                        .satisfiesAnyOf(
                                m -> assertThat(m).contains(text),
                                m -> assertThat(m).startsWith("a weight must be finite and not 0: "));
            }
        }
    }

    @Test
    void whatIsNoRewardIsRefusedAndNamed() {
        for (String text : new String[] {
            "",
            "bright",
            "Brightness",
            "0*class",
            "class+",
            "+class",
            "class++class",
            "nan*class",
            "1*2*class",
            "class class",
            "class,brightness",
            "class:other",
            "brightness:max-bytes=3",
            "compressibility:max-bytes=0",
            "compressibility:max-bytes",
            "1e999*class",
            "class+class",
            "heldout+class:heldout"
        }) {
            assertThatThrownBy(() -> RewardSpec.parse(text))
                    .as(text)
                    .isInstanceOf(IllegalArgumentException.class)
                    .message()
                    .isNotBlank();
        }
    }
}
