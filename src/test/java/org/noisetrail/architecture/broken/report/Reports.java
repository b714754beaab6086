package org.noisetrail.architecture.broken.report;

import org.noisetrail.architecture.broken.cli.Main;

public class Reports {
    Main above;
}
