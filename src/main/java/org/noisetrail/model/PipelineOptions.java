package org.noisetrail.model;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.noisetrail.NoisetrailException;
import org.noisetrail.checkpoint.LoraText;
import org.noisetrail.files.Excerpt;
import org.noisetrail.settings.Setting;
import org.noisetrail.settings.Values;

/**
 * How a pipeline is loaded and asked; what is not given is the model's own. Immutable.
 *
 * <p>The settings that a trail must name to be drawn again are {@link #settings}; {@link #with(Map)} takes them, but opens no file that they name.
 */
public final class PipelineOptions {
    /** The name of the setting that every model of safetensors has. */
    public static final String PRECISION = "precision";

    private static final String LORA = "lora-";

    /** What a setting says that is the model's own. */
    private static final String OWN = "";

    private static final Pattern SIZES = Pattern.compile("(\\d{1,5})x(\\d{1,5})\\+(\\d{1,5})\\+(\\d{1,5})");

    private static final Setting<Double> GUIDANCE = Setting.of("guidance", Double.NaN, Double::valueOf)
            .check(Guided::checkScale)
            .text(scale -> scale.isNaN() ? OWN : scale.toString())
            .build();
    private static final Setting<Double> GUIDANCE_RESCALE = Setting.of("guidance-rescale", 0.0, Double::valueOf)
            .check(Guided::checkRescale)
            .build();
    private static final Setting<Integer> HEIGHT = side("height");
    private static final Setting<Integer> WIDTH = side("width");
    private static final int MOST_LAYERS = 1000;
    private static final Setting<Integer> CLIP_SKIP =
            Setting.integer("clip-skip", "", 0, 0, MOST_LAYERS, "last layers of the text encoder that are left out");
    private static final Setting<String> SIZE_CONDITION = Setting.of("size-condition", OWN, text -> text)
            .check(PipelineOptions::checkSizes)
            .build();
    private static final Setting<Precision> COMPUTED_WITH = Setting.of(PRECISION, Precision.FLOAT32, Precision::parse)
            .text(Precision::word)
            .build();
    /** In the order in which a trail has them. */
    private static final List<Setting<?>> SETTINGS =
            List.of(GUIDANCE, GUIDANCE_RESCALE, HEIGHT, WIDTH, CLIP_SKIP, SIZE_CONDITION, COMPUTED_WITH);

    /** The model as it is. */
    public static final PipelineOptions DEFAULT = builder().build();

    private final Values values;
    private final List<Lora> loras;
    private final @Nullable String previewDecoder;
    private final boolean torchScript;

    /**
     * @param file to be opened
     * @param name that stands for it in settings, and so in the model's
     */
    private record Lora(LoraText file, String name) {}

    private PipelineOptions(Builder builder) {
        values = builder.values.build();
        loras = List.copyOf(builder.loras);
        previewDecoder = builder.previewDecoder;
        torchScript = builder.torchScript;
    }

    private static Setting<Integer> side(String name) {
        return Setting.of(name, 0, Integer::valueOf)
                .check(pixels -> {
                    if (pixels < 1 || pixels > 16384) {
                        throw new IllegalArgumentException(name + " must be from 1 to 16384: " + pixels);
                    }
                    return pixels;
                })
                .text(pixels -> pixels == 0 ? OWN : pixels.toString())
                .build();
    }

    private static String checkSizes(String sizes) {
        if (!SIZES.matcher(sizes).matches()) {
            throw new IllegalArgumentException(
                    SIZE_CONDITION.name() + " must be HEIGHTxWIDTH+TOP+LEFT, such as 1024x1024+0+0: " + sizes);
        }
        return sizes;
    }

    /** Starts from {@link #DEFAULT}. */
    public static Builder builder() {
        return new Builder();
    }

    /** The guidance scale; null for the model's own default. */
    public @Nullable Double guidance() {
        double scale = values.get(GUIDANCE);
        return Double.isNaN(scale) ? null : scale;
    }

