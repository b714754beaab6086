package org.noisetrail.benchmarks;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Pipeline;
import org.noisetrail.serve.ImageServer;
import org.noisetrail.serve.Limits;

/**
 * 32 clients at once against a server: each asks for an image, and again as soon as it is answered, refused or not (after a refusal it waits a little). A fourth of them read events
 * instead of waiting. Prints, for each part of the time, what was answered, how long it took, and the process's memory.
 */
final class ServeLoad {
    private static final int CLIENTS = 32;
    private static final int QUEUE = 16;
    private static final int PARTS = 5;
    private static final String ASK = "{\"class\":%d,\"seed\":%d,\"steps\":6,\"rounds\":1%s}";

    private final URI server;
    private final HttpClient http = HttpClient.newHttpClient();
    private final ConcurrentLinkedQueue<Long> drawn = new ConcurrentLinkedQueue<>();
    private final ConcurrentLinkedQueue<Long> refused = new ConcurrentLinkedQueue<>();
    private final AtomicInteger wrong = new AtomicInteger();
    private final AtomicInteger numbers = new AtomicInteger();

    private ServeLoad(URI server) {
        this.server = server;
    }

    /** @param seconds in all */
    static void print(int seconds) throws InterruptedException {
        try (Pipeline model = Pipeline.load("fashion-mnist", Device.CPU);
                ImageServer server = ImageServer.builder(model)
                        .limits(new Limits(QUEUE, 4, 10_000, Duration.ofMinutes(1)))
                        .start()) {
            System.out.printf(
                    Locale.ROOT,
                    "%n## A server under %d clients (a queue of %d; fashion-mnist, eps-greedy, 6 steps, 1 round)%n%n",
                    CLIENTS,
                    QUEUE);
            System.out.println("| seconds | images | images a second | median, ms | 95 %, ms | refused (429) "
                    + "| a refusal's median, ms | other answers | heap after GC, MiB | process, MiB | threads |");
            System.out.println("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
            new ServeLoad(server.uri()).run(seconds);
        }
    }

    private void run(int seconds) throws InterruptedException {
        List<Thread> clients = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) {
            boolean watches = i % 4 == 0;
            Thread client = new Thread(() -> ask(watches), "client-" + i);
            client.setDaemon(true);
            client.start();
            clients.add(client);
        }
        for (int part = 0; part < PARTS; part++) {
            drawn.clear();
            refused.clear();
            wrong.set(0);
            Thread.sleep(seconds * 1000L / PARTS);
            long[] times = sorted(drawn);
            long[] refusals = sorted(refused);
            System.gc();
            System.out.printf(
                    Locale.ROOT,
                    "| %d to %d | %d | %.1f | %.0f | %.0f | %d | %.1f | %d | %d | %d | %d |%n",
                    seconds * part / PARTS,
                    seconds * (part + 1) / PARTS,
                    times.length,
                    (double) times.length * PARTS / seconds,
                    at(times, .5) / 1e6,
                    at(times, .95) / 1e6,
                    refusals.length,
                    at(refusals, .5) / 1e6,
                    wrong.get(),
                    ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed() >> 20,
                    resident() >> 10,
                    ManagementFactory.getThreadMXBean().getThreadCount());
        }
        clients.forEach(Thread::interrupt);
        for (Thread client : clients) {
            client.join();
        }
        double load =
                ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getSystemLoadAverage();
        System.out.printf(Locale.ROOT, "%nThe machine's load average at the end: %.1f.%n", load);
    }

    private void ask(boolean watches) {
        try {
            while (!Thread.currentThread().isInterrupted()) {
                int number = numbers.incrementAndGet();
                String body = String.format(Locale.ROOT, ASK, number % 10, number, watches ? ",\"async\":true" : "");
                long start = System.nanoTime();
                var answer = http.send(
                        HttpRequest.newBuilder(server.resolve("/v1/images/generations"))
                                .header("Content-Type", "application/json")
                                .POST(BodyPublishers.ofString(body))
                                .build(),
                        BodyHandlers.ofString());
                boolean ok = answer.statusCode() == 200;
                if (answer.statusCode() == 202) {
                    var events = http.send(
                            HttpRequest.newBuilder(server.resolve(answer.headers()
                                                    .firstValue("Location")
                                                    .orElseThrow() + "/events"))
                                    .build(),
                            BodyHandlers.ofString());
                    ok = events.body().contains("\"status\":\"done\"");
                }
                long took = System.nanoTime() - start;
                if (ok) {
                    drawn.add(took);
                } else if (answer.statusCode() == 429) {
                    refused.add(took);
                    Thread.sleep(250);
                } else {
                    wrong.incrementAndGet();
                }
            }
        } catch (InterruptedException e) {
            // The time is over.
        } catch (IOException e) {
            wrong.incrementAndGet();
        }
    }

    private static long[] sorted(ConcurrentLinkedQueue<Long> times) {
        long[] all = times.stream().mapToLong(Long::longValue).toArray();
        Arrays.sort(all);
        return all;
    }

    private static double at(long[] sorted, double share) {
        return sorted.length == 0 ? Double.NaN : sorted[(int) Math.round(share * (sorted.length - 1))];
    }

    /** KiB of the process that are in memory. */
    private static long resident() {
        try {
            return Files.readAllLines(Path.of("/proc/self/status")).stream()
                    .filter(line -> line.startsWith("VmRSS:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                    .findFirst()
                    .orElse(0);
        } catch (IOException e) {
            return 0;
        }
    }
}
