package org.noisetrail.model;

import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.noisetrail.NoisetrailException;
import org.noisetrail.checkpoint.ModelFiles;
import org.noisetrail.checkpoint.ModelIndex;
import org.noisetrail.files.Excerpt;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.diffusers.DiffusersFormat;
import org.noisetrail.model.edm.EdmFormat;
import org.noisetrail.model.format.Format;
import org.noisetrail.model.format.Parts;
import org.noisetrail.model.script.TorchScriptClassifier;
import org.noisetrail.model.script.TorchScriptFormat;
import org.noisetrail.torch.Cards;
import org.noisetrail.torch.Tf32;
import org.noisetrail.torch.Unfinished;

/**
 * A model as users name it: what draws, with what came beside it. Owns its networks. Safe to share between threads; close it once.
 *
 * <p>A model is a folder of one of these forms:
 *
 * <ul>
 *   <li>EDM: {@code config.json} (NVlabs' {@code EDMPrecond} arguments: {@code img_resolution}, {@code img_channels}, {@code model_type}, ...; {@code label_dim}, {@code class_names}) and
 *       {@code model.safetensors}, one of EDM's networks with the tensor names of NVlabs' checkpoints, made by {@code tools/convert_edm.py};
 *   <li>TorchScript: the same with {@code model.pt}, any network saved by {@code torch.jit.save}. {@code "preconditioning": "EDMPrecond"} means that its {@code
 *       forward} is the raw F(c_in * x, c_noise); {@code "none"}, that it is a denoiser D(x, sigma). Both take float32 [rows, C, H, W] and
 *       float32 [rows], then int64 labels [rows] if {@code label_dim} > 0, and return [rows, C, H, W]. TorchScript is code: it runs what the file holds;
 *   <li>diffusers: {@code model_index.json} with the parts of a Stable Diffusion 1.x, 2.x or XL pipeline beside it.
 * </ul>
 *
 * <p>Beside either: optionally {@code classifier.pt} and {@code heldout.pt}, TorchScript from images, float32 [rows, C, H, W] in 0..1, to logits [rows,
 * classes]; {@code clip} and {@code clip-heldout}, folders of CLIP models.
 */
public final class Pipeline implements AutoCloseable {
    private static final List<Format> FORMATS =
            List.of(new DiffusersFormat(), new EdmFormat(), new TorchScriptFormat());
    private static final List<String> KNOWN = List.of("fashion-mnist", "fashion-scenes");
    private static final List<String> EMBEDDED = KNOWN.stream()
            .filter(name -> FORMATS.stream().anyMatch(format -> format.recognises(ModelFiles.embedded(name))))
            .toList();

    private static final int KEPT_GUIDES = 16;

