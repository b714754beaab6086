package org.noisetrail.model;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * How a pipeline is loaded and asked; what is not given is the model's own. Immutable.
 *
 * <p>The settings that a trail must name to be drawn again are {@link #settings}: {@link #with(Map)} is its inverse.
 */
public final class PipelineOptions {
    /** The name of the setting that every model of safetensors has. */
    public static final String PRECISION = "precision";

    private static final Pattern SIZES = Pattern.compile("(\\d{1,5})x(\\d{1,5})\\+(\\d{1,5})\\+(\\d{1,5})");

    /** The model as it is. */
    public static final PipelineOptions DEFAULT = builder().build();

    private final @Nullable Double guidance;
    private final double guidanceRescale;
    private final int height;
    private final int width;
    private final int clipSkip;
    private final String sizeCondition;
    private final List<String> loras;
    private final @Nullable String previewDecoder;
    private final boolean torchScript;
    private final Precision precision;

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
        return loras;
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

    /** What was given and changes images, by name; a preview decoder changes only what is chosen. */
    public Map<String, String> settings() {
        Map<String, String> settings = new LinkedHashMap<>();
        if (guidance != null) {
            settings.put("guidance", String.valueOf(guidance));
        }
        if (guidanceRescale != 0) {
            settings.put("guidance-rescale", String.valueOf(guidanceRescale));
        }
        if (height != 0) {
            settings.put("height", String.valueOf(height));
        }
        if (width != 0) {
            settings.put("width", String.valueOf(width));
        }
        if (clipSkip != 0) {
            settings.put("clip-skip", String.valueOf(clipSkip));
        }
        if (hasSizeCondition()) {
            settings.put("size-condition", sizeCondition);
        }
        if (precision != Precision.FLOAT32) {
            settings.put(PRECISION, precision.word());
        }
        for (int i = 0; i < loras.size(); i++) {
            settings.put("lora-" + i, loras.get(i));
        }
        return settings;
    }

    /**
     * These options, with settings that {@link #settings} gave in their place.
     *
     * @throws IllegalArgumentException if there is no such setting, or it has no such value
     */
    public PipelineOptions with(Map<String, String> settings) {
        Builder builder = builder().torchScript(torchScript).previewDecoder(previewDecoder);
        settings.forEach((name, value) -> {
            switch (name) {
                case "guidance" -> builder.guidance(Double.valueOf(value));
                case "guidance-rescale" -> builder.guidanceRescale(Double.parseDouble(value));
                case "height" -> builder.height(Integer.parseInt(value));
                case "width" -> builder.width(Integer.parseInt(value));
                case "size-condition" -> builder.sizeCondition(value);
                case PRECISION -> builder.precision(Precision.parse(value));
                case "clip-skip" -> builder.clipSkip(Integer.parseInt(value));
                default -> {
                    if (!name.startsWith("lora-")) {
                        throw new IllegalArgumentException("there is no setting of a model named " + name);
                    }
                    builder.lora(value);
                }
            }
        });
        return builder.build();
    }

    /** These options with another guidance. */
    PipelineOptions withGuidance(double guidance) {
        Map<String, String> settings = settings();
        settings.put("guidance", String.valueOf(guidance));
        return with(settings);
    }

    /** Collects options; what is out of its range is an {@link IllegalArgumentException} where it is given. */
    public static final class Builder {
        private @Nullable Double guidance;
        private double guidanceRescale;
        private int height;
        private int width;
        private int clipSkip;
        private String sizeCondition = "";
        private final List<String> loras = new ArrayList<>();
        private @Nullable String previewDecoder;
        private boolean torchScript = true;
        private Precision precision = Precision.FLOAT32;

        private Builder() {}

        /** g of classifier-free guidance, from 0 to 10000; 1: none, at half the cost. */
        public Builder guidance(@Nullable Double guidance) {
            this.guidance = guidance == null ? null : Guided.checkScale(guidance);
            return this;
        }

        /** How far a guided output's deviation is brought back to the plain one's, 0 to 1. */
        public Builder guidanceRescale(double rescale) {
            this.guidanceRescale = Guided.checkRescale(rescale);
            return this;
        }

        /** Pixels, from 1 to 16384. */
        public Builder height(int height) {
            this.height = side("height", height);
            return this;
        }

        /** Pixels, from 1 to 16384. */
        public Builder width(int width) {
            this.width = side("width", width);
            return this;
        }

        /** How many of the text encoder's last layers are left out of a prompt's embedding. */
        public Builder clipSkip(int layers) {
            if (layers < 0) {
                throw new IllegalArgumentException("clip-skip must be >= 0: " + layers);
            }
            this.clipSkip = layers;
            return this;
        }

        /** What SDXL is told of the picture that its image is like: {@code HEIGHTxWIDTH+TOP+LEFT}, in pixels; by default the image's own size, not cropped. */
        public Builder sizeCondition(String sizes) {
            if (!SIZES.matcher(sizes).matches()) {
                throw new IllegalArgumentException(
                        "size-condition must be HEIGHTxWIDTH+TOP+LEFT, such as 1024x1024+0+0: " + sizes);
            }
            this.sizeCondition = sizes;
            return this;
        }

        /** Adds a LoRA: {@code FILE[:SCALE]}. */
        public Builder lora(String fileAndScale) {
            loras.add(fileAndScale);
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
