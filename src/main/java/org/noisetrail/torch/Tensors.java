package org.noisetrail.torch;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.DeviceOptional;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.noisetrail.kernels.Device;

/**
 * LibTorch tensors as the rooms above use them. Internal: public only because those rooms are packages of their own.
 *
 * <p>Every tensor returned is the caller's to close. Thread-safe, as far as two threads do not write to the same tensor.
 */
public final class Tensors {
    private record Kind(Device device, ScalarType type) {}

    /** What makes a tensor is the same each time: kept, because building it costs more than the allocation. */
    private static final Map<Kind, TensorOptions> OPTIONS = new ConcurrentHashMap<>();

    private static final MemoryFormatOptional ANY_FORMAT;
    private static final DoubleOptional NAN;
    private static final DoubleOptional LOWEST;

    static {
        Torch.load();
        ANY_FORMAT = Torch.keep(new MemoryFormatOptional());
        NAN = Torch.keep(new DoubleOptional(Double.NaN));
        LOWEST = Torch.keep(new DoubleOptional(Double.NEGATIVE_INFINITY));
    }

    private Tensors() {}

    /** Float32, uninitialised, contiguous; so are the ones below. */
    public static Tensor floats(Device device, long... shape) {
        return empty(device, ScalarType.Float, shape);
    }

    public static Tensor doubles(Device device, long... shape) {
        return empty(device, ScalarType.Double, shape);
    }

    /** uint8. */
    public static Tensor bytes(Device device, long... shape) {
        return empty(device, ScalarType.Byte, shape);
    }

    public static Tensor ints(Device device, long... shape) {
        return empty(device, ScalarType.Int, shape);
    }

    public static Tensor longs(Device device, long... shape) {
        return empty(device, ScalarType.Long, shape);
    }

    public static Tensor empty(Device device, ScalarType type, long... shape) {
        return Torch.call(() -> torch.torch_empty(shape, options(device, type), ANY_FORMAT));
    }

    /**
     * Where the tensor's elements begin, on its device. It does not keep the tensor alive.
     *
     * @throws IllegalArgumentException if the tensor is not contiguous
     */
    public static Pointer pointer(Tensor tensor) {
        requireContiguous(tensor);
        return tensor.data_ptr();
    }

    /** Rows {@code from} to {@code from + count} (dimension 0), as a view: it shares the tensor's memory and keeps it alive. */
    public static Tensor rows(Tensor tensor, long from, long count) {
        return Torch.call(() -> tensor.narrow(0, from, count));
    }

    /** A new float32 tensor of this shape with these values. */
    public static Tensor of(Device device, float[] values, long... shape) {
        try (Unfinished parts = new Unfinished()) {
            Tensor tensor = parts.add(floats(device, shape));
            copy(values, tensor);
            return parts.finish(tensor);
        }
    }

    /** A new int64 tensor of this shape with these values. */
    public static Tensor of(Device device, long[] values, long... shape) {
        try (Unfinished parts = new Unfinished()) {
            Tensor tensor = parts.add(longs(device, shape));
            copy(values, tensor);
            return parts.finish(tensor);
        }
    }

    /** A new float64 tensor of this shape with these values. */
    public static Tensor of(Device device, double[] values, long... shape) {
        try (Unfinished parts = new Unfinished()) {
            Tensor tensor = parts.add(doubles(device, shape));
            copy(values, tensor);
            return parts.finish(tensor);
        }
    }

    /** A new int32 tensor of this shape with these values. */
    public static Tensor of(Device device, int[] values, long... shape) {
        try (Unfinished parts = new Unfinished()) {
            Tensor tensor = parts.add(ints(device, shape));
            copy(values, tensor);
            return parts.finish(tensor);
        }
    }

    /** A new tensor of these behind each other in a dimension, in which alone they may differ. */
    public static Tensor cat(List<Tensor> parts, long dimension) {
        return Torch.call(() -> {
            try (TensorVector all = new TensorVector(parts.toArray(Tensor[]::new))) {
                return torch.cat(all, dimension);
            }
        });
    }

    /** target = source, of the same shape. */
    @SuppressWarnings("CheckReturnValue") // copy_ gives back the tensor that it fills
    public static void copy(Tensor source, Tensor target) {
        Torch.run(() -> target.copy_(source));
    }

    /** Sets every element. */
    @SuppressWarnings("CheckReturnValue")
    public static void fill(Tensor target, double value) {
        Torch.run(() -> {
            try (Scalar scalar = new Scalar(value)) {
                target.fill_(scalar);
            }
        });
    }

    /** NaN in the place of plus infinity; the rest stays. */
    @SuppressWarnings("CheckReturnValue")
    public static void forgetInfinity(Tensor target) {
        Torch.run(() -> target.nan_to_num_(NAN, NAN, LOWEST));
    }

    /** Fills the first {@code source.length} elements of a contiguous float32 tensor. */
    public static void copy(float[] source, Tensor target) {
        put(
                target,
                ScalarType.Float,
                source.length,
                host -> host.data_ptr_float().put(source, 0, source.length));
    }

    /** Fills the first {@code source.length} elements of a contiguous float64 tensor. */
    public static void copy(double[] source, Tensor target) {
        put(
                target,
                ScalarType.Double,
                source.length,
                host -> host.data_ptr_double().put(source, 0, source.length));
    }

    /** Fills the first {@code source.length} elements of a contiguous int32 tensor. */
    public static void copy(int[] source, Tensor target) {
        put(target, ScalarType.Int, source.length, host -> host.data_ptr_int().put(source, 0, source.length));
    }

