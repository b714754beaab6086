package org.noisetrail.reward;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.noisetrail.reward.RewardText.Term;

class RewardTextTest {
    private static Term term(double weight, String kind, String argument) {
        RewardKind known = Rewards.kinds().stream()
                .filter(each -> each.name().equals(kind))
                .findFirst()
                .orElseThrow();
        return new Term(weight, known, argument);
    }

    private static List<Term> terms(String text) {
        return RewardText.parse(text).terms();
    }

    @Test
    void aNameIsATermOfWeightOne() {
        assertThat(terms("brightness")).containsExactly(term(1, "brightness", ""));
        assertThat(terms("jpeg-bytes")).containsExactly(term(1, "jpeg-bytes", ""));
        assertThat(terms("compressibility:max-bytes=700")).containsExactly(term(1, "compressibility", "max-bytes=700"));
    }

    @Test
    void aSumHasWeightsAndSigns() {
        assertThat(terms("0.7*class+0.3*brightness"))
                .containsExactly(term(.7, "class", ""), term(.3, "brightness", ""));
        assertThat(terms("class-0.5*brightness")).containsExactly(term(1, "class", ""), term(-.5, "brightness", ""));
        assertThat(terms(" -jpeg-bytes + 2 * class "))
                .containsExactly(term(-1, "jpeg-bytes", ""), term(2, "class", ""));
        assertThat(terms("1e-3*jpeg-bytes+1e+3*class"))
                .containsExactly(term(1e-3, "jpeg-bytes", ""), term(1e3, "class", ""));
        assertThat(terms("compressibility:max-bytes=1e3+class"))
                .containsExactly(term(1, "compressibility", "max-bytes=1e3"), term(1, "class", ""));
    }

    @Test
    void aPathGoesOnToAPlusBetweenSpaces() {
        assertThat(terms("clip:/a+b/c-d e:1.pt + 0.5*brightness"))
                .containsExactly(term(1, "clip", "/a+b/c-d e:1.pt"), term(.5, "brightness", ""));
        assertThat(terms("clip-heldout")).containsExactly(term(1, "clip-heldout", ""));
        assertThat(terms("2*aesthetic:C:\\x")).containsExactly(term(2, "aesthetic", "C:\\x"));
    }

    @Test
    void rewardsMadeOfOthersHoldThemInParentheses() {
        Term worst = terms("2*worst(clip:/a-b c; shifted(class) - brightness)").get(0);
        assertThat(worst.weight()).isEqualTo(2);
        assertThat(worst.parts()).hasSize(2);
        assertThat(worst.parts().get(0).terms()).containsExactly(term(1, "clip", "/a-b c"));
        Term shifted = worst.parts().get(1).terms().get(0);
        assertThat(shifted.kind().name()).isEqualTo("shifted");
        assertThat(shifted.parts()).containsExactly(RewardText.parse("class"));
        assertThat(worst.parts().get(1).terms().get(1)).isEqualTo(term(-1, "brightness", ""));
    }

    /** What follows the colon, to the first place where it may end; the plain patterns try each. */
    @Test
    void aPathEndsWhereItFirstMay() {
        Pattern plain = Pattern.compile(":(.+?)(?=\\s[+-]\\s|\\s*$)");
        Pattern plainInner = Pattern.compile(":([^;)]+?)(?=\\s[+-]\\s|\\s*[;)])");
        Random random = new Random(3);
        String likely = "   \t\n\r\u0085\u2028ab::+-;)";
        for (int i = 0; i < 100_000; i++) {
            StringBuilder text = new StringBuilder(":");
            for (int length = random.nextInt(12); length > 0; length--) {
                text.append(likely.charAt(random.nextInt(likely.length())));
            }
            assertThat(first(RewardText.PATH, text)).as("%s", text).isEqualTo(first(plain, text));
            assertThat(first(RewardText.INNER_PATH, text)).as("%s", text).isEqualTo(first(plainInner, text));
        }
    }

    private static String first(Pattern pattern, CharSequence text) {
        Matcher matcher = pattern.matcher(text);
        return matcher.lookingAt() ? matcher.group(1) : "none";
    }

