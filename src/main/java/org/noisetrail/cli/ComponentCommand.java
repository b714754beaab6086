package org.noisetrail.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.Tensor;
import org.noisetrail.NoisetrailException;
import org.noisetrail.checkpoint.ComponentWeights;
import org.noisetrail.checkpoint.ModelFiles;
import org.noisetrail.checkpoint.Safetensors;
import org.noisetrail.checkpoint.SafetensorsWriter;
import org.noisetrail.checkpoint.Weights;
import org.noisetrail.model.clip.ClipModel;
import org.noisetrail.model.clip.ClipText;
import org.noisetrail.model.diffusers.AutoencoderKl;
import org.noisetrail.model.diffusers.UNet;
import org.noisetrail.model.diffusers.UNetConfig;
import org.noisetrail.model.diffusers.VaeConfig;
import org.noisetrail.torch.Cards;
import org.noisetrail.torch.Tensors;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
        name = "component",
        description = {
            "Runs one part of a text-to-image model once, for checking; nothing is scaled.",
            "The model is a pipeline's folder, or the part's own."
        },
        footerHeading = "%nParts, with the tensors that they read and write:%n",
        footer = {
            "  unet             sample, timestep, encoder_hidden_states[, text_embeds, time_ids] -> out",
            "  vae-decoder      z -> image",
            "  vae-encoder      image -> mean, logvar",
            "  text-encoder     input_ids -> last_hidden_state, pooler_output[, text_embeds]",
            "  text-encoder-2   the same, of the second one",
            "  clip-text        input_ids -> text_embeds, of length 1",
            "  clip-image       images (uint8, NCHW) -> pixel_values, image_embeds, of length 1"
        })
final class ComponentCommand implements Callable<Integer> {
    private static final String CONFIG = "config.json";

    /** Reads its inputs, runs, and gives its outputs: the caller's to close. */
    private interface Part {
        Map<String, Tensor> run(ComponentCommand command, ModelFiles files);
    }

    private static final Map<String, Part> PARTS = parts();

    private static Map<String, Part> parts() {
        Map<String, Part> parts = new LinkedHashMap<>();
        parts.put("unet", ComponentCommand::unet);
        parts.put("vae-decoder", ComponentCommand::decode);
        parts.put("vae-encoder", ComponentCommand::encode);
        parts.put("text-encoder", (command, files) -> command.text(files, "text_encoder"));
        parts.put("text-encoder-2", (command, files) -> command.text(files, "text_encoder_2"));
        parts.put("clip-text", ComponentCommand::clipText);
        parts.put("clip-image", ComponentCommand::clipImage);
        return parts;
    }

    /** The parts' names, for the help text. */
    static final class Names extends ArrayList<String> {
        private static final long serialVersionUID = 1;

        Names() {
            super(PARTS.keySet());
        }
    }

    @Parameters(paramLabel = "NAME", completionCandidates = Names.class, description = "${COMPLETION-CANDIDATES}.")
    @SuppressWarnings("NullAway.Init")
    private String name;

    @Mixin
    private ModelName model;

    @Mixin
    private TensorFiles tensors;

    @Override
    public Integer call() {
        Part part = PARTS.get(name);
        if (part == null) {
            throw new IllegalArgumentException(
                    "unknown part (known: " + String.join(", ", PARTS.keySet()) + "): " + name);
        }
        tensors.checkOut();
        ModelFiles files = model.files();
        model.setThreads();
        Cards.require(model.device());
        Map<String, Tensor> outputs = part.run(this, files);
        try {
            SafetensorsWriter writer = Safetensors.writer();
            outputs.forEach((key, tensor) -> writer.put(key, Tensors.toFloats(tensor), Tensors.shape(tensor)));
            writer.write(tensors.out());
        } finally {
            outputs.values().forEach(Tensor::close);
        }
        return ExitCode.OK;
    }

    private Map<String, Tensor> unet(ModelFiles all) {
        ModelFiles files = ModelName.part(all, "unet", CONFIG);
        UNetConfig config = UNetConfig.parse(files.path(CONFIG).toString(), files.bytes(CONFIG));
        Safetensors in = tensors.in();
        try (UNet network = new UNet(config, weights(all, files, "unet"), model.device());
                Tensor sample = floats(in, "sample");
                Tensor timestep = timesteps(in, sample.size(0));
                Tensor text = floats(in, "encoder_hidden_states")) {
            if (!config.takesSizes()) {
                return Map.of("out", network.forward(sample, timestep, text));
            }
            try (Tensor pooled = floats(in, "text_embeds");
                    Tensor sizes = floats(in, "time_ids")) {
                return Map.of("out", network.forward(sample, timestep, text, pooled, sizes));
            }
        }
    }

    private Map<String, Tensor> decode(ModelFiles files) {
        try (AutoencoderKl vae = vae(files, false);
                Tensor latents = floats(tensors.in(), "z")) {
            return Map.of("image", vae.decode(latents));
        }
    }

