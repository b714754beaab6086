package org.noisetrail.model.script;

import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.noisetrail.checkpoint.Digest;
import org.noisetrail.checkpoint.ModelFiles;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.ClassDenoiser;
import org.noisetrail.model.Inputs;
import org.noisetrail.model.Parameterisation;
import org.noisetrail.model.edm.NetworkConfig;
import org.noisetrail.torch.Torch;

/** Any denoiser as TorchScript; {@link org.noisetrail.model.Pipeline} says what its {@code forward} is given. */
public final class TorchScriptDenoiser extends ClassDenoiser {
    private final Digest id;
    private final TorchScriptModule module;

    public TorchScriptDenoiser(NetworkConfig config, ModelFiles files, String file, Digest id, Device device) {
        super(
                config.shape(),
                config.classes(),
                device,
                config.preconditioning().equals("none")
                        ? Parameterisation.denoiser()
                        : Parameterisation.edm(config.sigmaData()));
        this.id = id;
        this.module = new TorchScriptModule(files, file, device);
    }

    @Override
    public String id() {
        return id.value();
    }

    @Override
    protected Tensor network(Tensor input, Tensor level, @Nullable Tensor labels) {
        Tensor output =
                Torch.call(() -> labels == null ? module.call(input, level) : module.call(input, level, labels));
        Inputs.checkOutput("the TorchScript network", output, input, input.size(0), shape());
        return output;
    }

    @Override
    public void close() {
        module.close();
    }
}
