package org.noisetrail.model.clip;

import java.util.Arrays;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;
import org.noisetrail.NoisetrailException;
import org.noisetrail.checkpoint.ConfigFile;
import org.noisetrail.checkpoint.LaterFile;
import org.noisetrail.checkpoint.ModelFiles;
import org.noisetrail.kernels.Device;
import org.noisetrail.kernels.Kernels;
import org.noisetrail.model.ImageShape;
import org.noisetrail.model.layers.Script;
import org.noisetrail.torch.CardMemory;
import org.noisetrail.torch.OutOfMemory;
import org.noisetrail.torch.Recording;
import org.noisetrail.torch.ScriptFunction;
import org.noisetrail.torch.Tensors;
import org.noisetrail.torch.Torch;
import org.noisetrail.torch.TorchLane;

/**
 * What becomes of an image before CLIP sees it, as transformers' {@code CLIPImageProcessor} does it: resized by Pillow's bicubic filter,
 * to the bit, so that its shorter side fits; its centre cropped; its values scaled and normalised. On the images' device. Thread-safe.
 */
public final class ClipPreprocessor implements AutoCloseable {
    static final String FILE = "preprocessor_config.json";

    /** What of transformers 5's file is meant for images. */
    private static final String IMAGES = "image_processor";

    private static final int BICUBIC = 3;
    private static final int LARGEST = 1 << 14;
    /** In pixels, of what the kernel resizes and of what it resizes to. */
    private static final int LARGEST_SIDE = 1 << 16;

    private static final double[] CLIP_MEAN = {0.48145466, 0.4578275, 0.40821073};
    private static final double[] CLIP_STD = {0.26862954, 0.26130258, 0.27577711};

    private final Device device;
    private final String file;

    /** Null where images keep their size, or are not cropped. */
    private final @Nullable Size resize;

    private final @Nullable Size crop;
    private final ScriptFunction normalise;

    /** Of an image; as what it is resized to, width 0 says that the height is meant for the shorter side. */
    private record Size(int height, int width) {}

    /**
     * @param size height and width of the images that the network sees: what the defaults of an absent file, or key, are
     * @throws NoisetrailException that names the file, if it is broken or asks for what is not known here
     */
    ClipPreprocessor(ModelFiles files, int size, Device device) {
        boolean later = LaterFile.PROCESSOR.counts(files, "");
        ConfigFile config = later ? images(files) : ConfigFile.readIfThere(files, FILE);
        if (config.integer("resample", BICUBIC, 0, LARGEST) != BICUBIC) {
            throw config.wrong("resample", "3 (bicubic)");
        }
        this.device = device;
        this.file = later ? LaterFile.PROCESSOR.file() : FILE;
        this.resize = config.flag("do_resize", true) ? size(config, "size", new Size(size, 0)) : null;
        this.crop = config.flag("do_center_crop", true) ? size(config, "crop_size", new Size(size, size)) : null;
        double rescale = config.flag("do_rescale", true) ? config.positive("rescale_factor", 1.0 / 255) : 1;
        boolean normalised = config.flag("do_normalize", true);
        double[] mean = normalised ? config.numbers("image_mean", CLIP_MEAN) : new double[3];
        double[] std = normalised ? config.numbers("image_std", CLIP_STD) : new double[] {1, 1, 1};
        float[] factor = new float[3];
        float[] offset = new float[3];
        for (int c = 0; c < 3; c++) {
            if (!(std[c] > 0)) {
                throw config.wrong("image_std", "a list of 3 numbers > 0");
            }
            factor[c] = (float) (rescale / std[c]);
            offset[c] = (float) (-mean[c] / std[c]);
        }
        this.normalise = Torch.call(() -> build(factor, offset, device));
    }

    /** Where the file says nothing of images they are prepared as where there is none. */
    private static ConfigFile images(ModelFiles files) {
        ConfigFile whole = ConfigFile.read(files, LaterFile.PROCESSOR.file());
        return whole.has(IMAGES) ? whole.object(IMAGES) : ConfigFile.readIfThere(files, FILE);
    }

    /** @throws IllegalArgumentException if images of this shape do not become what a network of this image size sees */
    void check(ImageShape shape, int imageSize) {
        if (shape.channels() != 1 && shape.channels() != 3) {
            throw new IllegalArgumentException("channels of an image for CLIP must be 1 or 3: " + shape.channels());
        }
        checkSides("", shape.height(), shape.width());
        Size whole = resized(shape.height(), shape.width());
        checkSides(" once resized", whole.height, whole.width);
        Size size = seen(whole);
        if (size.height != imageSize || size.width != imageSize) {
            throw new IllegalArgumentException("images must become " + imageSize + " x " + imageSize
                    + ", what CLIP sees, by " + file + ": " + size.height + " x " + size.width);
        }
    }

