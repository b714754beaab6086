package org.noisetrail.model.diffusers;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.noisetrail.NoisetrailException;
import org.noisetrail.checkpoint.ComponentWeights;
import org.noisetrail.checkpoint.ConfigFile;
import org.noisetrail.checkpoint.Digest;
import org.noisetrail.checkpoint.LoraWeights;
import org.noisetrail.checkpoint.ModelFiles;
import org.noisetrail.checkpoint.ModelIndex;
import org.noisetrail.checkpoint.SchedulerConfig;
import org.noisetrail.checkpoint.Weights;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Decoder;
import org.noisetrail.model.Denoiser;
import org.noisetrail.model.DiscreteNoise;
import org.noisetrail.model.Guided;
import org.noisetrail.model.ImageShape;
import org.noisetrail.model.Networks;
import org.noisetrail.model.PipelineOptions;
import org.noisetrail.model.clip.ClipText;
import org.noisetrail.model.clip.ClipTokenizer;
import org.noisetrail.model.format.Format;
import org.noisetrail.model.format.Parts;
import org.noisetrail.model.layers.Form;
import org.noisetrail.torch.Unfinished;

/**
 * Folders of {@code model_index.json}, as diffusers' {@code save_pretrained} writes them: Stable Diffusion 1.x, 2.x and XL. Whatever scheduler a folder names, its betas
 * and timesteps are what counts; images are drawn by DDIM unless another sampler is asked for.
 */
public final class DiffusersFormat implements Format {
    /** Optional: what a folder's own defaults are, {@code sampler} and {@code guidance}. */
    private static final String DEFAULTS = "noisetrail.json";

    private static final String UNET = "unet/config.json";

    /** Before 0.9: it wrote a size of 32 of networks whose own is 64. */
    private static final String EARLY_DIFFUSERS = "0\\.[0-8](\\D.*)?";

    private static final int USUAL_SIZE = 64;

    @Override
    public boolean recognises(ModelFiles files) {
        return files.has(ModelIndex.FILE);
    }

    @Override
    public String lookedFor() {
        return ModelIndex.FILE;
    }

    @Override
    public Parts load(ModelFiles files, Device device, PipelineOptions options) {
        options.precision().require(device);
        ModelIndex index = ModelIndex.read(files);
        boolean xl = index.xl();
        ConfigFile keys = ConfigFile.read(files, UNET);
        UNetConfig unet = UNetConfig.read(keys);
        VaeConfig vae = VaeConfig.parse(path(files, "vae/config.json"), files.bytes("vae/config.json"));
        if (unet.inChannels() != vae.latentChannels() || unet.outChannels() != vae.latentChannels()) {
            throw new NoisetrailException(path(files, UNET) + ": in_channels and out_channels must be "
                    + vae.latentChannels() + ", as the autoencoder's latents (inpainting models are not supported): "
                    + unet.inChannels() + " and " + unet.outChannels());
        }
        SchedulerConfig scheduler = SchedulerConfig.read(files, xl);
        LoraWeights.requireNetworks(index.parts().keySet(), options.loras());
        int own = ownSize(unet, keys, xl);
        requireSize(keys, own, vae, options);
        ImageShape state = state(own, vae, options);
        ImageShape image =
                new ImageShape(vae.imageChannels(), state.height() * vae.factor(), state.width() * vae.factor());
        ConfigFile defaults = ConfigFile.readIfThere(files, DEFAULTS);
        double usual = guidance(defaults, xl ? 5 : 7.5);
        Map<String, String> timesteps = timesteps(scheduler);
        String sampler = defaults.has("sampler") ? defaults.text("sampler") : sampler(timesteps);
        defaults.requireAllKnown();
        try (Unfinished made = new Unfinished()) {
            PromptEncoder encoder = made.add(encoder(index, files, image, device, options));
            requireFitting(path(files, UNET), unet, xl, encoder);
            UNet network =
                    made.add(new UNet(unet, weights(files, "unet", options), Form.on(device, options.precision())));
            DiscreteNoise noise = new DiscreteNoise(scheduler.alphasCumprod(), prediction(scheduler));
            Digest digest = digest(files, index, state, options);
            // Of the files as they were loaded, however long after.
            Function<PipelineOptions, Denoiser> asked = how -> new DiffusersDenoiser(
                    digest.as(description(index, state, how)), state, device, noise, network, encoder);
            Denoiser plain = asked.apply(options);
            Decoder decoder = made.add(decoder(files, vae, image, device));
            Decoder preview = options.previewDecoder() == null
                    ? null
                    : PreviewDecoder.load(options.previewDecoder(), state, image, device);
            if (preview != null) {
                made.add(preview);
            }
            return made.finish(new Parts(
                    new Networks(guided(plain, usual, options), decoder, preview),
                    sampler,
                    timesteps,
                    List.of(),
                    true,
                    plain,
                    how -> guided(asked.apply(how), usual, how)));
        }
    }

