package org.noisetrail.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.StringLength;
import org.noisetrail.cli.RewardSpec.Kind;
import org.noisetrail.cli.RewardSpec.Term;

class RewardSpecTest {
    @Example
    void aNameIsATermOfWeightOne() {
        assertThat(RewardSpec.parse("brightness").terms()).containsExactly(new Term(1, Kind.BRIGHTNESS, 0));
        assertThat(RewardSpec.parse("jpeg-bytes").terms()).containsExactly(new Term(1, Kind.JPEG_BYTES, 0));
        assertThat(RewardSpec.parse("compressibility:max-bytes=700").terms())
                .containsExactly(new Term(1, Kind.COMPRESSIBILITY, 700));
    }

    @Example
    void heldoutIsShortForTheHeldOutClassifier() {
        assertThat(RewardSpec.parse("class:heldout")).isEqualTo(RewardSpec.parse("heldout"));
        assertThat(RewardSpec.parse("heldout").terms()).containsExactly(new Term(1, Kind.HELD_OUT, 0));
    }

    @Example
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

    @Property
    void whatItPrintsItReads(
            @ForAll @DoubleRange(min = .01, max = 1e6) double one,
            @ForAll @DoubleRange(min = 1, max = 1e6) double two) {
        RewardSpec spec = RewardSpec.parse(one + "*class-" + two + "*compressibility:max-bytes=" + two);
        assertThat(RewardSpec.parse(spec.toString())).isEqualTo(spec);
    }

    @Property
    void anyTextIsReadOrRefused(@ForAll @StringLength(max = 40) String text) {
        try {
            RewardSpec.parse(text);
        } catch (IllegalArgumentException e) {
            assertThat(e).hasMessageContaining(text);
        }
    }

    @Example
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
