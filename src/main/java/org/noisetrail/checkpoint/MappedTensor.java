package org.noisetrail.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.DeviceOptional;
import org.bytedeco.pytorch.PointerConsumer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.noisetrail.files.AtomicFiles;
import org.noisetrail.kernels.Device;
import org.noisetrail.torch.Tensors;
import org.noisetrail.torch.Torch;

/** Tensors over a mapped file. Apart from {@link Safetensors}, so that reading into Java arrays does not load LibTorch. */
public final class MappedTensor {
    /** The mappings that LibTorch still uses, by address: a mapping ends when its buffer is collected. */
    private static final Map<Long, ByteBuffer> IN_USE = new ConcurrentHashMap<>();

    /** One for all tensors and for ever: LibTorch calls it when a tensor's last user is gone, and aborts if it was collected. */
    private static final PointerConsumer RELEASE;

    private static final DeviceOptional CPU;

    static {
        Torch.load();
        RELEASE = Torch.keep(new PointerConsumer() {
            @Override
            public void call(Pointer data) {
                IN_USE.remove(data.address());
            }
        });
        CPU = Torch.keep(new DeviceOptional());
    }

    private MappedTensor() {}

    public static Tensor of(Path file, Safetensors.Entry entry) {
        ScalarType type = type(entry.dtype());
        try (FileChannel channel = FileChannel.open(file)) {
            if (entry.bytes() > 0
                    && entry.bytes() <= Integer.MAX_VALUE
                    && entry.offset() * Byte.SIZE % entry.dtype().bits() == 0) {
                ByteBuffer buffer = channel.map(FileChannel.MapMode.READ_ONLY, entry.offset(), entry.bytes());
                BytePointer data = new BytePointer(buffer);
                IN_USE.put(data.address(), buffer);
                try {
                    return Torch.call(() ->
                            torch.from_blob(data, entry.shapeArray(), RELEASE, Tensors.options(Device.CPU, type), CPU));
                } catch (RuntimeException e) {
                    IN_USE.remove(data.address());
                    throw e;
                }
            }
            Tensor copy = Tensors.empty(Device.CPU, type, entry.shapeArray());
            try {
                read(channel, entry, copy);
            } catch (IOException | RuntimeException e) {
                copy.close();
                throw e;
            }
            return copy;
        } catch (IOException e) {
            throw AtomicFiles.cannotRead(file, e);
        }
    }

    private static void read(FileChannel channel, Safetensors.Entry entry, Tensor target) throws IOException {
        long done = 0;
        while (done < entry.bytes()) {
            long count = Math.min(1 << 30, entry.bytes() - done);
            BytePointer part = new BytePointer(target.data_ptr()).position(done).limit(done + count);
            Safetensors.readFully(channel, entry.offset() + done, part.asByteBuffer());
            done += count;
        }
    }

    private static ScalarType type(Safetensors.Dtype dtype) {
        return switch (dtype) {
            case F64 -> ScalarType.Double;
            case F32 -> ScalarType.Float;
            case F16 -> ScalarType.Half;
            case BF16 -> ScalarType.BFloat16;
            case I64 -> ScalarType.Long;
            case I32 -> ScalarType.Int;
            case I16 -> ScalarType.Short;
            case I8 -> ScalarType.Char;
            case U8 -> ScalarType.Byte;
            case BOOL -> ScalarType.Bool;
            default -> throw new IllegalArgumentException("dtype must be readable: " + dtype);
        };
    }
}