    private static double guidance(ConfigFile defaults, double own) {
        double guidance = defaults.number("guidance", own);
        try {
            return Objects.requireNonNull(
                    PipelineOptions.builder().guidance(guidance).build().guidance());
        } catch (IllegalArgumentException e) {
            throw new NoisetrailException(defaults.file() + ": " + e.getMessage(), e);
        }
    }

    private static Denoiser guided(Denoiser plain, double usual, PipelineOptions options) {
        return Guided.of(plain, options.guidance() == null ? usual : options.guidance(), options.guidanceRescale());
    }

    private static String path(ModelFiles files, String file) {
        return files.path(file).toString();
    }

    private static void requireFitting(String file, UNetConfig unet, boolean xl, PromptEncoder encoder) {
        if (unet.takesSizes() != xl) {
            throw new NoisetrailException(file + ": addition_embed_type must be "
                    + (xl
                            ? "text_time, as a pipeline of XL has it: absent"
                            : "absent, as a pipeline of 1.x or 2.x has it: text_time"));
        }
        if (unet.context() != encoder.width()) {
            throw new NoisetrailException(file + ": cross_attention_dim must be " + encoder.width()
                    + ", the hidden_size of " + (xl ? "text_encoder and text_encoder_2 together" : "text_encoder")
                    + ": " + unet.context());
        }
        if (xl && unet.pooled() != encoder.pooled()) {
            int sizes = UNetConfig.SIZES * unet.sizeChannels();
            throw new NoisetrailException(file + ": projection_class_embeddings_input_dim must be "
                    + (sizes + encoder.pooled()) + ", " + UNetConfig.SIZES
                    + " times addition_time_embed_dim and text_encoder_2's projection_dim (" + encoder.pooled() + "): "
                    + (sizes + unet.pooled()));
        }
    }

    private static int ownSize(UNetConfig unet, ConfigFile keys, boolean xl) {
        int size = unet.sampleSize() == 0 ? USUAL_SIZE : unet.sampleSize();
        boolean early = keys.has("_diffusers_version")
                && keys.text("_diffusers_version").matches(EARLY_DIFFUSERS);
        if (xl || !early || size >= USUAL_SIZE) {
            return size;
        }
        keys.logCorrected("sample_size", Integer.toString(USUAL_SIZE));
        return USUAL_SIZE;
    }

    /** What the folder alone says is not the user's mistake. */
    private static void requireSize(ConfigFile keys, int own, VaeConfig vae, PipelineOptions options) {
        long side = (long) own * vae.factor();
        int channels = Math.max(vae.imageChannels(), vae.latentChannels());
        if (options.height() == 0 && options.width() == 0 && side * side * channels > Integer.MAX_VALUE) {
            throw keys.wrong("sample_size", "such that an image has < 2^31 elements");
        }
    }

    /** The latents' shape at the size that was asked for, or the model's own. */
    private static ImageShape state(int own, VaeConfig vae, PipelineOptions options) {
        return new ImageShape(
                vae.latentChannels(),
                side("height", options.height(), own, vae.factor()),
                side("width", options.width(), own, vae.factor()));
    }

    private static int side(String what, int pixels, int own, int factor) {
        if (pixels == 0) {
            return own;
        }
        if (pixels % factor != 0) {
            throw new IllegalArgumentException(
                    what + " must be a multiple of " + factor + ", the autoencoder's factor: " + pixels);
        }
        return pixels / factor;
    }

    private static Decoder decoder(ModelFiles files, VaeConfig config, ImageShape image, Device device) {
        Digest id = ComponentWeights.digest(files, "vae", List.of("vae"));
        return new VaeDecoder(id, image, new AutoencoderKl(config, ComponentWeights.open(files, "vae"), device, false));
    }