    /** How far guided outputs are scaled back to the spread of unguided ones, 0 to 1. */
    public double guidanceRescale() {
        return values.get(GUIDANCE_RESCALE);
    }

    /** In pixels; 0 for the model's own. */
    public int height() {
        return values.get(HEIGHT);
    }

    /** In pixels; 0 for the model's own. */
    public int width() {
        return values.get(WIDTH);
    }

    /** How many of the text encoder's last layers are left out; 0 for none. */
    public int clipSkip() {
        return values.get(CLIP_SKIP);
    }

    /**
     * What SDXL is told of the picture that its image is like: original height and width, the crop's top and left, in pixels.
     *
     * @param height of the image, for both where nothing was given
     * @param width likewise
     */
    public int[] sizeCondition(int height, int width) {
        Matcher given = SIZES.matcher(values.get(SIZE_CONDITION));
        return given.matches()
                ? IntStream.rangeClosed(1, 4)
                        .map(i -> Integer.parseInt(given.group(i)))
                        .toArray()
                : new int[] {height, width, 0, 0};
    }

    /** Whether a size condition was given. */
    public boolean hasSizeCondition() {
        return !values.get(SIZE_CONDITION).equals(OWN);
    }

    /** {@code FILE[:SCALE]} each. */
    public List<String> loras() {
        return loras.stream().map(lora -> lora.file().toString()).toList();
    }

    /** A folder; null for none. */
    public @Nullable String previewDecoder() {
        return previewDecoder;
    }

    /** Whether a folder's TorchScript, which is code, may be run. */
    public boolean torchScript() {
        return torchScript;
    }

    /** What the denoiser's network computes with. */
    public Precision precision() {
        return values.get(COMPUTED_WITH);
    }

    /** What was given and changes images, by name; a preview decoder changes only what is chosen. LoRAs are without their folders: a picture goes round. */
    public Map<String, String> settings() {
        Map<String, String> settings = new LinkedHashMap<>();
        for (Setting<?> setting : SETTINGS) {
            if (!text(setting).equals(DEFAULT.text(setting))) {
                settings.put(setting.name(), text(setting));
            }
        }
        for (int i = 0; i < loras.size(); i++) {
            settings.put(LORA + i, loras.get(i).name());
        }
        return settings;
    }

    private <T> String text(Setting<T> setting) {
        return setting.text(values.get(setting));
    }

    /**
     * For who draws again what was drawn with {@link #settings}: these options, asked as those say. What was given here must be the same, and files are only those that were given here:
     * settings come with pictures from anywhere, and name LoRAs, without their folders or, if they are old, with them; each must be given here under the same file name.
     *
     * @throws NoisetrailException if there is no such setting, or it has no such value
     * @throws IllegalArgumentException that names the setting, if it was given otherwise here, or a LoRA was not
     */
    public PipelineOptions with(Map<String, String> settings) {
        Builder builder = builder().torchScript(torchScript).previewDecoder(previewDecoder);
        List<Lora> rest = new ArrayList<>(loras);
        settings.forEach((name, value) -> {
            if (name.startsWith(LORA)) {
                builder.loras.add(given(value, rest));
            } else {
                builder.set(name, value);
            }
        });
        if (!rest.isEmpty()) {
            throw new IllegalArgumentException("lora must be left out, since it was drawn without: " + files(rest));
        }
        PipelineOptions others = builder.build();
        for (Setting<?> setting : values.given()) {
            String drawn = others.text(setting);
            if (!drawn.equals(text(setting))) {
                throw new IllegalArgumentException(setting + " must be "
                        + (drawn.equals(OWN) ? "left out, since it was drawn without" : drawn + ", as it was drawn")
                        + ": " + text(setting));
            }
        }
        return others;
    }

    /** Takes what can be this one. */
    private static Lora given(String drawn, List<Lora> rest) {
        LoraText text = LoraText.parse(drawn);
        for (Lora lora : rest) {
            if (lora.file().canBe(text)) {
                rest.remove(lora);
                return new Lora(lora.file().withScale(text.scale()), drawn);
            }
        }
        throw new IllegalArgumentException("drawn with the LoRA "
                + Excerpt.of(text.withoutFolder().toString()) + ": --lora must say where it is"
                + (rest.isEmpty() ? "" : ", and no other: " + files(rest)));
    }

