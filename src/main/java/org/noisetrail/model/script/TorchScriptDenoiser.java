package org.noisetrail.model.script;

import java.util.Arrays;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.noisetrail.NoisetrailException;
import org.noisetrail.checkpoint.Digest;
import org.noisetrail.checkpoint.ModelFiles;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Denoiser;
import org.noisetrail.model.ImageShape;
import org.noisetrail.model.Inputs;
import org.noisetrail.model.Preconditioning;
import org.noisetrail.model.edm.NetworkConfig;
import org.noisetrail.torch.Tensors;
import org.noisetrail.torch.Torch;

/** Any denoiser as TorchScript; {@link Model} says what its {@code forward} is given. */
public final class TorchScriptDenoiser implements Denoiser {
    private final NetworkConfig config;
    private final Device device;
    private final Digest id;
    private final TorchScriptModule module;
    private final Preconditioning preconditioning;

    public TorchScriptDenoiser(NetworkConfig config, ModelFiles files, String file, Digest id, Device device) {
        this.config = config;
        this.device = device;
        this.id = id;
        this.preconditioning = config.preconditioning().equals("none")
                ? Preconditioning.identity()
                : Preconditioning.edm(config.sigmaData());
        this.module = new TorchScriptModule(files, file, device);
    }

    @Override
    public String id() {
        return id.value();
    }

    @Override
    public ImageShape shape() {
        return config.shape();
    }

    @Override
    public int classes() {
        return config.classes();
    }

    @Override
    public Preconditioning preconditioning() {
        return preconditioning;
    }

    @Override
    public Device device() {
        return device;
    }

    @Override
    public Tensor network(Tensor input, Tensor noise, @Nullable Tensor labels) {
        Inputs.check(this, input, noise, labels);
        return Torch.call(() -> {
            Tensor output = labels == null ? module.call(input, noise) : module.call(input, noise, labels);
            long[] wanted = Tensors.shape(input);
            long[] shape = Tensors.shape(output);
            if (!Arrays.equals(wanted, shape)) {
                output.close();
                throw new NoisetrailException("the TorchScript network must return its input's shape "
                        + Arrays.toString(wanted) + ": " + Arrays.toString(shape));
            }
            return output;
        });
    }

    @Override
    public void close() {
        module.close();
    }
}