    /** Of all parts that a latent depends on, and how they are asked. */
    private static Digest digest(ModelFiles files, ModelIndex index, ImageShape state, PipelineOptions options) {
        List<String> parts = new ArrayList<>(List.of("unet", "text_encoder", "tokenizer", "scheduler"));
        if (index.xl()) {
            parts.addAll(List.of("text_encoder_2", "tokenizer_2"));
        }
        Digest own = ComponentWeights.digest(files, description(index, state, options), parts);
        return LoraWeights.digest(own, options.loras());
    }

    private static String description(ModelIndex index, ImageShape state, PipelineOptions options) {
        // What the index says is in no part's folder; only what is unusual is told, so that ids stay what they were.
        String unusual = index.zerosForEmptyPrompt() == index.xl() ? "" : " zeros for no prompt: " + !index.xl();
        return "diffusers " + state + " " + options.settings() + unusual;
    }

    private static Weights weights(ModelFiles files, String component, PipelineOptions options) {
        return LoraWeights.over(ComponentWeights.open(files, component), component, options.loras());
    }

    private static PromptEncoder encoder(
            ModelIndex index, ModelFiles files, ImageShape image, Device device, PipelineOptions options) {
        boolean xl = index.xl();
        List<TextTower> towers = new ArrayList<>();
        try (Unfinished made = new Unfinished()) {
            towers.add(made.add(tower(files, "", xl, device, options)));
            if (xl) {
                towers.add(made.add(tower(files, "_2", true, device, options)));
            }
            if (!xl && options.hasSizeCondition()) {
                throw new IllegalArgumentException("size-condition is for Stable Diffusion XL");
            }
            int[] like = options.sizeCondition(image.height(), image.width());
            float[] sizes = {like[0], like[1], like[2], like[3], image.height(), image.width()};
            return made.finish(new PromptEncoder(towers, index.zerosForEmptyPrompt(), xl ? sizes : null, device));
        }
    }

    /** SDXL takes the states before the last block without the final norm; others the last ones, after it, whatever is skipped. */
    private static TextTower tower(
            ModelFiles files, String suffix, boolean xl, Device device, PipelineOptions options) {
        String part = "text_encoder" + suffix;
        ClipTokenizer tokenizer = ClipTokenizer.load(files.within("tokenizer" + suffix));
        int skip = options.clipSkip();
        try (Unfinished made = new Unfinished()) {
            ClipText prompts = made.add(text(files, part, hidden(xl, skip), device, options));
            prompts.check(tokenizer);
            @Nullable ClipText plain = skip == 0 ? null : text(files, part, hidden(xl, 0), device, options);
            return made.finish(new TextTower(tokenizer, prompts, plain));
        }
    }

    private static ClipText.Hidden hidden(boolean xl, int skip) {
        return xl ? new ClipText.Hidden(skip + 1, false) : new ClipText.Hidden(skip, true);
    }

    private static ClipText text(
            ModelFiles files, String part, ClipText.Hidden hidden, Device device, PipelineOptions options) {
        return ClipText.load(files.within(part), weights(files, part, options), hidden, device);
    }

    private static DiscreteNoise.Prediction prediction(SchedulerConfig scheduler) {
        return switch (scheduler.prediction()) {
            case "epsilon" -> DiscreteNoise.Prediction.EPSILON;
            case "v_prediction" -> DiscreteNoise.Prediction.V;
            default -> DiscreteNoise.Prediction.SAMPLE;
        };
    }

    /** What the folder says of how its timesteps are gone through, by whatever sampler; how many they are, and how much noise is injected, is ours. */
    private static Map<String, String> timesteps(SchedulerConfig scheduler) {
        Map<String, String> settings = new LinkedHashMap<>();
        if (!scheduler.timestepSpacing().isEmpty()) {
            settings.put("timestep-spacing", scheduler.timestepSpacing());
        }
        settings.put("steps-offset", Integer.toString(scheduler.stepsOffset()));
        settings.put("set-alpha-to-one", Boolean.toString(scheduler.setAlphaToOne()));
        return settings;
    }

    private static String sampler(Map<String, String> timesteps) {
        StringBuilder text = new StringBuilder("ddim:steps=50");
        timesteps.forEach(
                (name, value) -> text.append(':').append(name).append('=').append(value));
        return text.toString();
    }
}
