package org.noisetrail.architecture.broken.reward;

import org.noisetrail.architecture.broken.sampler.Samples;

public class Rewarding {
    Samples above;

    void say() {
        System.out.println();
    }
}
