package org.noisetrail.architecture.broken.kernels;

public class NativeKernels {}
