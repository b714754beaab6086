package org.noisetrail.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.noisetrail.evaluation.Version;
import org.noisetrail.evaluation.Versions;
import org.noisetrail.files.AtomicFiles;
import org.noisetrail.files.Json;
import org.noisetrail.kernels.Cuda;
import org.noisetrail.kernels.Device;
import org.noisetrail.kernels.Kernels;
import org.noisetrail.torch.Cards;
import org.noisetrail.torch.CudaLibraries;
import org.noisetrail.torch.Torch;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

@Command(
        name = "doctor",
        description = "Says what this installation runs with: versions, devices, threads, native libraries.")
final class DoctorCommand implements Callable<Integer> {
    @Spec
    private CommandSpec command;

    @Mixin
    private SharedOptions.Json json;

    private boolean healthy = true;

    @Override
    public Integer call() {
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("noisetrail", Version.NOISETRAIL);
        facts.put("java", System.getProperty("java.version") + ", " + System.getProperty("java.vm.name"));
        facts.put(
                "system",
                System.getProperty("os.name") + " " + System.getProperty("os.version") + " "
                        + System.getProperty("os.arch"));
        facts.put("processors", Runtime.getRuntime().availableProcessors());
        facts.put("heapMiB", Runtime.getRuntime().maxMemory() >> 20);
        facts.put("javacpp", Versions.javaCpp());
        facts.put("libtorch", Versions.libTorch() + ", its " + (Cards.isGpuBuild() ? "GPU" : "CPU") + " build");
        facts.put("libtorchThreads", ask(Torch::threads));
        facts.put("libtorchCpu", ask(Torch::cpuCapability));
        describeCards(facts);
        facts.put("nativeLibraries", nativeLibraries());
        if (json.given()) {
            command.commandLine().getOut().print(Json.pretty(facts));
        } else {
            print(facts);
        }
        return healthy ? ExitCode.OK : ExitCode.SOFTWARE;
    }

    private void describeCards(Map<String, Object> facts) {
        facts.put("kernelsCuda", ask(() -> Kernels.cudaCompiled() ? "compiled" : "not compiled"));
        facts.put("cudaDriver", ask(() -> version(Cuda.ask().driver())));
        facts.put("cudaRuntime", ask(() -> version(Cuda.ask().runtime())));
        facts.put("cudaDevices", ask(Kernels::cudaDevices));
        facts.put("cards", ask(() -> cards(Cuda.ask())));
        if (Cards.isGpuBuild()) {
            facts.put("cudaMissing", ask(CudaLibraries::missing));
        }
        facts.put("deviceAuto", ask(() -> {
            String obstacle = Cards.obstacle();
            return obstacle == null ? Cards.best().toString() : Device.CPU + ": " + obstacle;
        }));
    }

    private static String version(int number) {
        return number == 0 ? "none" : Cuda.version(number);
    }

    static List<Map<String, Object>> cards(Cuda cuda) {
        return IntStream.range(0, cuda.cards().size())
                .mapToObj(ordinal -> {
                    Cuda.Card card = cuda.cards().get(ordinal);
                    Map<String, Object> facts = new LinkedHashMap<>();
                    facts.put("device", new Device(ordinal).toString());
                    facts.put("name", card.name());
                    facts.put("computeCapability", card.capability());
                    facts.put("memoryMiB", card.memory() >> 20);
                    return facts;
                })
                .toList();
    }

    /** What cannot be loaded is a finding, not a failure of the doctor. */
    private Object ask(Supplier<Object> question) {
        try {
            return question.get();
        } catch (LinkageError | RuntimeException e) {
            healthy = false;
            return "unavailable: " + Failures.line(Failures.describe(e));
        }
    }

    /** Those mapped into this process, but the system's and the Java runtime's own. */
    private static List<String> nativeLibraries() {
        String java = System.getProperty("java.home", "");
        TreeSet<String> libraries = new TreeSet<>();
        try {
            for (String line : Files.readAllLines(Path.of("/proc/self/maps"))) {
                int slash = line.indexOf('/');
                String path = slash < 0 ? "" : line.substring(slash);
                boolean system = path.startsWith("/lib/") || path.startsWith("/usr/lib") || path.startsWith(java);
                if (path.matches(".*\\.so(\\.[0-9.]+)?") && !system) {
                    libraries.add(path);
                }
            }
        } catch (IOException e) {
            return List.of("unknown: " + AtomicFiles.reason(e));
        }
        return List.copyOf(libraries);
    }

    private void print(Map<String, Object> facts) {
        PrintWriter out = command.commandLine().getOut();
        facts.forEach((name, value) -> {
            if (value instanceof List<?> lines) {
                out.println(name + (lines.isEmpty() ? ": none" : ":"));
                lines.forEach(line -> out.println("  " + words(line)));
            } else {
                out.printf(Locale.ROOT, "%-16s %s%n", name, value);
            }
        });
    }

    static String words(Object line) {
        return line instanceof Map<?, ?> values
                ? values.entrySet().stream()
                        .map(each -> each.getKey() + " " + each.getValue())
                        .collect(Collectors.joining(", "))
                : line.toString();
    }
}