    private final String name;
    private final String location;
    private final ModelFiles files;
    private final Device device;
    private final PipelineOptions options;
    private final Parts parts;
    private final Map<String, Classifier> classifiers = new LinkedHashMap<>();
    private final Map<String, AutoCloseable> shared = new LinkedHashMap<>();
    /** Under the guidances that were last asked for: each has a name of its own, for which all the model's files are read. */
    private final Map<Double, Pipeline> guides = new LinkedHashMap<>(16, .75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Double, Pipeline> eldest) {
            return size() > KEPT_GUIDES;
        }
    };
    /** Whose networks these are; null for this pipeline's own. */
    private final @Nullable Pipeline owner;
    /** What it needs of the process on a card; null elsewhere, and where another owns the networks. */
    private @Nullable Tf32 rounding;

    private boolean closed;

    private Pipeline(String name, String location, Device device, PipelineOptions options) {
        this.name = name;
        this.location = location;
        this.files = ModelFiles.at(location);
        this.device = device;
        this.options = options;
        this.owner = null;
        Format form = FORMATS.stream()
                .filter(format -> format.recognises(files))
                .findFirst()
                .orElseThrow(() -> unknown(files));
        try (Unfinished made = new Unfinished()) {
            this.rounding = device.isCuda() ? made.add(Tf32.hold(options.precision() == Precision.TF32)) : null;
            Parts loaded = made.finish(form.load(files, device, options));
            this.parts = loaded.drawing(loaded.networks().denoiser());
        }
    }

    private Pipeline(Pipeline owner, PipelineOptions options, Denoiser denoiser) {
        this.name = owner.name;
        this.location = owner.location;
        this.files = owner.files;
        this.device = owner.device;
        this.options = options;
        this.owner = owner;
        this.parts = owner.parts.drawing(denoiser);
    }

    /** The names of the models embedded in the library's jars that are on the class path. */
    public static List<String> embedded() {
        return EMBEDDED;
    }

    /** Loads a model as it is, on the first card where one can be used, else on the CPU; why a card of LibTorch's GPU build cannot be used is logged. */
    public static Pipeline load(String nameOrFolder) {
        return load(nameOrFolder, Cards.best());
    }

    /** Loads a model as it is: {@link #load(String, Device, PipelineOptions)} with no options. */
    public static Pipeline load(String nameOrFolder, Device device) {
        return load(nameOrFolder, device, PipelineOptions.DEFAULT);
    }

    /**
     * Loads an embedded model by name or a folder. A name wins over a folder of that name; write {@code ./fashion-mnist} for the folder.
     *
     * @throws NoisetrailException if there is no such model, a file is missing or broken, or the device cannot be used
     * @throws IllegalArgumentException if an option is not one of this model's
     */
    public static Pipeline load(String nameOrFolder, Device device, PipelineOptions options) {
        Cards.require(device);
        if (EMBEDDED.contains(nameOrFolder)) {
            return new Pipeline(nameOrFolder, nameOrFolder, device, options);
        }
        if (KNOWN.contains(nameOrFolder)) {
            throw new NoisetrailException("the model " + nameOrFolder
                    + " comes in a jar of its own, which is not on the class path: that of classifier " + nameOrFolder);
        }
        Path folder;
        try {
            folder = Path.of(nameOrFolder);
        } catch (InvalidPathException e) {
            throw unknown(nameOrFolder);
        }
        if (Files.isRegularFile(folder)) {
            throw new NoisetrailException(
                    Excerpt.of(nameOrFolder) + " is a file, not a model: " + ModelIndex.describe(folder));
        }
        if (!Files.isDirectory(folder)) {
            throw unknown(nameOrFolder);
        }
        Path whole = folder.toAbsolutePath().normalize();
        return new Pipeline(whole.getFileName() + "", whole.toString(), device, options);
    }

    private static NoisetrailException unknown(ModelFiles files) {
        String known = ModelIndex.describe(files);
        return new NoisetrailException(files.path("") + " is not a model: it has neither "
                + String.join(", nor ", FORMATS.stream().map(Format::lookedFor).toList())
                + (known == null ? "" : "; " + known));
    }

    private static NoisetrailException unknown(String nameOrFolder) {
        return new NoisetrailException("no model \"" + Excerpt.of(nameOrFolder) + "\": neither a folder nor one of "
                + String.join(", ", EMBEDDED));
    }

    /** As messages name it: an embedded model's name, or the last of its folder's. */
    public String name() {
        return name;
    }

    /** Where its networks run. */
    public Device device() {
        return device;
    }

    /** What it draws with; the pipeline's to close. */
    public Networks networks() {
        return parts.networks();
    }

    /** The network with its guidance; the pipeline's to close. */
    public Denoiser denoiser() {
        return networks().denoiser();
    }

    /** From the denoiser's states to images; the pipeline's to close. */
    public Decoder decoder() {
        return networks().decoder();
    }

    /** Judges candidates in the decoder's place; null for none. */
    public @Nullable Decoder previewDecoder() {
        return networks().preview();
    }

    /** The model's own sampler, as {@code Samplers.parse} reads it. */
    public String sampler() {
        return parts.sampler();
    }

    /**
     * What the model's files say of settings that samplers have, texts by name, such as {@code timestep-spacing}: they hold for any sampler that has them. Empty where they
     * say nothing.
     */
    public Map<String, String> samplerSettings() {
        return parts.samplerSettings();
    }

    /** What was asked of it that changes images, by name: a trail keeps it. */
    public Map<String, String> settings() {
        return options.settings();
    }

    /** Names of its classes, the numbers where its files have none; empty where it draws none. */
    public List<String> classNames() {
        return parts.classNames();
    }

    /** Whether it draws prompts. */
    public boolean takesPrompts() {
        return parts.takesPrompts();
    }

    /** Where its files are, and those of rewards that came beside it: its folder as an absolute path, or the name of an embedded model. */
    public String location() {
        return location;
    }

    /**
     * What rewards of this model's images share, such as a CLIP model beside it, which may be larger than the model itself: made when first asked for, the pipeline's to close.
     *
     * @param name of it among those of its type
     * @throws NoisetrailException if the pipeline was closed
     */
    public synchronized <T extends AutoCloseable> T shared(Class<T> type, String name, Supplier<T> make) {
        if (owner != null) {
            return owner.shared(type, name, make);
        }
        requireOpen();
        return type.cast(shared.computeIfAbsent(type.getName() + " " + name, absent -> make.get()));
    }

    private void requireOpen() {
        if (closed) {
            throw new NoisetrailException("the model was closed");
        }
    }

    /** Whether {@link #classifier} gives one of this name: the file is there, and TorchScript is allowed. */
    public boolean hasClassifier(String file) {
        return options.torchScript() && files.has(file);
    }

    /**
     * A TorchScript classifier beside the model, {@code classifier.pt} or {@code heldout.pt}. Loaded when first asked for; the pipeline's to close.
     *
     * @throws MissingPartException if the model has no such file
     * @throws NoisetrailException if it is broken, or TorchScript is not allowed
     */
    public synchronized Classifier classifier(String file) {
        if (owner != null) {
            return owner.classifier(file);
        }
        requireOpen();
        return classifiers.computeIfAbsent(file, absent -> {
            if (!files.has(file)) {
                throw new MissingPartException("model " + name + " has no " + file);
            }
            TorchScriptFormat.requireAllowed(files.path(file), options);
            return new TorchScriptClassifier(files, file, device);
        });
    }

    /**
     * The same model under another guidance, as if it had been loaded so: its images have the same bits, and trails name it alike. It shares this pipeline's networks and owns nothing:
     * closing it does nothing, closing this one ends both. The first search of each guidance reads all files of the model for its name; the 16 guidances last asked for are remembered.
     *
     * @param guidance 0 to 10000; 1: none, at half the cost
     * @throws IllegalArgumentException if it is out of range, or the model has no guidance
     */
    public synchronized Pipeline guided(double guidance) {
        if (owner != null) {
            return owner.guided(guidance);
        }
        if (parts.guide() == null) {
            throw new IllegalArgumentException("the model draws classes, not prompts: it has no guidance");
        }
        Pipeline guided = guides.get(guidance);
        if (guided == null) {
            PipelineOptions others = options.withGuidance(guidance);
            guided = new Pipeline(this, others, parts.guide().apply(others));
            guides.put(guidance, guided);
        }
        return guided;
    }

    /** Waits for calls in progress; later ones fail. */
    @Override
    public synchronized void close() {
        if (owner != null) {
            return;
        }
        closed = true;
        denoiser().close();
        parts.network().close();
        decoder().close();
        if (previewDecoder() != null) {
            previewDecoder().close();
        }
        classifiers.values().forEach(Classifier::close);
        Unfinished.closeAll(shared.values());
        if (rounding != null) {
            rounding.close();
        }
    }
}