    /** Fills the first {@code source.length} elements of a contiguous int64 tensor. */
    public static void copy(long[] source, Tensor target) {
        put(target, ScalarType.Long, source.length, host -> host.data_ptr_long().put(source, 0, source.length));
    }

    /** Fills the first {@code source.length} elements of a contiguous uint8 tensor. */
    public static void copy(byte[] source, Tensor target) {
        put(target, ScalarType.Byte, source.length, host -> host.data_ptr_byte().put(source, 0, source.length));
    }

    /** @param put into the first {@code count} elements of a tensor in the host's memory */
    private static void put(Tensor target, ScalarType type, int count, Consumer<Tensor> put) {
        check(target, type, count);
        if (count == 0) {
            return;
        }
        Traffic.uploaded();
        if (!target.is_cuda()) {
            put.accept(target);
            return;
        }
        try (Tensor host = empty(Device.CPU, type, count)) {
            put.accept(host);
            upload(host, target);
        }
    }

    /** All elements of a float32 tensor, row-major. */
    public static float[] toFloats(Tensor tensor) {
        return get(
                tensor,
                ScalarType.Float,
                float[]::new,
                (host, values) -> host.data_ptr_float().get(values));
    }

    /** All elements of a float64 tensor, row-major. */
    public static double[] toDoubles(Tensor tensor) {
        return get(
                tensor,
                ScalarType.Double,
                double[]::new,
                (host, values) -> host.data_ptr_double().get(values));
    }

    /** All elements of an int32 tensor, row-major. */
    public static int[] toInts(Tensor tensor) {
        return get(
                tensor,
                ScalarType.Int,
                int[]::new,
                (host, values) -> host.data_ptr_int().get(values));
    }

    /** All elements of an int64 tensor, row-major. */
    public static long[] toLongs(Tensor tensor) {
        return get(
                tensor,
                ScalarType.Long,
                long[]::new,
                (host, values) -> host.data_ptr_long().get(values));
    }

    /** All elements of a uint8 tensor, row-major. */
    public static byte[] toBytes(Tensor tensor) {
        return get(
                tensor,
                ScalarType.Byte,
                byte[]::new,
                (host, values) -> host.data_ptr_byte().get(values));
    }

    /** @param get from a tensor in the host's memory, which has elements */
    private static <T> T get(Tensor tensor, ScalarType type, IntFunction<T> make, BiConsumer<Tensor, T> get) {
        try (Tensor host = download(tensor, type)) {
            int count = length(host);
            T values = make.apply(count);
            if (count > 0) {
                get.accept(host, values);
            }
            return values;
        }
    }

    public static long[] shape(Tensor tensor) {
        long[] shape = new long[(int) tensor.dim()];
        for (int i = 0; i < shape.length; i++) {
            shape[i] = tensor.size(i);
        }
        return shape;
    }

    public static TensorOptions options(Device device, ScalarType type) {
        return OPTIONS.computeIfAbsent(new Kind(device, type), kind -> {
            try (var plain = new TensorOptions();
                    var typeOptional = new ScalarTypeOptional(type);
                    var typed = plain.dtype(typeOptional);
                    var torchDevice = torchDevice(device);
                    var deviceOptional = new DeviceOptional(torchDevice)) {
                return Torch.keep(typed.device(deviceOptional));
            }
        });
    }

    public static org.bytedeco.pytorch.Device torchDevice(Device device) {
        return new org.bytedeco.pytorch.Device(device.toString());
    }

    /** Whether the tensor's elements are of that type; without {@code intern()}, which copies an array of all types at each call. */
    public static boolean is(Tensor tensor, ScalarType type) {
        return tensor.scalar_type().value == type.value;
    }

    /** Whether the tensor's memory is the device's: one card's is not another's. */
    public static boolean isOn(Tensor tensor, Device device) {
        try (var own = tensor.device();
                var asked = torchDevice(device)) {
            return own.equals(asked);
        }
    }

    /** Whether two tensors' memory is the same device's. */
    public static boolean areTogether(Tensor one, Tensor other) {
        // Without the objects that device() makes, where it can be: this is asked at every call of a network.
        if (one.is_cpu() || other.is_cpu()) {
            return one.is_cpu() && other.is_cpu();
        }
        try (var first = one.device();
                var second = other.device()) {
            return first.equals(second);
        }
    }

    private static void upload(Tensor host, Tensor target) {
        try (Tensor flat = target.view(-1);
                Tensor part = flat.narrow(0, 0, host.numel())) {
            Torch.run(() -> part.copy_(host));
        }
    }

    private static Tensor download(Tensor tensor, ScalarType type) {
        if (tensor.scalar_type().intern() != type) {
            throw new IllegalArgumentException(
                    "tensor must be " + type + ": " + tensor.scalar_type().intern());
        }
        Traffic.downloaded();
        return Torch.call(() -> {
            if (!tensor.is_cuda()) {
                return tensor.contiguous();
            }
            try (Tensor host = tensor.cpu()) {
                return host.contiguous();
            }
        });
    }

    private static int length(Tensor tensor) {
        return Math.toIntExact(tensor.numel());
    }

    private static void check(Tensor target, ScalarType type, int count) {
        requireContiguous(target);
        if (target.scalar_type().intern() != type) {
            throw new IllegalArgumentException(
                    "tensor must be " + type + ": " + target.scalar_type().intern());
        }
        if (count > target.numel()) {
            throw new IllegalArgumentException(
                    "values must be <= " + target.numel() + " (the tensor's elements): " + count);
        }
    }

    private static void requireContiguous(Tensor tensor) {
        if (!tensor.is_contiguous()) {
            throw new IllegalArgumentException("tensor must be contiguous");
        }
    }
}
