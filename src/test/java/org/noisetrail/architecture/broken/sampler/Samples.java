package org.noisetrail.architecture.broken.sampler;

import org.noisetrail.architecture.broken.search.Searches;
import picocli.CommandLine;

public class Samples {
    Searches above;
    CommandLine options;
}
