package org.noisetrail.architecture.broken.noise;

import org.noisetrail.architecture.broken.model.Models;

public class Noises {
    Models above;

    String name(int image) {
        return String.format("%03d", image);
    }
}