    private static String files(List<Lora> loras) {
        return loras.stream().map(lora -> lora.file().toString()).collect(Collectors.joining(", "));
    }

    /** These options with another guidance. */
    PipelineOptions withGuidance(double guidance) {
        return new Builder(this).guidance(guidance).build();
    }

    /** These options at the model's own size. */
    public PipelineOptions withOwnSize() {
        Builder builder = new Builder(this);
        builder.values.remove(HEIGHT).remove(WIDTH);
        return builder.build();
    }

    /** Collects options; what is out of its range is an {@link IllegalArgumentException} where it is given. */
    public static final class Builder {
        private final Values.Builder values;
        private final List<Lora> loras = new ArrayList<>();
        private @Nullable String previewDecoder;
        private boolean torchScript = true;

        private Builder() {
            values = Values.builder();
        }

        private Builder(PipelineOptions options) {
            values = options.values.toBuilder();
            loras.addAll(options.loras);
            previewDecoder = options.previewDecoder;
            torchScript = options.torchScript;
        }

        /** As a trail's settings have it. */
        private void set(String name, String value) {
            Setting<?> known = SETTINGS.stream()
                    .filter(setting -> setting.name().equals(name))
                    .findFirst()
                    .orElseThrow(() -> new NoisetrailException(
                            "settings of a model: there is no setting of a model named " + Excerpt.of(name)));
            try {
                values.parse(known, Excerpt.of(value)); // of a value that it can have, that is all
            } catch (IllegalArgumentException e) {
                throw new NoisetrailException("settings of a model: " + e.getMessage(), e);
            }
        }

        /** g of classifier-free guidance, from 0 to 10000; 1: the condition alone, at half the cost; at 0 it does not count; null for the model's own. */
        public Builder guidance(@Nullable Double guidance) {
            if (guidance == null) {
                values.remove(GUIDANCE);
            } else {
                values.put(GUIDANCE, guidance);
            }
            return this;
        }

        /** How far a guided output's deviation is brought back to the plain one's, 0 to 1. */
        public Builder guidanceRescale(double rescale) {
            values.put(GUIDANCE_RESCALE, rescale);
            return this;
        }

        /** Pixels, from 1 to 16384. */
        public Builder height(int height) {
            values.put(HEIGHT, height);
            return this;
        }

        /** Pixels, from 1 to 16384. */
        public Builder width(int width) {
            values.put(WIDTH, width);
            return this;
        }

        /** How many of the text encoder's last layers are left out of a prompt's embedding. */
        public Builder clipSkip(int layers) {
            values.put(CLIP_SKIP, layers);
            return this;
        }

        /** What SDXL is told of the picture that its image is like: {@code HEIGHTxWIDTH+TOP+LEFT}, in pixels; by default the image's own size, not cropped. */
        public Builder sizeCondition(String sizes) {
            values.put(SIZE_CONDITION, sizes);
            return this;
        }

        /** Adds a LoRA: {@code FILE[:SCALE]}. */
        public Builder lora(String fileAndScale) {
            LoraText text = LoraText.parse(fileAndScale);
            loras.add(new Lora(text, text.withoutFolder().toString()));
            return this;
        }

        /** A folder of a small autoencoder, which judges candidates in the true decoder's place; null for none. */
        public Builder previewDecoder(@Nullable String folder) {
            this.previewDecoder = folder;
            return this;
        }

        /** Whether a folder's TorchScript, which is code, may be run; by default it may. */
        public Builder torchScript(boolean allowed) {
            this.torchScript = allowed;
            return this;
        }

        /** What the denoiser's network computes with; float32 by default. */
        public Builder precision(Precision precision) {
            values.put(COMPUTED_WITH, precision);
            return this;
        }

        /** The options. */
        public PipelineOptions build() {
            return new PipelineOptions(this);
        }
    }
}
