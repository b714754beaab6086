package org.noisetrail.evaluation;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.noisetrail.NoisetrailException;
import org.noisetrail.files.AtomicFiles;
import org.noisetrail.files.Excerpt;
import org.noisetrail.files.Json;
import org.noisetrail.files.JsonFiles;
import org.noisetrail.kernels.Cuda;
import org.noisetrail.kernels.Device;
import org.noisetrail.kernels.Natives;
import org.noisetrail.model.Condition;
import org.noisetrail.model.Conditioning;
import org.noisetrail.model.Decoder;
import org.noisetrail.model.Denoiser;
import org.noisetrail.model.ImageShape;
import org.noisetrail.reward.HostImages;
import org.noisetrail.reward.Image;
import org.noisetrail.reward.Reward;
import org.noisetrail.sampler.Stage;
import org.noisetrail.search.LocalSearch;
import org.noisetrail.torch.NoGradients;
import org.noisetrail.torch.Tensors;
import org.noisetrail.torch.Torch;

/**
 * What calls take on this machine, by their rows: of the network (both rows of guidance in one), the decoder, the rewards, and of the engine beside each call of the network. It holds what it was measured with, by which a
 * profile of something else is told. Immutable.
 */
public final class MachineProfile {
    private static final String FORMAT = "noisetrail-machine-profile";
    private static final int LIMIT = 1 << 20;

    private final Map<String, String> key;
    private final Map<Workload.Part, Curve> curves;

    private MachineProfile(Map<String, String> key, Map<Workload.Part, Curve> curves) {
        this.key = Collections.unmodifiableMap(new TreeMap<>(key));
        this.curves = new EnumMap<>(curves);
    }

    /**
     * What a profile depends on: model, rewards, threads, device, machine. Loads LibTorch.
     *
     * @return words by name
     */
    public static Map<String, String> key(Setup setup) {
        Denoiser denoiser = setup.networks().denoiser();
        String preview = setup.networks().previewId();
        Map<String, String> key = new TreeMap<>();
        key.put("noisetrail", Version.NOISETRAIL);
        key.put("denoiser", denoiser.id());
        key.put("shape", denoiser.shape().toString());
        key.put("decoder", setup.networks().decoder().id());
        key.put("previewDecoder", preview == null ? "none" : preview);
        key.put("reward", setup.reward().id());
        key.put("heldOut", setup.heldOut() == null ? "none" : setup.heldOut().id());
        key.put("device", device(denoiser.device(), Cuda::ask));
        key.put("threads", Integer.toString(Torch.threads()));
        key.put("machine", machine());
        return key;
    }

    /** A card by its name: a number would be another card elsewhere. */
    static String device(Device device, Supplier<Cuda> cuda) {
        return device.isCuda() ? cuda.get().cards().get(device.ordinal()).name() : device.toString();
    }

