package org.noisetrail.architecture.broken.trace;

import org.noisetrail.architecture.broken.noise.Noises;

public class Trace {
    Noises above;
}
