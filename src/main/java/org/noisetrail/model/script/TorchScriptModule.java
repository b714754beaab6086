package org.noisetrail.model.script;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import org.bytedeco.pytorch.DeviceOptional;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.JitModule;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.noisetrail.NoisetrailException;
import org.noisetrail.checkpoint.ModelFiles;
import org.noisetrail.files.AtomicFiles;
import org.noisetrail.kernels.Device;
import org.noisetrail.torch.CallGate;
import org.noisetrail.torch.Cards;
import org.noisetrail.torch.NoGradients;
import org.noisetrail.torch.PlainExecutor;
import org.noisetrail.torch.Tensors;
import org.noisetrail.torch.Torch;

/** A TorchScript file's {@code forward}, from tensors to one tensor. Thread-safe. */
public final class TorchScriptModule implements AutoCloseable {
    private final JitModule module;
    private final CallGate gate;

    public TorchScriptModule(ModelFiles files, String file, Device device) {
        Cards.require(device);
        this.gate = new CallGate(device);
        this.module = files.with(file, path -> load(path, files.path(file), device));
    }

    private static JitModule load(Path path, Path name, Device device) {
        requireTorchScript(path, name);
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
    private static void requireTorchScript(Path file, Path name) {
        boolean pickle;
        try (ZipFile zip = new ZipFile(file.toFile())) {
            if (zip.stream().anyMatch(entry -> entry.getName().matches("[^/]+/constants\\.pkl"))) {
                return;
            }
            pickle = zip.stream().anyMatch(entry -> entry.getName().matches("[^/]+/data\\.pkl"));
        } catch (ZipException e) {
            pickle = firstByte(file, name) == 0x80;
        } catch (IOException e) {
            throw AtomicFiles.cannotRead(name, e);
        }
        throw new NoisetrailException(name
                + (pickle
                        ? ": a pickle of torch.save (a state dict or a whole module), which needs Python's classes to be read: save its"
                                + " tensors as model.safetensors, or the module with torch.jit.save"
                        : ": not a whole TorchScript file (torch.jit.save)"));
    }

    private static int firstByte(Path file, Path name) {
        try (InputStream in = Files.newInputStream(file)) {
            return in.read();
        } catch (IOException e) {
            throw AtomicFiles.cannotRead(name, e);
        }
    }

    public Tensor call(Tensor... inputs) {
        return gate.call(() -> {
            try (NoGradients noGradients = new NoGradients();
                    PlainExecutor plain = new PlainExecutor()) {
                return run(inputs);
            }
        });
    }

    private Tensor run(Tensor[] inputs) {
        // Asking applies the number of threads to a thread that is new to LibTorch; oneDNN would not ask.
        torch.get_num_threads();
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
                try (Tensor output = new Tensor(result.toTensor());
                        Tensor floats = output.to(torch.ScalarType.Float)) {
                    return floats.contiguous();
                }
            }
        }
    }

    @Override
    public void close() {
        gate.close(module::deallocate);
    }
}
