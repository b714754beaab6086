package org.noisetrail.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import org.junit.jupiter.api.Test;
import org.noisetrail.engine.Screened;

/** Every number is another, so that none can stand in another's place. */
class ScreeningWordsTest {
    /** Its five audits have lost .1, .1, .05, 0 and 0. */
    private static final Screened SCREENED = new Screened(1600, 25_600, 9000, 3, 7, 1234, 5678, 48, 5, .25, .0225);

    private static final Screened UNAUDITED = new Screened(4, 20, 9, 0, 0, 6, 8, .5, 0, 0, 0);

    @Test
    void linesSayWhatWasSavedAndLost() {
        assertThat(ScreeningWords.of(SCREENED, "5%"))
                .isEqualTo("screened 25,600 candidates in 1,600 rounds, verified 9,000; saved 1,234 NFE, 5,678 decodes,"
                        + " 16,600 rewards, for 25,600 screens\n"
                        + "loss a round: measured 0.0500 +- 0.022 on 5 audited, expected 0.0300, bound 5%\n");
        assertThat(ScreeningWords.of(UNAUDITED, .01))
                .isEqualTo("screened 20 candidates in 4 rounds, verified 9; saved 6 NFE, 8 decodes,"
                        + " 11 rewards, for 20 screens\n"
                        + "loss a round: no round was audited, expected 0.125, bound 0.01\n");
    }

    @Test
    void cellsOfATableAreShort() {
        assertThat(ScreeningWords.verified(SCREENED)).isEqualTo("9,000 of 25,600 (35 %)");
        assertThat(ScreeningWords.measured(SCREENED)).isEqualTo("0.050 +- 0.022 (5 audits)");
        assertThat(ScreeningWords.measured(UNAUDITED)).isEqualTo("-");
        assertThat(ScreeningWords.verified(Screened.NONE)).isEqualTo("-");
    }

    @Test
    void filesHaveEachNumberUnderItsName() {
        assertThat(new ObjectMapper().valueToTree(ScreeningWords.json(SCREENED)).toString())
                .isEqualTo("{\"rounds\":1600,\"candidates\":25600,\"verified\":9000,\"unscreened\":3,"
                        + "\"screenDecodes\":7,"
                        + "\"saved\":{\"networkEvaluations\":1234,\"decoderCalls\":5678,\"rewardCalls\":16600},"
                        + "\"expectedLoss\":0.03,"
                        + "\"measuredLoss\":{\"audits\":5,\"mean\":0.05,\"standardError\":0.022360679774997894}}");
    }
}
