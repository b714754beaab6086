package org.noisetrail.architecture.broken.checkpoint;

import org.noisetrail.architecture.broken.model.Models;

public class Checkpoints {
    Models above;
}
