package org.noisetrail.architecture.broken.search;

import org.noisetrail.architecture.broken.cli.Main;
import org.noisetrail.architecture.broken.kernels.Kernels;

public class Searches {
    Main above;
    Kernels tooFarBelow;
}
