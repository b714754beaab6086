package org.noisetrail.cli;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.noisetrail.evaluation.RunSettings;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Condition;
import org.noisetrail.model.Pipeline;
import org.noisetrail.model.PipelineOptions;
import org.noisetrail.model.Precision;
import org.noisetrail.search.Trail;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Which model, and where it runs. */
final class ModelOptions {
    /** The embedded model that draws prompts. */
    private static final String PROMPTS_MODEL = "fashion-scenes";

    @Mixin
    private ModelName model;

    @Mixin
    private SharedOptions.Batches batches;

    @Option(
            names = "--guidance",
            paramLabel = "G",
            description =
                    "Classifier-free guidance; 1: the prompt alone, at half the cost (what diffusers draws at 0, too); below 1 the"
                            + " prompt counts less, at 0 not at all. Default: the model's own (5 or 7.5)")
    private @Nullable Double guidance;

    @Option(
            names = "--guidance-rescale",
            paramLabel = "W",
            description = "How far the guided output's deviation is brought back, 0 to 1. Default: 0")
    private @Nullable Double guidanceRescale;

    @Option(names = "--height", paramLabel = "PIXELS", description = "Default: the model's own")
    private @Nullable Integer height;

    @Option(names = "--width", paramLabel = "PIXELS", description = "Default: the model's own")
    private @Nullable Integer width;

    @Option(
            names = "--clip-skip",
            paramLabel = "N",
            description = "Leave out the text encoder's last N layers. Default: 0")
    private @Nullable Integer clipSkip;

    @Option(
            names = "--size-condition",
            paramLabel = "HxW+TOP+LEFT",
            description = "SDXL: the size and crop of the picture that the image is like. Default: its own size")
    private @Nullable String sizeCondition;

    @Option(
            names = "--lora",
            paramLabel = "FILE[:SCALE]",
            description =
                    "Add a LoRA's weights; may be given several times. Of a trail: where the LoRA lies that it was drawn with.")
    private List<String> loras = new ArrayList<>();

    @Option(
            names = "--preview-decoder",
            paramLabel = "FOLDER",
            description = "A small autoencoder that judges candidates; final images take the model's own.")
    private @Nullable String previewDecoder;

    @Option(
            names = "--precision",
            paramLabel = "WORD",
            description =
                    "What the denoiser computes with: fp32, bf16 (half its memory, other images); on a card also tf32 and fp16."
                            + " Default: fp32")
    private @Nullable String precision;

    @Option(names = "--no-torchscript", description = "Refuse TorchScript (.pt files), which is code.")
    private boolean noTorchScript;

    boolean named() {
        return model.named();
    }

    String name() {
        return model.name();
    }

    /** Whether the user says how large images are. */
    boolean sized() {
        return height != null || width != null;
    }

    Device device() {
        return model.device();
    }

    /** Whether the device is left to this machine. */
    boolean isAuto() {
        return model.isAuto();
    }

    int maxBatch() {
        return batches.maxBatch();
    }

    int decodeBatch() {
        return batches.decodeBatch();
    }

    /** @throws IllegalArgumentException that names the option, if a value is out of its range */
    PipelineOptions pipelineOptions() {
        PipelineOptions.Builder builder =
                PipelineOptions.builder().torchScript(!noTorchScript).previewDecoder(previewDecoder);
        if (precision != null) {
            builder.precision(Precision.parse(precision));
        }
        if (guidance != null) {
            builder.guidance(guidance);
        }
        if (guidanceRescale != null) {
            builder.guidanceRescale(guidanceRescale);
        }
        if (height != null) {
            builder.height(height);
        }
        if (width != null) {
            builder.width(width);
        }
        if (clipSkip != null) {
            builder.clipSkip(clipSkip);
        }
        if (sizeCondition != null) {
            builder.sizeCondition(sizeCondition);
        }
        loras.forEach(builder::lora);
        return builder.build();
    }

    /** Refuses what cannot be, before anything slow is done. */
    void check() {
        checkNumbers();
        model.check();
    }

    /** As {@link #check}, where no model is needed. */
    void checkNumbers() {
        batches.check();
        pipelineOptions();
        model.checkNumbers();
    }

    /** Loads LibTorch and the model. The caller closes it. */
    Pipeline load() {
        return load(model.device());
    }

    /** The model's name for a trail: the one that was given; else the embedded one that draws what the trail's images were asked to be. */
    String name(Trail trail) {
        boolean prompt =
                trail.images().stream().anyMatch(entry -> entry.request().condition() instanceof Condition.Prompt);
        return named() || !prompt ? name() : PROMPTS_MODEL;
    }

    /**
     * The options of a trail's model, as it was asked then.
     *
     * @throws IllegalArgumentException that names the option, if one contradicts the trail, or a LoRA's file is not given
     * @throws org.noisetrail.NoisetrailException if the trail's settings are none
     */
    PipelineOptions pipelineOptions(Trail trail) {
        return pipelineOptions().with(trail.settings());
    }

    /** The model of a trail. The caller closes it. */
    Pipeline load(Trail trail) {
        return load(name(trail), pipelineOptions(trail));
    }

    /** Another model than the one that was named, where it was asked to be. */
    Pipeline load(String name, PipelineOptions options) {
        return load(name, model.device(), options);
    }

    /** On another device than {@code --device}. */
    Pipeline load(Device device) {
        return load(name(), device, pipelineOptions());
    }

    private Pipeline load(String name, Device device, PipelineOptions options) {
        check();
        model.setThreads();
        return Pipeline.load(name, device, options);
    }

    /** The beginning of what a run's files say of it. */
    RunSettings.Builder settings(String command, Pipeline pipeline) {
        return RunSettings.builder(command, pipeline).model(name()).batches(maxBatch(), decodeBatch());
    }

    /** As asked for. Loads LibTorch. */
    void setThreads() {
        model.setThreads();
    }
}
