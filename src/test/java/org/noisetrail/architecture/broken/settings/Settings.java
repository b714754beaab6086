package org.noisetrail.architecture.broken.settings;

import org.noisetrail.architecture.broken.noise.Noises;

public class Settings {
    Noises above;
}
