package org.noisetrail.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.noisetrail.NoisetrailException;
import org.noisetrail.files.Excerpt;
import org.noisetrail.files.JsonFiles;
import org.noisetrail.model.Condition;
import org.noisetrail.model.Pipeline;
import org.noisetrail.search.ImageRequest;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.ISetter;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Which images to draw: their numbers, and what they are asked to be, taken in turn. */
final class ConditionOptions implements OwnOptions {
    private static final long LONGEST_FILE = 64L << 20;

    private final int usual;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    @Option(
            names = "--classes",
            paramLabel = "LIST",
            converter = Converters.IntRanges.Converter.class,
            description = "Classes, taken in turn: numbers and ranges such as 0,3,5-7. Default: all of the model's")
    private Converters.@Nullable IntRanges classes;

    @Option(
            names = "--prompt",
            paramLabel = "TEXT",
            description = "What to draw, for a model of prompts; given several times, prompts are taken in turn.")
    private List<String> prompts = new ArrayList<>();

    @Option(
            names = "--prompts",
            paramLabel = "FILE",
            description =
                    "Prompts, one a line, with | before a negative prompt; or JSON lines with prompt and negative.")
    private @Nullable Path file;

    @Option(
            names = "--negative",
            paramLabel = "TEXT",
            description = "What guidance moves away from, where a prompt has none.")
    private @Nullable String negative;

    private @Nullable Integer images;

    @Option(
            names = "--first-image",
            paramLabel = "I",
            defaultValue = "0",
            description = "The first image's number: with the seed it names the noise. Default: ${DEFAULT-VALUE}")
    private long firstImage;

    /** Read once, so that all that is said of a run is of the same prompts. */
    private @Nullable List<Condition> known;

    /** @param usual how many images of a model of classes, where no number is given */
    ConditionOptions(int usual) {
        this.usual = usual;
    }

    @Override
    public void addTo(CommandSpec command) {
        command.addOption(OptionSpec.builder("--images")
                .paramLabel("N")
                .type(Integer.class)
                .description("Default: " + usual + ", of prompts one each")
                .setter(new ISetter() {
                    @Override
                    public <V> V set(V value) {
                        images = (Integer) value;
                        return value;
                    }
                })
                .build());
    }

    /** Refuses what cannot be, before anything slow is done. */
    void check() {
        ImageRequest.of(firstImage, images == null ? 1 : images);
        if (classes != null && (!prompts.isEmpty() || file != null)) {
            throw usage("--classes are for models of classes, --prompt and --prompts for models of prompts: give one");
        }
        checkFile(file);
    }

    /** Refuses a file of prompts that is not there; null for none. */
    static void checkFile(@Nullable Path prompts) {
        if (prompts != null && !Files.isRegularFile(prompts)) {
            throw new IllegalArgumentException("--prompts must be a file that is there: " + prompts);
        }
    }

    /** @throws IllegalArgumentException if the model cannot draw what is asked */
    private List<Condition> conditions(Pipeline pipeline) {
        if (known == null) {
            known = read(pipeline);
        }
        return known;
    }

    private List<Condition> read(Pipeline pipeline) {
        if (pipeline.takesPrompts()) {
            if (classes != null) {
                throw usage("the model draws prompts, not classes: give --prompt in place of --classes");
            }
            List<Condition> asked = new ArrayList<>();
            prompts.forEach(text -> asked.add(new Condition.Prompt(text, negative)));
            if (file != null) {
                List<Condition> read = read(file, negative);
                if (read.isEmpty()) {
                    throw usage(file + " holds no prompts");
                }
                asked.addAll(read);
            }
            if (asked.isEmpty()) {
                throw usage("the model draws prompts: give --prompt TEXT or --prompts FILE");
            }
            asked.forEach(pipeline.denoiser()::check);
            return asked;
        }
        if (!prompts.isEmpty() || file != null) {
            throw usage("the model draws classes, not prompts: give --classes in place of "
                    + (prompts.isEmpty() ? "--prompts" : "--prompt") + ", or a --model of prompts");
        }
        if (negative != null) {
            throw usage("the model draws classes, not prompts: --negative cannot be given");
        }
        int count = pipeline.classNames().size();
        if (classes == null) {
            return IntStream.range(0, count).mapToObj(Condition::label).toList();
        }
        if (count == 0) {
            throw usage("--classes cannot be given: the model knows no classes");
        }
        for (int label : classes.values()) {
            if (label >= count) {
                throw usage("--classes must be from 0 to " + (count - 1) + ": " + label);
            }
        }
        return IntStream.of(classes.values()).mapToObj(Condition::label).toList();
    }

    /** The images asked for. */
    List<ImageRequest> requests(Pipeline pipeline) {
        List<Condition> asked = conditions(pipeline);
        int count = images != null ? images : pipeline.takesPrompts() ? asked.size() : usual;
        return ImageRequest.of(firstImage, count, asked);
    }

    static List<Condition> read(Path file, @Nullable String negative) {
        List<String> lines;
        try {
            if (Files.size(file) > LONGEST_FILE) {
                throw new NoisetrailException(file + ": a file of prompts must be at most " + LONGEST_FILE + " bytes");
            }
            lines = Files.readAllLines(file);
        } catch (NoSuchFileException e) {
            throw new NoisetrailException("no such file: " + file, e);
        } catch (CharacterCodingException e) {
            throw new NoisetrailException(file + " is not a file of prompts: not UTF-8", e);
        } catch (IOException e) {
            throw new NoisetrailException("cannot read " + file + ": " + e.getMessage(), e);
        }
        List<Condition> prompts = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            String line =
                    (i == 0 && lines.get(i).startsWith("\uFEFF") ? lines.get(i).substring(1) : lines.get(i)).strip();
            if (!line.isEmpty()) {
                prompts.add(line.startsWith("{") ? json(file, i + 1, line, negative) : plain(line, negative));
            }
        }
        return prompts;
    }

    private static Condition plain(String line, @Nullable String negative) {
        int bar = line.indexOf('|');
        return bar < 0
                ? new Condition.Prompt(line, negative)
                : new Condition.Prompt(
                        line.substring(0, bar).strip(), line.substring(bar + 1).strip());
    }

    private static Condition json(Path file, int number, String line, @Nullable String negative) {
        JsonNode node = JsonFiles.parse(file + ", line " + number, line);
        if (!node.path("prompt").isTextual()
                || node.has("negative") && !node.path("negative").isTextual()) {
            throw new NoisetrailException(
                    file + ", line " + number + ": must have a text prompt, and may have a text negative");
        }
        node.fieldNames().forEachRemaining(key -> {
            if (!key.equals("prompt") && !key.equals("negative")) {
                throw new NoisetrailException(
                        file + ", line " + number + ": knows prompt and negative alone, and not " + Excerpt.of(key));
            }
        });
        return new Condition.Prompt(
                node.path("prompt").asText(),
                node.has("negative") ? node.path("negative").asText() : negative);
    }

    private ParameterException usage(String message) {
        return new ParameterException(command.commandLine(), message);
    }
}
