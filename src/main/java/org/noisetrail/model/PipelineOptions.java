package org.noisetrail.model;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.noisetrail.NoisetrailException;
import org.noisetrail.checkpoint.LoraText;
import org.noisetrail.files.Excerpt;

/**
 * How a pipeline is loaded and asked; what is not given is the model's own. Immutable.
 *
 * <p>The settings that a trail must name to be drawn again are {@link #settings}; {@link #with(Map)} takes them, but opens no file that they name.
 */
public final class PipelineOptions {
    /** The name of the setting that every model of safetensors has. */
    public static final String PRECISION = "precision";

    private static final String LORA = "lora-";

    private static final Pattern SIZES = Pattern.compile("(\\d{1,5})x(\\d{1,5})\\+(\\d{1,5})\\+(\\d{1,5})");

    /** The model as it is. */
    public static final PipelineOptions DEFAULT = builder().build();

    private final @Nullable Double guidance;
    private final double guidanceRescale;
    private final int height;
    private final int width;
    private final int clipSkip;
    private final String sizeCondition;
    private final List<Lora> loras;
    private final @Nullable String previewDecoder;
    private final boolean torchScript;
    private final Precision precision;
    /** The settings that somebody has given, though it be what they are without. */
    private final List<String> given;

    /**
     * @param file to be opened
     * @param name that stands for it in settings, and so in the model's
     */
    private record Lora(LoraText file, String name) {}

    private PipelineOptions(Builder builder) {
        guidance = builder.guidance;
        guidanceRescale = builder.guidanceRescale;
        height = builder.height;
        width = builder.width;
        clipSkip = builder.clipSkip;
        sizeCondition = builder.sizeCondition;
        loras = List.copyOf(builder.loras);
        previewDecoder = builder.previewDecoder;
        torchScript = builder.torchScript;
        precision = builder.precision;
        given = List.copyOf(builder.given);
    }

    /** Starts from {@link #DEFAULT}. */
    public static Builder builder() {
        return new Builder();
    }

    /** The guidance scale; null for the model's own default. */
    public @Nullable Double guidance() {
        return guidance;
    }

    /** How far guided outputs are scaled back to the spread of unguided ones, 0 to 1. */
    public double guidanceRescale() {
        return guidanceRescale;
    }

    /** In pixels; 0 for the model's own. */
    public int height() {
        return height;
    }

    /** In pixels; 0 for the model's own. */
    public int width() {
        return width;
    }

    /** How many of the text encoder's last layers are left out; 0 for none. */
    public int clipSkip() {
        return clipSkip;
    }

    /**
     * What SDXL is told of the picture that its image is like: original height and width, the crop's top and left, in pixels.
     *
     * @param height of the image, for both where nothing was given
     * @param width likewise
     */
    public int[] sizeCondition(int height, int width) {
        Matcher given = SIZES.matcher(sizeCondition);
        return given.matches()
                ? IntStream.rangeClosed(1, 4)
                        .map(i -> Integer.parseInt(given.group(i)))
                        .toArray()
                : new int[] {height, width, 0, 0};
    }

    /** Whether a size condition was given. */
    public boolean hasSizeCondition() {
        return !sizeCondition.isEmpty();
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
        return precision;
    }

    /** What was given and changes images, by name; a preview decoder changes only what is chosen. LoRAs are without their folders: a picture goes round. */
    public Map<String, String> settings() {
        Map<String, String> settings = new LinkedHashMap<>();
        if (guidance != null) {
            settings.put("guidance", text("guidance"));
        }
        if (guidanceRescale != 0) {
            settings.put("guidance-rescale", text("guidance-rescale"));
        }
        if (height != 0) {
            settings.put("height", text("height"));
        }
        if (width != 0) {
            settings.put("width", text("width"));
        }
        if (clipSkip != 0) {
            settings.put("clip-skip", text("clip-skip"));
        }
        if (hasSizeCondition()) {
            settings.put("size-condition", text("size-condition"));
        }
        if (precision != Precision.FLOAT32) {
            settings.put(PRECISION, text(PRECISION));
        }
        for (int i = 0; i < loras.size(); i++) {
            settings.put(LORA + i, loras.get(i).name());
        }
        return settings;
    }

