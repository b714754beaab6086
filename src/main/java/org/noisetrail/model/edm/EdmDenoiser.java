package org.noisetrail.model.edm;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.noisetrail.checkpoint.Digest;
import org.noisetrail.checkpoint.Weights;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Condition;
import org.noisetrail.model.Conditioning;
import org.noisetrail.model.Denoiser;
import org.noisetrail.model.ImageShape;
import org.noisetrail.model.Inputs;
import org.noisetrail.model.LabelConditioning;
import org.noisetrail.model.Parameterisation;
import org.noisetrail.torch.ScriptFunction;
import org.noisetrail.torch.Torch;

/** NVlabs' {@code EDMPrecond} over one of EDM's U-Nets. On the CPU a row's output has the same bits in every batch. */
public final class EdmDenoiser implements Denoiser {
    private final NetworkConfig config;
    private final Device device;
    private final Digest id;
    private final ScriptFunction function;
    private final Parameterisation parameterisation;

    /** @param id of the weights' file */
    public EdmDenoiser(NetworkConfig config, Weights weights, Digest id, Device device) {
        this.config = config;
        this.device = device;
        this.id = id;
        this.parameterisation = Parameterisation.edm(config.sigmaData());
        this.function = Torch.call(() -> UNetScript.compile(config, weights, device));
    }

    @Override
    public String id() {
        return id.value();
    }

    @Override
    public ImageShape shape() {
        return config.shape();
    }

    /** The number of classes it is conditioned on; 0 if it is unconditional. */
    public int classes() {
        return config.classes();
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
            return Torch.call(() -> labels == null ? function.call(input, level) : function.call(input, level, labels));
        }
    }

    @Override
    public void close() {
        function.close();
    }
}
