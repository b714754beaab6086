package org.noisetrail.architecture.broken.model;

import org.noisetrail.architecture.broken.kernels.NativeKernels;
import org.noisetrail.architecture.broken.reward.Rewarding;

public class Models {
    Rewarding above;
    NativeKernels pastTheDoor;
}
