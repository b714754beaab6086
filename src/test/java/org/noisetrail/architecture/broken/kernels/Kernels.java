package org.noisetrail.architecture.broken.kernels;

import org.bytedeco.pytorch.Tensor;
import org.noisetrail.architecture.broken.trace.Trace;

public class Kernels {
    Trace above;
    Tensor tensor;
}
