package org.noisetrail.architecture.broken.torch;

import org.noisetrail.architecture.broken.checkpoint.Checkpoints;

public class Torches {
    Checkpoints above;
}
