package org.noisetrail.model;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.concurrent.locks.StampedLock;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.bytedeco.pytorch.DeviceOptional;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.JitModule;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.noisetrail.NoisetrailException;
import org.noisetrail.kernels.Device;

/** A TorchScript file's {@code forward}, from tensors to one tensor. Thread-safe. */
final class TorchScriptModule implements AutoCloseable {
    private final JitModule module;
    private final StampedLock open = new StampedLock();
    private boolean closed;

    TorchScriptModule(ModelFiles files, String file, Device device) {
        requireTorchScript(files, file);
        this.module = files.with(file, path -> load(path, files.path(file), device));
    }

    private static JitModule load(Path path, Path name, Device device) {
        try (var target = Tensors.torchDevice(device);
                var optional = new DeviceOptional(target)) {
            JitModule module = Torch.keep(torch.load(path.toString(), optional, false));
            module.eval();
            return module;
        } catch (RuntimeException e) {
            throw new NoisetrailException(name + ": LibTorch cannot load it: " + Torch.firstLine(e));
        }
    }

    /** LibTorch's own words for a file that is not TorchScript speak of archives and pickles. */
    private static void requireTorchScript(ModelFiles files, String file) {
        boolean archive = false;
        boolean code = false;
        try (ZipInputStream zip = new ZipInputStream(files.open(file))) {
            for (ZipEntry entry = zip.getNextEntry(); entry != null && !code; entry = zip.getNextEntry()) {
                archive = true;
                code = entry.getName().matches("[^/]+/(code/.*|constants\\.pkl)");
            }
        } catch (IOException e) {
            if (!archive) {
                throw Safetensors.failed("cannot read", files.path(file), e);
            }
        } catch (IllegalArgumentException e) {
            // A name that is not UTF-8: no file of torch.jit.save.
            archive = false;
        }
        if (!code) {
            throw new NoisetrailException(files.path(file)
                    + (archive || isPickle(files, file)
                            ? ": a pickle of torch.save (a state dict or a whole module), which needs Python's classes to be read: save"
                                    + " its tensors as model.safetensors, or the module with torch.jit.save"
                            : ": not a TorchScript file (torch.jit.save)"));
        }
    }

    private static boolean isPickle(ModelFiles files, String file) {
        try (InputStream in = files.open(file)) {
            return in.read() == 0x80;
        } catch (IOException e) {
            return false;
        }
    }

    Tensor call(Tensor... inputs) {
        long stamp = open.readLock();
        try (NoGradGuard guard = new NoGradGuard()) {
            if (closed) {
                throw new NoisetrailException("the model was closed");
            }
            guard.isNull();
            return run(inputs);
        } finally {
            open.unlockRead(stamp);
        }
    }

    private Tensor run(Tensor[] inputs) {
        torch.setGraphExecutorOptimize(false);
        try (IValueVector vector = new IValueVector()) {
            for (Tensor input : inputs) {
                try (IValue value = new IValue(input)) {
                    vector.push_back(value);
                }
            }
            try (IValue result = module.forward(vector)) {
                if (!result.isTensor()) {
                    throw new NoisetrailException("a TorchScript network must return one tensor: its forward returns "
                            + result.tagKind().getString());
                }
                // toTensor is a view into the result.
                try (Tensor output = new Tensor(result.toTensor())) {
                    return output.to(torch.ScalarType.Float).contiguous();
                }
            }
        }
    }

    @Override
    public void close() {
        long stamp = open.writeLock();
        try {
            if (!closed) {
                closed = true;
                module.deallocate();
            }
        } finally {
            open.unlockWrite(stamp);
        }
    }
}
