package org.noisetrail.architecture.broken.files;

import org.noisetrail.architecture.broken.trace.Trace;

public class Files {
    Trace above;
}
