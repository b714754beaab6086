package org.noisetrail.architecture.broken.serve;

import org.noisetrail.architecture.broken.cli.Main;

public class Servers {
    Main above;
}
