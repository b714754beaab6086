package org.noisetrail.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.Headers;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.UnknownHostException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Who may ask, by which name, from which page. */
class GateTest {
    private static final String TOKEN = "0123456789abcdef";
    private static final URI PUBLIC = URI.create("https://Images.Example.com/");

    private static Gate gate(String address, @Nullable String token, @Nullable URI publicUrl) {
        try {
            return new Gate(new InetSocketAddress(InetAddress.getByName(address), 8080), token, publicUrl);
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }

    private static Headers headers(String host, @Nullable String origin) {
        Headers headers = new Headers();
        headers.set("Host", host);
        if (origin != null) {
            headers.set("Origin", origin);
        }
        return headers;
    }

    @ParameterizedTest
    @CsvSource({
        "images.example.com, ",
        "images.example.com, https://images.example.com",
        "images.example.com:8443, https://images.example.com:8443",
        "127.0.0.1:8080, http://127.0.0.1:8080",
    })
    void behindAProxyAnyNameWillDoWhereThereIsAToken(String host, @Nullable String origin) {
        assertThat(gate("127.0.0.1", TOKEN, null).origin(headers(host, origin))).isEqualTo("http://" + host);
    }

    @ParameterizedTest
    @ValueSource(strings = {"https://other.example.com", "https://images.example.com:1", "null"})
    void aTokenOpensNoOtherPage(String origin) {
        for (URI url : new URI[] {null, PUBLIC}) {
            assertThatThrownBy(() -> gate("127.0.0.1", TOKEN, url).origin(headers("images.example.com", origin)))
                    .isInstanceOf(Refusal.class)
                    .hasMessage("web pages of other origins must not ask this server");
        }
    }

    @Test
    void thePublicPageMayAskThroughAProxyThatDoesNotSendItsNameOn() {
        for (String token : new String[] {null, TOKEN}) {
            Gate gate = gate("127.0.0.1", token, PUBLIC);
            for (String host : new String[] {"127.0.0.1:8080", "images.example.com"}) {
                for (String origin : new String[] {null, "https://images.example.com"}) {
                    assertThat(gate.origin(headers(host, origin))).isEqualTo("https://images.example.com");
                }
            }
        }
        assertThatThrownBy(() -> gate("127.0.0.1", null, PUBLIC).origin(headers("rebound.example.com", null)))
                .isInstanceOf(Refusal.class)
                .hasMessage("a server without a token must be asked as localhost or 127.0.0.1");
    }

    @Test
    void theLoopbackAddressOfIpv6IsAskedByItsOwnName() throws UnknownHostException {
        InetAddress loopback = InetAddress.getByName("::1");
        String own = Gate.host(loopback);
        assertThat(own).isEqualTo("[0:0:0:0:0:0:0:1]");
        for (String name : new String[] {own, "[::1]", "localhost"}) {
            assertThatCode(() -> gate("::1", null, null).origin(headers(name + ":8080", null)))
                    .doesNotThrowAnyException();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "https://a.example.com, https://a.example.com",
        "HTTPS://A.Example.com/, https://a.example.com",
        "https://a.example.com:443, https://a.example.com",
        "http://a.example.com:80, http://a.example.com",
        "http://a.example.com:443, http://a.example.com:443",
        "http://[::1]:8080/, http://[::1]:8080",
    })
    void anOriginIsAsBrowsersSendIt(URI url, String origin) {
        assertThat(Gate.origin(url)).isEqualTo(origin);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "images.example.com",
                "ftp://a.example.com",
                "https:///",
                "https://a.example.com/images",
                "https://a.example.com/?x",
                "https://a.example.com/#x",
                "https://me@a.example.com",
                "mailto:a@example.com"
            })
    void aPublicUrlIsOfAHostAlone(URI url) {
        assertThatThrownBy(() -> Gate.origin(url))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "a public URL must be http or https, a host and at most a port, such as https://images.example.com: "
                                + url);
    }
}
