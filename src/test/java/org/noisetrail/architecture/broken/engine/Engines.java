package org.noisetrail.architecture.broken.engine;

import org.noisetrail.architecture.broken.search.Searches;

public class Engines {
    Searches above;
}