    /** Each took .4 to 1.3 s where spaces were gone through from each of them. */
    @Test
    @Timeout(5)
    void manySpacesTakeNoTime() {
        String path = " ".repeat(8000) + "x";
        for (int i = 0; i < 20; i++) {
            assertThat(terms("clip:" + path)).containsExactly(term(1, "clip", path));
            assertThat(terms("shifted(clip:" + path + ")").get(0).parts().get(0).terms())
                    .containsExactly(term(1, "clip", path));
        }
    }

    @Test
    void nestingHasALimit() {
        String deepest = "shifted(".repeat(8) + "class" + ")".repeat(8);
        assertThat(RewardText.parse(deepest)).hasToString(deepest);
        assertThatThrownBy(() -> RewardText.parse("shifted(" + deepest + ")"))
                .hasMessageContaining("rewards must be nested at most 8 deep");
    }

    @Test
    void whatIsScoredCountsAsOftenAsItIs() {
        assertThat(RewardText.parse("brightness").scorings()).isEqualTo(1);
        assertThat(RewardText.parse("log(class) - 2*brightness").scorings()).isEqualTo(2);
        assertThat(RewardText.parse("shifted(worst(class; log(brightness)+heldout))+class")
                        .scorings())
                .isEqualTo(5 * 3 + 1);
        assertThat(RewardText.parse("shifted(".repeat(8) + "class" + ")".repeat(8))
                        .scorings())
                .isEqualTo(390_625);
    }

    @Test
    void whatIsMadeOfAModelsPartsNeedsIt() {
        assertThat(RewardText.parse("worst(brightness; shifted(clip))").needsPipeline())
                .isTrue();
        assertThat(RewardText.parse("worst(brightness; shifted(clip:/x))").needsPipeline())
                .isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "brightness",
                "-brightness",
                "0.5*class+2*brightness",
                "clip:/a b/c + 0.5*brightness",
                "class:heldout-jpeg-bytes",
                "worst(class; 0.5*brightness+class)",
                "2*worst(clip:/a b/c + 0.5*brightness; shifted(clip:/d))-brightness",
                "log(class)+0.5*log(worst(brightness; class))"
            })
    void whatItPrintsItReads(String text) {
        assertThat(RewardText.parse(text)).hasToString(text);
        assertThat(RewardText.parse(RewardText.parse(text).toString())).isEqualTo(RewardText.parse(text));
    }

    @Test
    void anyWeightComesBack() {
        Random random = new Random(1);
        for (int i = 0; i < 1000; i++) {
            double one = .01 + random.nextDouble() * Math.pow(10, random.nextInt(7));
            double two = 1 + random.nextDouble() * Math.pow(10, random.nextInt(7));
            RewardText reward = RewardText.parse(one + "*class-" + two + "*compressibility:max-bytes=" + two);
            assertThat(RewardText.parse(reward.toString())).isEqualTo(reward);
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
                RewardText.parse(text.toString());
            } catch (IllegalArgumentException e) {
                assertThat(e.getMessage()).isNotBlank().hasSizeLessThan(1000);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
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
                "1e999*class",
                "class+class",
                "worst",
                "worst(class",
                "worst(class; )",
                "worst(class; class))",
                "worst(class) class",
                "class(brightness)",
                "worst:class",
                "shifted(class, brightness)"
            })
    void whatIsNoRewardIsRefused(String text) {
        assertThatThrownBy(() -> RewardText.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .message()
                .isNotBlank();
    }

    /** Told when it is made: the kind reads it. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "class:other",
                "brightness:max-bytes=3",
                "compressibility:max-bytes=0",
                "compressibility:max-bytes",
                "clip-heldout:x",
                "worst(brightness)",
                "log(brightness; jpeg-bytes)",
                "shifted(brightness; jpeg-bytes)",
                "worst(brightness; class:other)",
                "aesthetic"
            })
    void anArgumentThatARewardDoesNotTakeIsRefused(String text) {
        assertThatThrownBy(() -> RewardText.parse(text).build(() -> {
                    throw new AssertionError("no model is asked for");
                }))
                .isInstanceOf(IllegalArgumentException.class)
                .message()
                .isNotBlank();
    }
}