    private static void checkSides(String when, int height, int width) {
        if (height > LARGEST_SIDE || width > LARGEST_SIDE) {
            throw new IllegalArgumentException("height and width of an image for CLIP must be <= " + LARGEST_SIDE + when
                    + ": " + height + " x " + width);
        }
    }

    /**
     * @param images uint8 [rows, 1 or 3, height, width] on this device, contiguous; grey ones become RGB
     * @return float32 [rows, 3, height and width that the network sees], the caller's to close
     * @throws IllegalArgumentException if they have another shape, or are smaller than what is cropped
     */
    public Tensor pixelValues(Tensor images) {
        long[] shape = Tensors.shape(images);
        if (shape.length != 4 || shape[1] != 1 && shape[1] != 3) {
            throw new IllegalArgumentException(
                    "images must be [rows, 1 or 3, height, width]: " + Arrays.toString(shape));
        }
        // The kernel reads them through a raw pointer.
        if (images.scalar_type().intern() != ScalarType.Byte || !Tensors.isOn(images, device)) {
            throw new IllegalArgumentException("images must be uint8 on " + device + ": "
                    + images.scalar_type().intern() + (images.is_cuda() ? " on a GPU" : " on the CPU"));
        }
        try (Tensor crops = crops(images)) {
            return Torch.call(() -> normalise.call(crops));
        }
    }

    /** @return uint8 [rows, channels, height, width], the caller's to close */
    Tensor crops(Tensor images) {
        int height = Math.toIntExact(images.size(2));
        int width = Math.toIntExact(images.size(3));
        Size whole = resized(height, width);
        Size part = seen(whole);
        Tensor crops = Tensors.bytes(device, images.size(0), images.size(1), part.height, part.width);
        try {
            resize(images, whole, part, crops);
            return crops;
        } catch (RuntimeException e) {
            crops.close();
            throw e;
        }
    }

    private void resize(Tensor images, Size whole, Size part, Tensor crops) {
        Runnable resizing = () -> Kernels.on(TorchLane.current(device))
                .resize(
                        Tensors.pointer(images),
                        images.size(0),
                        Math.toIntExact(images.size(1)),
                        Math.toIntExact(images.size(2)),
                        Math.toIntExact(images.size(3)),
                        whole.height,
                        whole.width,
                        part.height,
                        part.width,
                        Tensors.pointer(crops));
        try {
            resizing.run();
        } catch (NoisetrailException e) {
            if (!device.isCuda() || !OutOfMemory.is(e) || Recording.isOpen()) {
                throw e;
            }
            // A card's kernel takes its scratch of the driver, which LibTorch may have left nothing.
            CardMemory.release();
            resizing.run();
        }
    }

    private Size seen(Size whole) {
        if (crop != null && (crop.height > whole.height || crop.width > whole.width)) {
            throw new IllegalArgumentException("images must be at least " + crop.height + " x " + crop.width
                    + " once resized: " + whole.height + " x " + whole.width);
        }
        return crop == null ? whole : crop;
    }

    private Size resized(int height, int width) {
        if (resize == null) {
            return new Size(height, width);
        }
        int side = resize.height;
        if (resize.width > 0) {
            return resize;
        }
        // Python's int(size * long / short).
        return height <= width
                ? new Size(side, (int) ((double) ((long) side * width) / height))
                : new Size((int) ((double) ((long) side * height) / width), side);
    }

    @Override
    public void close() {
        normalise.close();
    }

    @SuppressWarnings("try")
    private static ScriptFunction build(float[] factor, float[] offset, Device device) {
        try (PointerScope leftovers = new PointerScope();
                Script script = new Script(device)) {
            String times = script.argument(Tensors.of(Device.CPU, factor, 1, 3, 1, 1));
            String plus = script.argument(Tensors.of(Device.CPU, offset, 1, 3, 1, 1));
            // With three channels here, a grey image's only one is repeated.
            String pixels = script.assign("(crops.float() * " + times + ").add_(" + plus + ")");
            return script.compile("crops: Tensor", pixels);
        }
    }

    /** {@code 224}, {@code {"shortest_edge": 224}} or {@code {"height": 224, "width": 224}}. */
    private static Size size(ConfigFile config, String key, Size fallback) {
        if (!config.has(key)) {
            return fallback;
        }
        if (!config.isObject(key)) {
            int side = config.integer(key, 1, LARGEST);
            return new Size(side, fallback.width == 0 ? 0 : side);
        }
        ConfigFile size = config.object(key);
        if (fallback.width == 0 && size.has("shortest_edge")) {
            return new Size(size.integer("shortest_edge", 1, LARGEST), 0);
        }
        return new Size(size.integer("height", 1, LARGEST), size.integer("width", 1, LARGEST));
    }
}
