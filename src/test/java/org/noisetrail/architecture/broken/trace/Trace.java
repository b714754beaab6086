package org.noisetrail.architecture.broken.trace;

import org.noisetrail.architecture.broken.kernels.Kernels;

public class Trace {
    Kernels above;
}
