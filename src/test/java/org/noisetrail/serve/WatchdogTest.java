package org.noisetrail.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** When a thread that waits for a client is interrupted, and what of it is left. */
@Timeout(20)
class WatchdogTest {
    private static final Duration SOON = Duration.ofMillis(20);
    private static final Duration NEVER = Duration.ofHours(1);

    private final Watchdog watchdog = new Watchdog(SOON);

    @AfterEach
    void close() {
        watchdog.close();
    }

    @Test
    void aWaitThatTakesTooLongIsEndedAndTheNextDoesNotKnow() {
        for (int i = 0; i < 3; i++) {
            watchdog.begin(SOON);
            assertThatThrownBy(() -> Thread.sleep(10_000)).isInstanceOf(InterruptedException.class);
            // As a write that ends just then leaves it.
            watchdog.begin(SOON);
            for (long start = System.nanoTime(); !Thread.currentThread().isInterrupted(); ) {
                assertThat(System.nanoTime() - start)
                        .as("it is not interrupted")
                        .isLessThan(10_000_000_000L);
            }
            watchdog.end();
            assertThat(Thread.currentThread().isInterrupted()).isFalse();
        }
        assertThat(watchdog.cuts()).isEqualTo(6);
    }

    @Test
    void whoDoesNotWaitForAClientIsNotInterrupted() throws InterruptedException {
        watchdog.begin(SOON);
        watchdog.end();
        Thread.sleep(10 * SOON.toMillis());
    }

    @Test
    void anInterruptThatIsNotItsOwnIsKept() {
        watchdog.begin(NEVER);
        Thread.currentThread().interrupt();
        watchdog.end();
        assertThat(Thread.interrupted()).isTrue();
    }

    private record Ends(SocketChannel written, Socket read) {
        /** With little room between them. */
        static Ends open() throws IOException {
            try (ServerSocket server = new ServerSocket()) {
                server.setReceiveBufferSize(1 << 14);
                server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
                SocketChannel written = SocketChannel.open();
                written.setOption(StandardSocketOptions.SO_SNDBUF, 1 << 14);
                written.connect(server.getLocalSocketAddress());
                return new Ends(written, server.accept());
            }
        }
    }

    /** As the JDK's server writes. */
    private static OutputStream stream(SocketChannel channel) {
        return new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                write(new byte[] {(byte) b}, 0, 1);
            }

            @Override
            public void write(byte[] bytes, int from, int count) throws IOException {
                for (ByteBuffer left = ByteBuffer.wrap(bytes, from, count); left.hasRemaining(); ) {
                    channel.write(left);
                }
            }
        };
    }

    @Test
    void whoReadsSlowlyIsToldAllThoughItTakesLongerThanAnyPieceMay() throws IOException {
        byte[] bytes = new byte[1 << 20];
        new Random(1).nextBytes(bytes);
        Duration step = Duration.ofMillis(800);
        Ends ends = Ends.open();
        try (Socket read = ends.read();
                SocketChannel written = ends.written()) {
            CompletableFuture<byte[]> told = CompletableFuture.supplyAsync(() -> slowly(read, bytes.length));
            long start = System.nanoTime();
            watchdog.writing(stream(written), step).write(bytes, 0, bytes.length);
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(step);
            assertThat(Arrays.equals(told.join(), bytes)).isTrue();
        }
        assertThat(watchdog.cuts()).isZero();
    }

    private static byte[] slowly(Socket socket, int count) {
        byte[] bytes = new byte[count];
        try {
            InputStream in = socket.getInputStream();
            for (int at = 0; at < count; ) {
                Thread.sleep(25);
                at += in.readNBytes(bytes, at, Math.min(1 << 14, count - at));
            }
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
        return bytes;
    }

    @Test
    void whoReadsNothingIsCut() throws IOException {
        Ends ends = Ends.open();
        try (Socket read = ends.read();
                SocketChannel written = ends.written()) {
            OutputStream out = watchdog.writing(stream(written), Duration.ofMillis(200));
            assertThatThrownBy(() -> out.write(new byte[1 << 24])).isInstanceOf(ClosedByInterruptException.class);
            assertThat(read.isClosed()).isFalse();
            assertThat(written.isOpen()).isFalse();
            assertThat(Thread.interrupted()).isFalse();
        }
    }
}
