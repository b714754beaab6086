package org.noisetrail.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.noisetrail.files.Json;
import org.noisetrail.model.ImageShape;
import org.noisetrail.report.CostReport;
import org.noisetrail.reward.Rewards;
import org.noisetrail.sampler.EdmSampler;
import org.noisetrail.search.Beam;
import org.noisetrail.search.ExactMixture;
import org.noisetrail.search.ImageRequest;
import org.noisetrail.search.LocalSearch;
import org.noisetrail.search.Method;
import org.noisetrail.search.Search;
import org.noisetrail.search.SearchResult;
import org.noisetrail.trace.Profile.Part;

@Timeout(300)
class CostProfileTest {
    /** What the network takes, at least: the test knows it from elsewhere than the events. */
    private static final int SLEEP_MILLIS = 3;

    private static final double BETWEEN_MICROS = 20_000;

    private final ExactMixture denoiser = new ExactMixture(new ImageShape(1, 8, 8), false, .2, -.4, .4);
    private final List<Long> elapsed = new ArrayList<>();

    private CostProfile profile(Method method) {
        denoiser.beforeCall = () -> {
            try {
                Thread.sleep(SLEEP_MILLIS);
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        };
        Search search = Search.builder(denoiser)
                .sampler(EdmSampler.DEFAULT.withSteps(8))
                .method(method)
                .reward(Rewards.compressibility(700))
                .build();
        return CostProfile.of(2, () -> {
            SearchResult result = search.run(ImageRequest.of(0, 3));
            elapsed.add(result.elapsed().toNanos());
            return result;
        });
    }

    @Test
    void thePartsAddUpToTheWallTime() {
        for (Method method : List.of(LocalSearch.builder().rounds(3).build(), new Beam(3, 2))) {
            elapsed.clear();
            CostProfile profile = profile(method);
            double least = Double.POSITIVE_INFINITY;
            for (int i = 0; i < profile.runs().size(); i++) {
                CostProfile.Run run = profile.runs().get(i);
                double sum = 0;
                for (Part part : Part.values()) {
                    // Events within events would be counted twice, and the host's rest would fall below zero.
                    assertThat(run.micros(part)).as(part.name()).isGreaterThanOrEqualTo(0);
                    sum += run.micros(part);
                }
                assertThat(sum).isCloseTo(run.wallMicros(), within(.02 * run.wallMicros()));
                // The search's own clock, the first run being the warm-up, runs within the profile's.
                double clock = elapsed.get(i + 1) / 1e3 / run.evaluations();
                double between = sum - clock;
                assertThat(between).isGreaterThanOrEqualTo(-1e-6 * clock);
                least = Math.min(least, between - Math.max(.02 * clock, BETWEEN_MICROS / run.evaluations()));
            }
            // A busy machine may stop a run between the two, but hardly each.
            assertThat(least).isNegative();
        }
    }

    @Test
    void theNetworksTimeIsForward() {
        CostProfile profile = profile(LocalSearch.builder().rounds(3).build());
        for (CostProfile.Run run : profile.runs()) {
            long calls = run.times(Part.FORWARD).calls();
            assertThat(calls).isPositive();
            assertThat(run.times(Part.FORWARD).totalNanos()).isGreaterThanOrEqualTo(calls * SLEEP_MILLIS * 1_000_000L);
            assertThat(run.times(Part.NOISE).calls()).isPositive();
            assertThat(run.times(Part.SCORE).calls()).isPositive();
        }
    }

    @Test
    void aSearchOfSeveralWorkersIsRefused() {
        for (int images : new int[] {3, 1}) {
            Search search = Search.builder(denoiser)
                    .sampler(EdmSampler.DEFAULT.withSteps(4))
                    .workers(2)
                    .build();
            assertThatThrownBy(() -> CostProfile.of(1, () -> search.run(ImageRequest.of(0, images))))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith("a search to profile must have 1 worker: ");
        }
    }

    @Test
    void theJsonSaysWhatTheTableSays() throws Exception {
        CostProfile profile = profile(LocalSearch.builder().rounds(1).build());
        JsonNode json = new ObjectMapper().readTree(Json.pretty(CostReport.json(profile)));
        double shares = 0;
        for (Part part : Part.values()) {
            JsonNode read = json.at("/parts/" + part.name().toLowerCase(Locale.ROOT));
            assertThat(read.path("median").asDouble())
                    .isEqualTo(profile.micros(part).median());
            shares += read.path("share").asDouble();
        }
        assertThat(shares).isCloseTo(1, within(.02));
        assertThat(CostReport.text(profile).lines()).hasSize(Part.values().length + 2);
        assertThat(CostReport.plot(profile, "a profile").png()).isNotEmpty();
    }

    @Test
    void aSpreadIsTheMedianAndTheExtremes() {
        assertThat(CostProfile.Spread.of(new double[] {5, 1, 3})).isEqualTo(new CostProfile.Spread(3, 1, 5));
        assertThat(CostProfile.Spread.of(new double[] {4, 1})).isEqualTo(new CostProfile.Spread(2.5, 1, 4));
    }
}