    /** A setting's value; empty where it is the model's own. */
    private String text(String setting) {
        return switch (setting) {
            case "guidance" -> guidance == null ? "" : String.valueOf(guidance);
            case "guidance-rescale" -> String.valueOf(guidanceRescale);
            case "height" -> height == 0 ? "" : String.valueOf(height);
            case "width" -> width == 0 ? "" : String.valueOf(width);
            case "clip-skip" -> String.valueOf(clipSkip);
            case "size-condition" -> sizeCondition;
            case PRECISION -> precision.word();
            default -> throw new IllegalArgumentException("there is no setting of a model named " + setting);
        };
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
        for (String setting : given) {
            String drawn = others.text(setting);
            if (!drawn.equals(text(setting))) {
                throw new IllegalArgumentException(setting + " must be "
                        + (drawn.isEmpty() ? "left out, since it was drawn without" : drawn + ", as it was drawn")
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

    /** Collects options; what is out of its range is an {@link IllegalArgumentException} where it is given. */
    public static final class Builder {
        private @Nullable Double guidance;
        private double guidanceRescale;
        private int height;
        private int width;
        private int clipSkip;
        private String sizeCondition = "";
        private final List<Lora> loras = new ArrayList<>();
        private @Nullable String previewDecoder;
        private boolean torchScript = true;
        private Precision precision = Precision.FLOAT32;
        private final List<String> given = new ArrayList<>();

        private Builder() {}

        private Builder(PipelineOptions options) {
            guidance = options.guidance;
            guidanceRescale = options.guidanceRescale;
            height = options.height;
            width = options.width;
            clipSkip = options.clipSkip;
            sizeCondition = options.sizeCondition;
            loras.addAll(options.loras);
            previewDecoder = options.previewDecoder;
            torchScript = options.torchScript;
            precision = options.precision;
            given.addAll(options.given);
        }

        /** As a trail's settings have it. */
        private void set(String name, String value) {
            try {
                switch (name) {
                    case "guidance" -> guidance(number(name, value, Double::valueOf));
                    case "guidance-rescale" -> guidanceRescale(number(name, value, Double::valueOf));
                    case "height" -> height(number(name, value, Integer::valueOf));
                    case "width" -> width(number(name, value, Integer::valueOf));
                    case "size-condition" -> sizeCondition(value);
                    case PRECISION -> precision(Precision.parse(value));
                    case "clip-skip" -> clipSkip(number(name, value, Integer::valueOf));
                    default ->
                        throw new IllegalArgumentException("there is no setting of a model named " + Excerpt.of(name));
                }
            } catch (IllegalArgumentException e) {
                throw new NoisetrailException("settings of a model: " + e.getMessage(), e);
            }
        }

        private static <N extends Number> N number(String name, String value, Function<String, N> parse) {
            try {
                return parse.apply(value);
            } catch (NumberFormatException e) {
                throw new IllegalArgumentException(name + " must be a number: " + Excerpt.of(value), e);
            }
        }

        /** g of classifier-free guidance, from 0 to 10000; 1: none, at half the cost. */
        public Builder guidance(@Nullable Double guidance) {
            this.guidance = guidance == null ? null : Guided.checkScale(guidance);
            if (guidance != null) {
                given.add("guidance");
            }
            return this;
        }

        /** How far a guided output's deviation is brought back to the plain one's, 0 to 1. */
        public Builder guidanceRescale(double rescale) {
            this.guidanceRescale = Guided.checkRescale(rescale);
            given.add("guidance-rescale");
            return this;
        }

        /** Pixels, from 1 to 16384. */
        public Builder height(int height) {
            this.height = side("height", height);
            given.add("height");
            return this;
        }

        /** Pixels, from 1 to 16384. */
        public Builder width(int width) {
            this.width = side("width", width);
            given.add("width");
            return this;
        }

        /** How many of the text encoder's last layers are left out of a prompt's embedding. */
        public Builder clipSkip(int layers) {
            if (layers < 0) {
                throw new IllegalArgumentException("clip-skip must be >= 0: " + layers);
            }
            this.clipSkip = layers;
            given.add("clip-skip");
            return this;
        }

        /** What SDXL is told of the picture that its image is like: {@code HEIGHTxWIDTH+TOP+LEFT}, in pixels; by default the image's own size, not cropped. */
        public Builder sizeCondition(String sizes) {
            if (!SIZES.matcher(sizes).matches()) {
                throw new IllegalArgumentException(
                        "size-condition must be HEIGHTxWIDTH+TOP+LEFT, such as 1024x1024+0+0: " + sizes);
            }
            this.sizeCondition = sizes;
            given.add("size-condition");
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
            this.precision = precision;
            given.add(PRECISION);
            return this;
        }

        private static int side(String what, int value) {
            if (value < 1 || value > 16384) {
                throw new IllegalArgumentException(what + " must be from 1 to 16384: " + value);
            }
            return value;
        }

        /** The options. */
        public PipelineOptions build() {
            return new PipelineOptions(this);
        }
    }
}
