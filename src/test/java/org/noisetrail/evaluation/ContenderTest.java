package org.noisetrail.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.noisetrail.search.Beam;
import org.noisetrail.search.BestOfN;
import org.noisetrail.search.LocalSearch;
import org.noisetrail.search.Mcts;
import org.noisetrail.search.Method;
import org.noisetrail.search.Patience;
import org.noisetrail.search.RoundSchedule;

class ContenderTest {
    private static Method parse(String text) {
        return parse(text, Map.of());
    }

    private static Method parse(String text, Map<String, String> shared) {
        return Contender.parse(text, shared).method();
    }

    @Test
    void aMethodTakesTheSharedOptionsThatAreItsOwn() {
        Map<String, String> shared = Map.of("candidates", "6", "rounds", "5", "keep-pivot", "true", "beams", "3");
        assertThat(parse("best-of-n", shared)).isEqualTo(new BestOfN(6));
        assertThat(parse("beam", shared)).isEqualTo(new Beam(6, 3));
        assertThat(parse("mcts", shared)).isEqualTo(new Mcts(6, 8, Math.sqrt(2)));
        LocalSearch local = (LocalSearch) parse("eps-greedy", shared);
        assertThat(local.candidates()).isEqualTo(6);
        assertThat(local.keepPivot()).isTrue();
        assertThat(local.rounds().at(3, 1)).isEqualTo(5);
    }

    @Test
    void anOptionOfItsOwnGoesBeforeTheSharedOne() {
        LocalSearch local =
                (LocalSearch) parse("eps-greedy:rounds=7:epsilon=1", Map.of("rounds", "5", "epsilon", "0.2"));
        assertThat(local.rounds().at(3, 1)).isEqualTo(7);
        assertThat(local.epsilon()).isEqualTo(1);
    }

    @Test
    void patienceAndRollOverAreAMethodsOwn() {
        LocalSearch local = (LocalSearch) parse("zero-order:patience=3:0.001:roll-over");
        assertThat(local.patience()).isEqualTo(new Patience(3, .001, true));
    }

    @Test
    void roundsMayComeFromAFile(@TempDir Path folder) {
        RoundSchedule schedule = new RoundSchedule(List.of(80., 2.5, .002), List.of(0, 4, 0));
        Path file = folder.resolve("rounds.json");
        schedule.write(file);
        assertThat(((LocalSearch) parse("eps-greedy:rounds=" + file)).rounds()).isEqualTo(schedule);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "nothing",
                "naive:rounds=3",
                "eps-greedy:rounds=x",
                "eps-greedy:no-such-option",
                "zero-order:roll-over",
                "beam:beams=0",
                "eps-greedy:patience=3",
                ""
            })
    void whatIsNoMethodIsRefused(String text) {
        assertThatThrownBy(() -> parse(text)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aCommaBeforeADigitIsAValuesOwn() {
        String text = "naive,pruned-best-of-n:keep=6@2,2@6,eps-greedy:rounds=20@0.01..1,1:keep-pivot,beam";
        assertThat(Contender.texts(List.of(text.split(","))))
                .containsExactly(
                        "naive", "pruned-best-of-n:keep=6@2,2@6", "eps-greedy:rounds=20@0.01..1,1:keep-pivot", "beam");
    }
}
