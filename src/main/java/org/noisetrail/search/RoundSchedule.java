package org.noisetrail.search;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.noisetrail.NoisetrailException;
import org.noisetrail.files.AtomicFiles;
import org.noisetrail.files.Excerpt;
import org.noisetrail.files.Json;
import org.noisetrail.files.JsonFields;
import org.noisetrail.files.JsonFiles;
import org.noisetrail.files.Numbers;
import org.noisetrail.model.Parameterisation;
import org.noisetrail.sampler.Schedule;
import org.noisetrail.sampler.Step;

/**
 * Rounds step by step, as a {@link Calibration} gives them: a small JSON file.
 *
 * @param levels the noise levels of the steps they are for
 * @param rounds one number a step, 0 to 65535; 0 where the step is not searched
 * @param first one a step: whether its candidates are judged after the first of two evaluations
 * @param agreements one a step, what {@code first} was chosen by; empty where that was not measured
 */
public record RoundSchedule(
        List<Double> levels, List<Integer> rounds, List<Boolean> first, List<RankAgreement> agreements)
        implements Rounds {
    private static final String FORMAT = "noisetrail-rounds";
    private static final int VERSION = 2;
    private static final String AGREEMENT = "agreement";

    public RoundSchedule {
        levels = List.copyOf(levels);
        rounds = List.copyOf(rounds);
        first = List.copyOf(first);
        agreements = List.copyOf(agreements);
        if (!agreements.isEmpty() && agreements.size() != levels.size()) {
            throw new IllegalArgumentException(
                    "agreements must be one a step, " + levels.size() + ": " + agreements.size());
        }
        if (first.size() != levels.size()) {
            throw new IllegalArgumentException("first must be one a step, " + levels.size() + ": " + first.size());
        }
        if (rounds.size() != levels.size()) {
            throw new IllegalArgumentException("rounds must be one a step, " + levels.size() + ": " + rounds.size());
        }
        for (int number : rounds) {
            Checks.range("rounds", number, 0, 0xFFFF);
        }
    }

    /** Chosen without a measurement. */
    public RoundSchedule(List<Double> levels, List<Integer> rounds, List<Boolean> first) {
        this(levels, rounds, first, List.of());
    }

    /** Whose candidates are judged after the whole step. */
    public RoundSchedule(List<Double> levels, List<Integer> rounds) {
        this(levels, rounds, Collections.nCopies(levels.size(), false));
    }

    /** @throws IllegalArgumentException if the step is not one of the schedule, or has another noise level there */
    @Override
    public int at(int step, double sigma) {
        ScoreAtFirst.Steps.check(levels, step, sigma);
        return rounds.get(step);
    }

    @Override
    public boolean atFirst(int step, double sigma) {
        ScoreAtFirst.Steps.check(levels, step, sigma);
        return first.get(step);
    }

    /** The rounds in brackets, with an f where candidates are judged at first: a schedule is given as a file. */
    @Override
    public String toString() {
        return IntStream.range(0, rounds.size())
                .mapToObj(step -> rounds.get(step) + (first.get(step) ? "f" : ""))
                .collect(Collectors.joining(" ", "[", "]"));
    }

    /** Over all steps. */
    public int total() {
        return rounds.stream().mapToInt(Integer::intValue).sum();
    }

    /** Writes the file, whole or not at all. */
    public void write(Path file) {
        ObjectNode root = JsonNodeFactory.instance.objectNode();
        root.put("format", FORMAT).put("version", VERSION);
        ArrayNode sigmas = root.putArray("levels");
        levels.forEach(level -> sigmas.add(json(level)));
        ArrayNode list = root.putArray("rounds");
        rounds.forEach(list::add);
        first.forEach(root.putArray("scoreAtFirst")::add);
        if (!agreements.isEmpty()) {
            ArrayNode table = root.putArray(AGREEMENT);
            for (int step = 0; step < agreements.size(); step++) {
                RankAgreement agreement = agreements.get(step);
                ObjectNode row = table.addObject().put("step", step);
                row.set("sigma", json(levels.get(step)));
                row.put("agreement", Numbers.orNull(agreement.correlation()))
                        .put("rounds", agreement.rounds())
                        .put("scoreAtFirst", first.get(step));
            }
        }
        AtomicFiles.write(file, Json.pretty(root).getBytes(StandardCharsets.UTF_8));
    }

    private static JsonNode json(double level) {
        JsonNodeFactory nodes = JsonNodeFactory.instance;
        return Double.isInfinite(level) ? nodes.textNode("Infinity") : nodes.numberNode(level);
    }

    /** @throws NoisetrailException if the file is missing, not a schedule, or of a newer version */
    public static RoundSchedule read(Path file) {
        if (Files.notExists(file)) {
            throw new NoisetrailException("no such schedule of rounds: " + file);
        }
        JsonNode root = JsonFiles.parse(file + " is not a schedule of rounds", JsonFiles.bytes(file, JsonFiles.LIMIT));
        try {
            if (!root.path("format").asText().equals(FORMAT)) {
                throw new NoisetrailException(file + " is not a schedule of rounds: its format must be " + FORMAT);
            }
            int version = JsonFields.version(file.toString(), root, VERSION);
            List<Integer> rounds = new ArrayList<>();
            for (JsonNode number : JsonFields.list(root, "rounds")) {
                if (!number.canConvertToInt() || !number.isIntegralNumber()) {
                    throw new IllegalArgumentException("rounds must be integers: " + Excerpt.of(number.toString()));
                }
                rounds.add(number.intValue());
            }
            if (!root.has("scoreAtFirst")) {
                return new RoundSchedule(levels(root, version), rounds);
            }
            List<Boolean> first = new ArrayList<>();
            for (JsonNode flag : JsonFields.list(root, "scoreAtFirst")) {
                if (!flag.isBoolean()) {
                    throw new IllegalArgumentException(
                            "scoreAtFirst must be true or false: " + Excerpt.of(flag.toString()));
                }
                first.add(flag.booleanValue());
            }
            List<RankAgreement> agreements = new ArrayList<>();
            if (root.has(AGREEMENT)) {
                for (JsonNode step : JsonFields.list(root, AGREEMENT)) {
                    agreements.add(new RankAgreement(
                            JsonFields.numberOrNan(step, "agreement"), JsonFields.count(step, "rounds")));
                }
            }
            return new RoundSchedule(levels(root, version), rounds, first, agreements);
        } catch (IllegalArgumentException e) {
            throw new NoisetrailException(
                    file + " is not a valid schedule of rounds: " + Excerpt.of(String.valueOf(e.getMessage())), e);
        }
    }

    private static List<Double> levels(JsonNode root, int version) {
        if (version == 1) {
            return levelsOf(
                    SamplerJson.readVersion1(JsonFields.field(root, "sampler")).schedule(Parameterisation.denoiser()));
        }
        List<Double> levels = new ArrayList<>();
        JsonFields.list(root, "levels").forEach(level -> levels.add(JsonFields.number("levels", level)));
        return levels;
    }

    /** The noise levels that a schedule's steps start from. */
    static List<Double> levelsOf(Schedule schedule) {
        return schedule.steps().stream().map(Step::level).toList();
    }
}
