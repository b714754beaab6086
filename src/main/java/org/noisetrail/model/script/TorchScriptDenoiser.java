package org.noisetrail.model.script;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.noisetrail.checkpoint.Digest;
import org.noisetrail.checkpoint.ModelFiles;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Condition;
import org.noisetrail.model.Conditioning;
import org.noisetrail.model.Denoiser;
import org.noisetrail.model.ImageShape;
import org.noisetrail.model.Inputs;
import org.noisetrail.model.LabelConditioning;
import org.noisetrail.model.Parameterisation;
import org.noisetrail.model.edm.NetworkConfig;
import org.noisetrail.torch.Torch;

/** Any denoiser as TorchScript; {@link Model} says what its {@code forward} is given. */
public final class TorchScriptDenoiser implements Denoiser {
    private final NetworkConfig config;
    private final Device device;
    private final Digest id;
    private final TorchScriptModule module;
    private final Parameterisation parameterisation;

    public TorchScriptDenoiser(NetworkConfig config, ModelFiles files, String file, Digest id, Device device) {
        this.config = config;
        this.device = device;
        this.id = id;
        this.parameterisation = config.preconditioning().equals("none")
                ? Parameterisation.denoiser()
                : Parameterisation.edm(config.sigmaData());
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
    public void check(Condition condition) {
        LabelConditioning.check(condition, config.classes());
    }

    @Override
    public Conditioning encode(List<Condition> conditions) {
        return LabelConditioning.of(conditions, config.classes(), device);
    }

    @Override
    public Parameterisation parameterisation() {
        return parameterisation;
    }

    @Override
    public Device device() {
        return device;
    }

    @Override
    public Tensor network(Tensor input, Tensor level, Conditioning conditions, Tensor entries) {
        Inputs.check(this, input, level, entries);
        try (Tensor labels = ((LabelConditioning) conditions).rows(entries)) {
            return Torch.call(() -> {
                Tensor output = labels == null ? module.call(input, level) : module.call(input, level, labels);
                Inputs.checkOutput("the TorchScript network", output, input, input.size(0), shape());
                return output;
            });
        }
    }

    @Override
    public void close() {
        module.close();
    }
}
