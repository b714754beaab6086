package org.noisetrail.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Pipeline;
import org.noisetrail.sampler.EdmSampler;
import org.noisetrail.search.Methods;

/** The page in a headless Chromium; skipped where there is none. */
@Timeout(600)
class PageTest {
    private static final String TOKEN = "0123456789abcdef";

    @TempDir
    Path folder;

    private static final Limits LIMITS = new Limits(2, 10, 1_000_000, Duration.ofMinutes(10));

    private Browser open(ImageServer server) throws Exception {
        return new Browser(Browser.find().orElseThrow(), folder, server.uri());
    }

    private static void needsBrowser() {
        assumeTrue(Browser.find().isPresent(), "no Chromium on this machine");
    }

    @Test
    void aSearchIsSeenGoingOnAndItsImagesAreShown() throws Exception {
        needsBrowser();
        try (Pipeline model = Pipeline.load("fashion-mnist", Device.CPU);
                ImageServer server = ImageServer.builder(model).limits(LIMITS).start();
                Browser page = open(server)) {
            page.await("document.readyState === 'complete' && !document.getElementById('draw').disabled");
            assertThat(page.eval("document.querySelectorAll('#method option').length")
                            .asInt())
                    .isEqualTo(org.noisetrail.search.Methods.registry().kinds().size());
            assertThat(page.eval("[...document.querySelectorAll('input,select,textarea')]"
                                    + ".filter(each => each.labels.length !== 1).map(each => each.id).join()")
                            .asText())
                    .as("controls without a label of their own")
                    .isEmpty();
            page.eval("document.getElementById('class').value = 8;"
                    + "document.getElementById('n').value = 2;"
                    + "document.getElementById('seed').value = 3;"
                    + "document.getElementById('held-out').value = 'class';"
                    + "document.getElementById('setting-rounds').value = '1';"
                    + "document.getElementById('draw').click()");
            page.await("document.querySelectorAll('#chart .curve').length === 1");
            page.await("document.getElementById('status').textContent === 'Done.'");
            assertThat(page.eval("document.getElementById('error').textContent").asText())
                    .isEmpty();
            assertThat(page.eval("document.getElementById('nfe').textContent").asText())
                    .isEqualTo("226"); // 13 live steps of 4 candidates, 5 dead ones, two images
            assertThat(page.eval("document.getElementById('preview').naturalWidth")
                            .asInt())
                    .isEqualTo(28);
            JsonNode data = new Client(server.uri())
                    .post("{\"class\":8,\"n\":2,\"seed\":3,\"rounds\":1,\"held_out\":\"class\"}")
                    .json()
                    .path("data");
            for (int i = 0; i < 2; i++) {
                String image = "document.querySelectorAll('#images img')[" + i + "].src";
                assertThat(page.eval(image).asText())
                        .isEqualTo("data:image/png;base64,"
                                + data.path(i).path("b64_json").asText());
            }
            double held = (data.path(0).path("held_out").asDouble()
                            + data.path(1).path("held_out").asDouble())
                    / 2;
            assertThat(Double.parseDouble(page.eval("document.getElementById('held').textContent")
                            .asText()))
                    .isCloseTo(held, org.assertj.core.api.Assertions.within(5.1e-5));
            page.screenshot(Path.of("target", "serve-page.png"));
            assertThat(page.complaints()).isEmpty();
        }
    }

    @Test
    void aFlagThatIsNotTouchedStaysTheServersOwn() throws Exception {
        needsBrowser();
        Path rounds = folder.resolve("rounds.json");
        try (Pipeline model = Pipeline.load("fashion-mnist", Device.CPU)) {
            RequestsTest.schedule(model, rounds);
        }
        try (Pipeline model = Pipeline.load("fashion-mnist", Device.CPU);
                ImageServer server = ImageServer.builder(model)
                        .limits(LIMITS)
                        .sampler(EdmSampler.DEFAULT.withSteps(6))
                        .method(Methods.parse("eps-greedy:rounds=1:score-at-first=" + rounds))
                        .start();
                Browser page = open(server)) {
            page.await("document.readyState === 'complete' && !document.getElementById('draw').disabled");
            String flag = "document.getElementById('setting-score_at_first')";
            assertThat(page.eval(flag + ".checked").asBoolean()).isTrue();
            assertThat(page.eval("'score_at_first' in request()").asBoolean()).isFalse();
            page.eval(flag + ".click()");
            assertThat(page.eval("request().score_at_first").asText()).isEqualTo("false");
        }
    }

    @Test
    void whatAPersonTypesIsTextAndASearchCanBeCancelled() throws Exception {
        needsBrowser();
        try (Pipeline model = Pipeline.load("fashion-mnist", Device.CPU);
                ImageServer server =
                        ImageServer.builder(model).limits(LIMITS).token(TOKEN).start();
                Browser page = open(server)) {
            page.await("document.readyState === 'complete' && !document.getElementById('token-field').hidden");
            page.eval("document.getElementById('token').value = '" + TOKEN + "';"
                    + "document.getElementById('token').dispatchEvent(new Event('change'))");
            page.await("!document.getElementById('draw').disabled");
            // The browser logs the answer 401 itself.
            page.complaints().clear();
            String markup = "<img src=x onerror=document.title=1>";
            page.eval("document.getElementById('reward').value = '" + markup + "';"
                    + "document.getElementById('draw').click()");
            page.await("document.getElementById('error').textContent.includes('unknown reward')");
            assertThat(page.eval("document.getElementById('error').textContent").asText())
                    .endsWith(markup);
            assertThat(page.eval("document.getElementById('error').children.length")
                            .asInt())
                    .isZero();
            assertThat(page.eval("document.title").asText()).isEqualTo("Noisetrail");
            page.complaints().clear();
            page.eval("document.getElementById('reward').value = '';"
                    + "document.getElementById('setting-rounds').value = '1024';"
                    + "document.getElementById('setting-candidates').value = '64';"
                    + "document.getElementById('budget').value = '1000000';"
                    + "document.getElementById('draw').click()");
            page.await("document.getElementById('nfe').textContent !== '-'");
            page.eval("document.getElementById('cancel').click()");
            page.await("document.getElementById('status').textContent === 'Cancelled.'");
            assertThat(page.complaints()).isEmpty();
        }
    }
}
