package org.noisetrail.serve;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.noisetrail.files.Excerpt;
import org.noisetrail.files.Numbers;
import org.noisetrail.model.Condition;
import org.noisetrail.model.ImageShape;
import org.noisetrail.model.Pipeline;
import org.noisetrail.reward.Reward;
import org.noisetrail.reward.RewardText;
import org.noisetrail.sampler.Sampler;
import org.noisetrail.sampler.Samplers;
import org.noisetrail.search.ImageRequest;
import org.noisetrail.search.Method;
import org.noisetrail.search.Methods;
import org.noisetrail.settings.Kind;
import org.noisetrail.settings.Registry;
import org.noisetrail.settings.Setting;

/** Reads requests of {@code POST /v1/images/generations}; methods, samplers and rewards are those that the command line knows. Thread-safe. */
final class DrawingParser {
    /** Characters; CLIP reads 77 tokens. */
    static final int LONGEST_PROMPT = 4000;

    /** No whole number of a method's or sampler's settings may be larger, nor the rows of one image that go together: they are held in memory, or take time. */
    static final int LARGEST = 1024;

    private static final double LONGEST_SECONDS = 1e9;

    private final Pipeline pipeline;
    private final Defaults defaults;
    private final Limits limits;
    private final int maxBatch;

    DrawingParser(Pipeline pipeline, Defaults defaults, Limits limits, int maxBatch) {
        this.pipeline = pipeline;
        this.defaults = defaults;
        this.limits = limits;
        this.maxBatch = maxBatch;
    }

    /** @throws Refusal that names the field */
    Drawing parse(Fields fields) {
        model(fields.text("model"));
        size(fields.text("size"));
        // OpenAI's name for who asks; nothing depends on it.
        fields.text("user");
        boolean links = format(fields.text("response_format"));
        int count = (int) fields.whole("n", 1, 1, limits.images());
        long first = fields.whole("first_image", 0, 0, 0x1_0000_0000L - count);
        Condition condition = condition(fields);
        long seed = fields.seed("seed");
        Double guidance = fields.number("guidance");
        Pipeline model = guidance == null ? pipeline : checked("guidance", () -> pipeline.guided(guidance));
        RewardText reward = reward(fields, "reward", defaults.reward());
        RewardText heldOut = reward(fields, "held_out", defaults.heldOut());
        boolean budgeted = fields.has("budget");
        long budget = fields.whole("budget", limits.evaluations(), 1, limits.evaluations());
        Double target = fields.number("target_reward");
        Duration limit = limit(fields.number("time_limit"));
        String methodName = fields.text("method");
        String samplerName = fields.text("sampler");
        Method method = make(fields, "method", Methods.registry(), methodName, defaults.method(), Map.of());
        Sampler sampler = make(
                fields, "sampler", Samplers.registry(), samplerName, defaults.sampler(), Samplers.shared(pipeline));
        refuseRest(fields, method, sampler);
        Drawing drawing = new Drawing(
                model,
                ImageRequest.of(first, count, List.of(condition)),
                seed,
                method,
                sampler,
                reward == null ? RewardText.usual(pipeline) : reward,
                heldOut,
                budget,
                target == null ? Double.NaN : target,
                limit,
                links);
        check(drawing, budgeted);
        return drawing;
    }

    /**
     * What is drawn where a request says no more than it must.
     *
     * @throws Refusal if that cannot be drawn here
     */
    Drawing usual() {
        String least = pipeline.takesPrompts()
                ? "{\"prompt\":\"\"}"
                : pipeline.classNames().isEmpty() ? "{}" : "{\"class\":0}";
        return parse(Fields.parse(least.getBytes(StandardCharsets.UTF_8)));
    }

    private void model(@Nullable String name) {
        if (name != null && !name.equals(pipeline.name())) {
            throw Refusal.bad(
                    404, "model_not_found", "model must be " + pipeline.name() + ", or left out: " + Excerpt.of(name));
        }
    }

    private void size(@Nullable String size) {
        ImageShape shape = pipeline.decoder().image();
        String own = size(shape);
        if (size != null && !size.equals("auto") && !size.equals(own)) {
            throw Refusal.value("size", "size must be " + own + ", auto, or left out: " + Excerpt.of(size));
        }
    }

    /** As OpenAI writes it: width first. */
    static String size(ImageShape shape) {
        return shape.width() + "x" + shape.height();
    }

    private static boolean format(@Nullable String format) {
        if (format == null || format.equals("b64_json")) {
            return false;
        }
        if (format.equals("url")) {
            return true;
        }
        throw Refusal.value("response_format", "response_format must be b64_json or url: " + Excerpt.of(format));
    }

    private Condition condition(Fields fields) {
        int classes = pipeline.classNames().size();
        if (!pipeline.takesPrompts()) {
            for (String name : List.of("prompt", "negative")) {
                if (fields.has(name)) {
                    throw Refusal.value(
                            name,
                            classes > 0
                                    ? "the model draws classes, not prompts: give class in place of " + name
                                    : "the model takes no prompts: leave " + name + " out");
                }
            }
            if (classes == 0) {
                return Condition.NONE;
            }
            long label = fields.whole("class", -1, 0, classes - 1);
            if (label < 0) {
                throw Refusal.value("class", "class must be given, a whole number from 0 to " + (classes - 1));
            }
            return Condition.label((int) label);
        }
        if (fields.has("class")) {
            throw Refusal.value("class", "the model draws prompts, not classes: give prompt in place of class");
        }
        String prompt = prompt(fields, "prompt");
        String negative = prompt(fields, "negative");
        if (prompt == null) {
            throw Refusal.value("prompt", "prompt must be given");
        }
        return new Condition.Prompt(prompt, negative);
    }