    /** Processors and their name. */
    static String machine() {
        String processor = System.getProperty("os.arch");
        try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
            processor = lines.filter(line -> line.startsWith("model name"))
                    .findFirst()
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .orElse(processor);
        } catch (java.io.IOException | java.io.UncheckedIOException e) {
            // Nothing but a name is lost.
        }
        return Runtime.getRuntime().availableProcessors() + " x " + processor;
    }

    /** A short name for a key: equal for equal keys. */
    public static String hash(Map<String, String> key) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        new TreeMap<>(key).forEach(json::put);
        return Json.hash(json);
    }

    /**
     * Measures. Takes some seconds, more where a single call does; other work on the machine is measured with it.
     *
     * @param maxBatch the most rows of a network's call
     * @param decodeBatch the most rows of a call of the decoder and the rewards
     */
    public static MachineProfile measure(Setup setup, int maxBatch, int decodeBatch) {
        Natives.require();
        int judged = Math.min(decodeBatch, maxBatch);
        Map<Workload.Part, Curve> curves = parts(setup, part -> new Span(1, isNetwork(part) ? maxBatch : judged));
        curves.put(Workload.Part.OVERHEAD, overhead(setup, maxBatch, judged));
        return new MachineProfile(key(setup), curves);
    }

    /** Whether each part's calls were timed up to so many rows, or until one took too long to go on. */
    public boolean reaches(int maxBatch, int decodeBatch) {
        int judged = Math.min(decodeBatch, maxBatch);
        // The engine's own rows are the network's.
        return curves.entrySet().stream()
                .filter(curve -> curve.getKey() != Workload.Part.OVERHEAD)
                .allMatch(curve -> curve.getValue().reaches(isNetwork(curve.getKey()) ? maxBatch : judged));
    }

    /**
     * As the machine is now: of each part, calls of the most rows that take no tenth of a second are timed again, and its seconds are scaled, the engine's own as the network's. That also makes the first calls of a
     * process, which are slow.
     *
     * @throws NoisetrailException if it is a profile of something else
     */
    public MachineProfile now(Setup setup) {
        check(setup, "the machine's profile");
        Map<Workload.Part, Curve> timed = parts(setup, part -> {
            int quick = curve(part).quick();
            return new Span(quick, quick);
        });
        Map<Workload.Part, Curve> scaled = new EnumMap<>(Workload.Part.class);
        curves.forEach((part, curve) -> {
            Workload.Part like = timed.containsKey(part) ? part : Workload.Part.NETWORK;
            int quick = curve(like).quick();
            double then = curve(like).seconds(quick);
            double now = timed.getOrDefault(like, Curve.NOTHING).seconds(quick);
            scaled.put(part, then > 0 ? curve.scaled(now / then) : curve);
        });
        return new MachineProfile(key, scaled);
    }

    /** Rows of calls that are timed: from the least, doubled, to the most. */
    private record Span(int least, int most) {}

    private static boolean isNetwork(Workload.Part part) {
        return part == Workload.Part.NETWORK;
    }

    private static Map<Workload.Part, Curve> parts(Setup setup, Function<Workload.Part, Span> spans) {
        Map<Workload.Part, Curve> curves = new EnumMap<>(Workload.Part.class);
        curves.put(Workload.Part.NETWORK, network(setup, spans.apply(Workload.Part.NETWORK)));
        curves.put(
                Workload.Part.DECODER, decoder(setup, setup.networks().decoder(), spans.apply(Workload.Part.DECODER)));
        curves.put(
                Workload.Part.PREVIEW, decoder(setup, setup.networks().preview(), spans.apply(Workload.Part.PREVIEW)));
        curves.put(Workload.Part.REWARD, reward(setup, setup.reward(), spans.apply(Workload.Part.REWARD)));
        curves.put(Workload.Part.HELD_OUT, reward(setup, setup.heldOut(), spans.apply(Workload.Part.HELD_OUT)));
        return curves;
    }

    private static Curve network(Setup setup, Span span) {
        int most = span.most();
        Condition condition = setup.conditions().get(0);
        Stage stage = setup.schedule().step(setup.schedule().size() / 2).first();
        try (NoGradients plain = new NoGradients();
                Conditioning conditions = setup.networks().denoiser().encode(List.of(condition));
                Tensor states = states(setup, most);
                Tensor levels = Tensors.floats(setup.networks().denoiser().device(), most);
                Tensor entries = Tensors.longs(setup.networks().denoiser().device(), most)) {
            Tensors.fill(levels, stage.conditioning());
            Tensors.fill(entries, 0);
            return Curve.measure(span.least(), most, rows -> {
                try (Tensor input = Tensors.rows(states, 0, rows);
                        Tensor level = Tensors.rows(levels, 0, rows);
                        Tensor entry = Tensors.rows(entries, 0, rows);
                        Tensor output = setup.networks().denoiser().network(input, level, conditions, entry)) {
                    await(output);
                }
            });
        }
    }

    private static Curve decoder(Setup setup, @Nullable Decoder decoder, Span span) {
        if (decoder == null || decoder.isIdentity()) {
            return Curve.NOTHING;
        }
        try (NoGradients plain = new NoGradients();
                Tensor states = states(setup, span.most())) {
            return Curve.measure(span.least(), span.most(), rows -> {
                try (Tensor input = Tensors.rows(states, 0, rows);
                        Tensor images = decoder.decode(input)) {
                    await(images);
                }
            });
        }
    }

    private static Tensor states(Setup setup, int rows) {
        ImageShape shape = setup.networks().denoiser().shape();
        float[] values = new float[Math.multiplyExact(rows, shape.elements())];
        Random random = new Random(1);
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return Tensors.of(
                setup.networks().denoiser().device(), values, rows, shape.channels(), shape.height(), shape.width());
    }

    private static Curve reward(Setup setup, @Nullable Reward reward, Span span) {
        int most = span.most();
        if (reward == null) {
            return Curve.NOTHING;
        }
        ImageShape shape = setup.networks().decoder().image();
        Condition condition = setup.conditions().get(0);
        Random random = new Random(1);
        List<Image> images = new ArrayList<>();
        for (int i = 0; i < most; i++) {
            byte[] pixels = new byte[shape.elements()];
            random.nextBytes(pixels);
            images.add(new Image(shape, pixels, condition));
        }
        try (HostImages noise = new HostImages(setup.networks().denoiser().device(), images)) {
            return Curve.measure(span.least(), most, rows -> noise.scores(reward, rows));
        }
    }

    /** Noise, updates, selection, and all that is judged: of a search with stand-ins for what is timed apart. */
    private static Curve overhead(Setup setup, int most, int decodeBatch) {
        Rehearsal rehearsal = Rehearsal.trueToSize(setup.withGuard(false), most, decodeBatch);
        int[] calls = {1};
        Curve whole = Curve.measure(most, rows -> {
            LocalSearch search =
                    LocalSearch.builder().candidates(rows).rounds(1).build();
            calls[0] = (int) rehearsal.count(search, 1).all().calls(Workload.Part.NETWORK);
        });
        return new Curve(
                whole.rows(),
                whole.seconds().stream().map(time -> time / calls[0]).toList());
    }

    /** The device works on after a call; reading a value waits for it. */
    private static void await(Tensor made) {
        try (Tensor first = Tensors.rows(made, 0, 1)) {
            Torch.call(() -> {
                try (Tensor sum = first.sum()) {
                    return sum.item_double();
                }
            });
        }
    }

    /** Milliseconds of a call by its rows, a line for each part. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("milliseconds a call, by rows\n");
        curves.forEach((part, curve) -> {
            if (!curve.rows().isEmpty()) {
                text.append(String.format(Locale.ROOT, "%-10s", field(part)));
                curve.rows()
                        .forEach(rows ->
                                text.append(String.format(Locale.ROOT, " %d: %.3f", rows, 1e3 * curve.seconds(rows))));
                text.append('\n');
            }
        });
        return text.toString();
    }

    /** What it was measured with, as {@link #key(Setup)} tells it. */
    public Map<String, String> key() {
        return key;
    }

    double seconds(Workload workload) {
        double seconds = 0;
        for (Map.Entry<Workload.Part, Curve> curve : curves.entrySet()) {
            for (Map.Entry<Integer, Long> calls :
                    workload.counts(curve.getKey()).entrySet()) {
                seconds += calls.getValue() * curve.getValue().seconds(calls.getKey());
            }
        }
        return seconds;
    }

    Curve curve(Workload.Part part) {
        return curves.getOrDefault(part, Curve.NOTHING);
    }

    /** Seconds of one network call of so many rows. */
    public double networkSeconds(int rows) {
        return curve(Workload.Part.NETWORK).seconds(rows);
    }

    /**
     * Refuses what it was not measured with.
     *
     * @param source where it is from, for the message
     * @throws NoisetrailException that names what is different
     */
    public void check(Setup setup, String source) {
        for (Map.Entry<String, String> now : key(setup).entrySet()) {
            String then = key.get(now.getKey());
            if (!now.getValue().equals(then)) {
                throw new NoisetrailException(source + " was measured with another " + now.getKey() + ": "
                        + Excerpt.of(String.valueOf(then)) + ", here " + Excerpt.of(now.getValue())
                        + "; measure it anew with calibrate --profile");
            }
        }
    }

    /** Writes the file, whole or not at all. */
    public void write(Path file) {
        AtomicFiles.write(file, toJson().getBytes(StandardCharsets.UTF_8));
    }

    /** As its file has it. */
    public String toJson() {
        return Json.pretty(json());
    }

    private ObjectNode json() {
        ObjectNode root = JsonNodeFactory.instance.objectNode();
        root.put("format", FORMAT).put("version", 1).put("hash", hash(key));
        ObjectNode words = root.putObject("measuredWith");
        key.forEach(words::put);
        curves.forEach((part, curve) -> root.set(field(part), curve.json()));
        return root;
    }

    private static String field(Workload.Part part) {
        return part == Workload.Part.HELD_OUT ? "heldOut" : part.name().toLowerCase(Locale.ROOT);
    }

    /** @throws NoisetrailException if the file is missing or none that {@link #write} has written */
    public static MachineProfile read(Path file) {
        JsonNode root = JsonFiles.read(file, LIMIT);
        if (!root.path("format").asText().equals(FORMAT) || root.path("version").asInt() != 1) {
            throw new NoisetrailException(
                    file + " is not a profile of a machine: its format must be " + FORMAT + " of version 1");
        }
        Map<String, String> key = new TreeMap<>();
        Iterator<Map.Entry<String, JsonNode>> words = root.path("measuredWith").fields();
        words.forEachRemaining(word -> key.put(word.getKey(), word.getValue().asText()));
        try {
            if (!root.path("hash").asText().equals(hash(key))) {
                throw new IllegalArgumentException("hash must be that of what it was measured with: " + hash(key));
            }
            Map<Workload.Part, Curve> curves = new EnumMap<>(Workload.Part.class);
            for (Workload.Part part : Workload.Part.values()) {
                curves.put(part, Curve.of(field(part), root.path(field(part))));
            }
            Curve network = Objects.requireNonNull(curves.get(Workload.Part.NETWORK));
            if (!(network.seconds(1) > 0)) {
                throw new IllegalArgumentException("network must take > 0 seconds a call: " + network.seconds());
            }
            return new MachineProfile(key, curves);
        } catch (IllegalArgumentException e) {
            throw new NoisetrailException(
                    file + " is not a valid profile of a machine: " + Excerpt.of(String.valueOf(e.getMessage())), e);
        }
    }
}