    private Map<String, Tensor> encode(ModelFiles files) {
        try (AutoencoderKl vae = vae(files, true);
                Tensor images = floats(tensors.in(), "image")) {
            AutoencoderKl.Posterior posterior = vae.encode(images);
            return Map.of("mean", posterior.mean(), "logvar", posterior.logVariance());
        }
    }

    private AutoencoderKl vae(ModelFiles all, boolean encodes) {
        ModelFiles files = ModelName.part(all, "vae", CONFIG);
        VaeConfig config = VaeConfig.parse(files.path(CONFIG).toString(), files.bytes(CONFIG));
        return new AutoencoderKl(config, weights(all, files, "vae"), model.device(), encodes);
    }

    private Map<String, Tensor> text(ModelFiles all, String part) {
        ModelFiles files = ModelName.part(all, part, CONFIG);
        try (ClipText network = ClipText.load(files, weights(all, files, part), ClipText.Hidden.LAST, model.device())) {
            ClipText.Encoded encoded = network.encode(tensors.in().longs("input_ids"), rows("input_ids", 2));
            encoded.hidden().close();
            Map<String, Tensor> outputs = new LinkedHashMap<>();
            outputs.put("last_hidden_state", encoded.lastHiddenState());
            outputs.put("pooler_output", encoded.pooled());
            if (encoded.textEmbeds() != null) {
                outputs.put("text_embeds", encoded.textEmbeds());
            }
            return outputs;
        }
    }

    private Map<String, Tensor> clipText(ModelFiles files) {
        try (ClipModel clip = clip(files)) {
            return Map.of("text_embeds", clip.textEmbeds(tensors.in().longs("input_ids"), rows("input_ids", 2)));
        }
    }

    private Map<String, Tensor> clipImage(ModelFiles files) {
        Safetensors in = tensors.in();
        rows("images", 4);
        byte[] bytes = in.bytes("images");
        try (ClipModel clip = clip(files);
                Tensor images = Tensors.bytes(model.device(), in.entry("images").shapeArray())) {
            Tensors.copy(bytes, images);
            Tensor pixels = clip.pixelValues(images);
            try {
                return Map.of("pixel_values", pixels, "image_embeds", clip.imageEmbeds(images));
            } catch (RuntimeException e) {
                pixels.close();
                throw e;
            }
        }
    }

    /** A CLIP model's own folder, or a pipeline's with one in it. */
    private ClipModel clip(ModelFiles files) {
        return ClipModel.load(ModelName.part(files, "clip", CONFIG), model.device());
    }

    /** Of a part's own folder, or of a pipeline's: there a part's weights may be in a file of all parts. */
    private static Weights weights(ModelFiles all, ModelFiles part, String name) {
        return part == all ? ComponentWeights.open(all, "") : ComponentWeights.open(all, name);
    }

    private Tensor floats(Safetensors in, String name) {
        return Tensors.of(model.device(), in.floats(name), sides(in, name));
    }

    /** One for all rows, or one a row; whole numbers or not. */
    private Tensor timesteps(Safetensors in, long rows) {
        String name = "timestep";
        Safetensors.Dtype type = in.entry(name).dtype();
        float[] values;
        if (type == Safetensors.Dtype.I64 || type == Safetensors.Dtype.I32) {
            long[] whole = in.longs(name);
            values = new float[whole.length];
            for (int i = 0; i < whole.length; i++) {
                values[i] = whole[i];
            }
        } else {
            values = in.floats(name);
        }
        if (values.length != 1 && values.length != rows) {
            throw new NoisetrailException(
                    in.file() + ": timestep must be one, or one a row, " + rows + ": " + values.length);
        }
        float[] all = new float[Math.toIntExact(rows)];
        for (int row = 0; row < all.length; row++) {
            all[row] = values[values.length == 1 ? 0 : row];
        }
        return Tensors.of(model.device(), all, all.length);
    }

    private int rows(String name, int dimensions) {
        List<Long> shape = tensors.in().entry(name).shape();
        if (shape.size() != dimensions) {
            throw new NoisetrailException(tensors.in().file() + ": " + name + " must have " + dimensions
                    + " dimensions: [" + shape.stream().map(String::valueOf).collect(Collectors.joining(", ")) + "]");
        }
        return Math.toIntExact(sides(tensors.in(), name)[0]);
    }

    private static long[] sides(Safetensors in, String name) {
        long[] shape = in.entry(name).shapeArray();
        // A tensor without elements may have any other sides.
        if (Arrays.stream(shape).anyMatch(side -> side < 1 || side > Integer.MAX_VALUE)) {
            throw new NoisetrailException(in.file() + ": " + name + " must have sides from 1 to " + Integer.MAX_VALUE
                    + ": " + Arrays.toString(shape));
        }
        return shape;
    }
}