    private static @Nullable String prompt(Fields fields, String name) {
        String text = fields.text(name);
        if (text != null && text.length() > LONGEST_PROMPT) {
            throw Refusal.value(name, name + " must have at most " + LONGEST_PROMPT + " characters: " + text.length());
        }
        return text;
    }

    private static @Nullable RewardText reward(Fields fields, String name, @Nullable RewardText fallback) {
        String text = fields.text(name);
        if (text == null) {
            return fallback;
        }
        RewardText reward = checked(name, () -> RewardText.parse(text));
        if (reward.namesFile()) {
            throw Refusal.value(name, name + " must not name files here: " + Excerpt.of(text));
        }
        long scorings = reward.scorings();
        if (scorings > RewardText.MOST_SCORINGS) {
            throw Refusal.value(
                    name,
                    name + " must score an image at most " + RewardText.MOST_SCORINGS + " times (shifted counts five): "
                            + scorings);
        }
        return reward;
    }

    private Duration limit(@Nullable Double seconds) {
        if (seconds == null) {
            return limits.time();
        }
        double most = Math.min(LONGEST_SECONDS, Numbers.inSeconds(limits.time()));
        if (!(seconds > 0 && seconds <= most)) {
            throw Refusal.value(
                    "time_limit",
                    String.format(Locale.ROOT, "time_limit must be above 0 and at most %s seconds: %s", most, seconds));
        }
        return Duration.ofNanos((long) (seconds * 1e9));
    }

    /** One of a kind, its settings taken from the fields that are named as they are; where nothing is said they are the usual ones of the usual kind, and of others the shared ones. */
    private static <T> T make(
            Fields fields,
            String what,
            Registry<T> registry,
            @Nullable String name,
            T usual,
            Map<String, String> shared) {
        Kind<T> own = registry.kindOf(usual);
        Kind<T> kind = name == null ? own : checked(what, () -> registry.kind(Excerpt.of(name)));
        Map<String, String> texts = new LinkedHashMap<>();
        for (String field : fields.names()) {
            Setting<?> setting = setting(kind, field);
            if (setting != null && texts.put(setting.name(), text(fields, field, setting)) != null) {
                throw Refusal.value(field, field + " must be given once: it is there in another spelling, too");
            }
        }
        return checked(
                what,
                () -> kind.name().equals(own.name())
                        ? kind.make(usual, texts)
                        : registry.make(new Registry.Asked(kind.name(), texts), shared));
    }

    private static String text(Fields fields, String field, Setting<?> setting) {
        String text = fields.setting(field);
        if (setting.namesFile(text)) {
            throw Refusal.value(field, field + " must not name files here: " + Excerpt.of(text));
        }
        int largest = checked(field, () -> largest(setting, text));
        if (largest > LARGEST) {
            throw Refusal.value(field, field + " must be <= " + LARGEST + ": " + largest);
        }
        return text;
    }

    private static <V> int largest(Setting<V> setting, String text) {
        return setting.largest(setting.parse(text));
    }

    /** {@code keep_pivot} as this API's other fields are written, {@code keep-pivot} as options are, {@code keepPivot} as files have it. */
    private static @Nullable Setting<?> setting(Kind<?> kind, String field) {
        String option = field.replace('_', '-');
        return kind.settings().stream()
                .filter(setting ->
                        setting.name().equals(option) || setting.field().equals(field))
                .findFirst()
                .orElse(null);
    }

    private static void refuseRest(Fields fields, Method method, Sampler sampler) {
        if (fields.names().isEmpty()) {
            return;
        }
        String field = Collections.min(fields.names());
        Kind<?> of = Methods.registry().kindOf(method);
        Kind<?> with = Samplers.registry().kindOf(sampler);
        String known = Stream.of(of, with)
                .flatMap(kind -> kind.settings().stream())
                .map(DrawingParser::field)
                .collect(Collectors.joining(", "));
        throw Refusal.unknown(
                field,
                "there is no field " + Excerpt.of(field) + "; method " + of.name() + " and sampler " + with.name()
                        + " have " + known);
    }

    /** A setting's name as a field of this API. */
    static String field(Setting<?> setting) {
        return setting.name().replace('-', '_');
    }

    /** What a search would refuse, before it waits in a queue. */
    private void check(Drawing drawing, boolean budgeted) {
        int rows = drawing.method().rowsPerImage(maxBatch);
        if (rows > LARGEST) {
            throw Refusal.value(
                    "method", "method must not hold more than " + LARGEST + " candidates of an image at once: " + rows);
        }
        checked(null, () -> {
            Pipeline model = drawing.model();
            drawing.images().forEach(image -> model.denoiser().check(image.condition()));
            return drawing.search(maxBatch, maxBatch)
                    .reward(Reward.of("none", image -> 0))
                    .build();
        });
        // A schedule of the server's own options may be for another sampler than the request's.
        OptionalLong calls = checked(
                "method",
                () -> drawing.method()
                        .evaluations(drawing.sampler()
                                .schedule(drawing.model().denoiser().parameterisation())));
        long cost = calls.orElse(0) * drawing.model().denoiser().evaluations();
        if (!budgeted && cost > limits.evaluations()) {
            throw Refusal.value(
                    "budget",
                    "an image must cost at most " + limits.evaluations() + " network evaluations here, and so costs "
                            + cost + ": ask for less, or give a budget at which the search ends");
        }
    }

    @FunctionalInterface
    private interface Made<T> {
        T get();
    }

    private static <T> T checked(@Nullable String field, Made<T> made) {
        try {
            return made.get();
        } catch (IllegalArgumentException e) {
            String message = String.valueOf(e.getMessage());
            throw field == null ? Refusal.bad(400, "invalid_value", message) : Refusal.value(field, message);
        }
    }
}
