package org.noisetrail.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.noisetrail.sampler.EdmSampler;
import org.noisetrail.sampler.Sampler;
import org.noisetrail.sampler.Samplers;
import org.noisetrail.settings.Registry;

/** Every method and sampler as its text, its JSON and its words. */
class MethodsAndSamplersTest {
    private static <T> void assertComesBack(Registry<T> registry, String text) {
        T thing = registry.parse(text);
        assertThat(registry.text(thing)).isEqualTo(text);
        Map<String, String> texts = new LinkedHashMap<>();
        registry.json(thing).forEach((key, value) -> texts.put(key, value.toString()));
        String name = texts.remove("name");
        assertThat(registry.kind(name).make(texts)).isEqualTo(thing);
        assertThat(registry.kindOf(thing).values(thing)).isNotNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "edm",
                "edm:steps=40:sigma-min=0.01:sigma-max=20:rho=3:s-churn=0:s-min=0.1:s-max=Infinity:s-noise=1",
                "ddim",
                "ddim:steps=50:eta=0.5:timestep-spacing=trailing:steps-offset=1:set-alpha-to-one",
                "euler-ancestral",
                "euler-ancestral:steps=7:eta=0:timestep-spacing=leading:steps-offset=1",
                "flow-sde",
                "flow-sde:steps=10:flow-noise=0.5:flow-shift=3"
            })
    void aSamplerComesBack(String text) {
        assertComesBack(Samplers.registry(), text);
    }

    @Test
    void aBuilderSetsWhatItsWordsSay() {
        EdmSampler built = EdmSampler.builder()
                .steps(40)
                .sigmaMin(.01)
                .sigmaMax(20)
                .rho(3)
                .churn(10)
                .churnMin(.1)
                .churnMax(5)
                .churnNoise(1.1)
                .build();
        assertThat(built)
                .isEqualTo(Samplers.parse(
                        "edm:steps=40:sigma-min=0.01:sigma-max=20:rho=3:s-churn=10:s-min=0.1:s-max=5:s-noise=1.1"));
        assertThat(built.toBuilder().build()).isEqualTo(built);
        assertThat(EdmSampler.builder().build()).isEqualTo(Samplers.parse("edm"));
        assertThatThrownBy(() -> EdmSampler.builder().sigmaMin(80).build())
                .hasMessage("sigma-min must be < sigma-max 80.0: 80.0");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "naive",
                "best-of-n",
                "best-of-n:candidates=16:shared-start",
                "beam",
                "beam:candidates=8:beams=3",
                "mcts",
                "mcts:candidates=2:simulations=30:exploration=0.5",
                "zero-order",
                "zero-order:candidates=3:rounds=5:lambda=0.3:keep-pivot:project",
                "eps-greedy",
                "eps-greedy:rounds=20@0.01..1,1",
                "eps-greedy:epsilon=1:patience=3:0.001:roll-over",
                "eps-greedy:candidates=65536:rounds=2",
                "eps-greedy:score-at-first",
                "ascent",
                "ascent:candidates=15:direction=image:shift=-2.5:regress=logit:score-at-first"
            })
    void aMethodComesBack(String text) {
        assertComesBack(Methods.registry(), text);
    }

    @Test
    void everyKindsOwnNameIsItsText() {
        Samplers.registry().kinds().forEach(kind -> assertComesBack(Samplers.registry(), kind.name()));
        Methods.registry().kinds().forEach(kind -> assertComesBack(Methods.registry(), kind.name()));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "naive|''",
                "best-of-n:candidates=16|N 16",
                "best-of-n:shared-start|N 4, shared start",
                "mcts|N 4, S 8, c 1.4142135623730951",
                "zero-order|N 4, K 20, lambda 0.15",
                "eps-greedy:keep-pivot:rounds=3|N 4, K 3, eps 0.4, lambda 0.15, keep pivot",
                "eps-greedy:patience=3:0.001|N 4, K 20, eps 0.4, lambda 0.15, patience 3:0.001"
            })
    void aTablesCellSaysWhatAMethodIs(String text, String words) {
        assertThat(Methods.registry().words(Methods.parse(text))).isEqualTo(words);
    }

    @Test
    void defaultsAreThoseThatTheClassesHave() {
        assertThat(Samplers.parse("edm")).isEqualTo(EdmSampler.DEFAULT);
        assertThat(Methods.parse("eps-greedy")).isEqualTo(LocalSearch.epsGreedy());
        assertThat(Methods.parse("zero-order")).isEqualTo(LocalSearch.zeroOrder());
        assertThat(Methods.parse("beam")).isEqualTo(Beam.standard());
        assertThat(Methods.parse("mcts")).isEqualTo(Mcts.standard());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "edm:steps=1|steps must be >= 2: 1",
                "edm:sigma-min=0|sigma-min must be > 0: 0",
                "edm:sigma-min=90|sigma-min must be < sigma-max 80.0: 90.0",
                "edm:s-churn=Infinity|s-churn must be <= 1.7976931348623157E308: Infinity",
                "ddim:steps=0|steps must be >= 1: 0",
                "ddim:eta=-1|eta must be >= 0: -1",
                "ddim:timestep-spacing=even|timestep-spacing must be one of [leading, trailing, linspace]: even",
                "ddim:steps-offset=1001|steps-offset must be <= 1000: 1001",
                "euler-ancestral:eta=1.5|eta must be <= 1: 1.5",
                "flow-sde:flow-shift=0|flow-shift must be >= 0.000001: 0"
            })
    void aSamplersMistakesAreNamed(String text, String message) {
        assertThatThrownBy(() -> Samplers.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "best-of-n:candidates=0|candidates must be >= 1: 0",
                "beam:candidates=257:beams=256|candidates x beams must be <= 65536: 65792",
                "eps-greedy:rounds=65536|rounds must be <= 65535: 65536",
                "eps-greedy:rounds=20@1..0.1|the noise levels of a schedule must go upward: 20@1..0.1",
                "eps-greedy:roll-over|roll-over needs patience: without it no rounds are saved",
                "eps-greedy:patience=0:1|patience rounds must be >= 1: 0",
                "zero-order:epsilon=0.5|zero-order has no setting \"epsilon\"",
                "replay|method must be one of naive, best-of-n"
            })
    void aMethodsMistakesAreNamed(String text, String message) {
        assertThatThrownBy(() -> Methods.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith(message);
    }

    @Test
    void aSamplerIsItsRecord() {
        Sampler sampler = Samplers.parse("ddim:steps=8");
        assertThat(sampler.name()).isEqualTo("ddim");
        assertThat(sampler.steps()).isEqualTo(8);
    }
}
