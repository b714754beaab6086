package org.noisetrail.architecture.broken.kernels;

import org.bytedeco.pytorch.Tensor;
import org.noisetrail.architecture.broken.torch.Torches;

public class Kernels {
    Torches above;
    Tensor tensor;
}
