package org.noisetrail.model.edm;

import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.noisetrail.checkpoint.Digest;
import org.noisetrail.checkpoint.Weights;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.ClassDenoiser;
import org.noisetrail.model.Parameterisation;
import org.noisetrail.model.Precision;
import org.noisetrail.model.layers.Form;
import org.noisetrail.torch.ScriptFunction;
import org.noisetrail.torch.Torch;

/** NVlabs' {@code EDMPrecond} over one of EDM's U-Nets. On the CPU a row's output has the same bits in every batch. */
public final class EdmDenoiser extends ClassDenoiser {
    private final Digest id;
    private final ScriptFunction function;

    /** In float32. */
    public EdmDenoiser(NetworkConfig config, Weights weights, Digest id, Device device) {
        this(config, weights, id, Form.on(device, Precision.FLOAT32));
    }

    /** @param id of the weights' file */
    public EdmDenoiser(NetworkConfig config, Weights weights, Digest id, Form form) {
        super(config.shape(), config.classes(), form.device(), Parameterisation.edm(config.sigmaData()));
        this.id = id;
        this.function = Torch.call(() -> UNetScript.compile(config, weights, form));
    }

    @Override
    public String id() {
        return id.value();
    }

    @Override
    protected Tensor network(Tensor input, Tensor level, @Nullable Tensor labels) {
        return Torch.call(() -> labels == null ? function.call(input, level) : function.call(input, level, labels));
    }

    @Override
    public void close() {
        function.close();
    }
}
