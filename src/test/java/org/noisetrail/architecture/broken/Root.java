package org.noisetrail.architecture.broken;

import org.noisetrail.architecture.broken.trace.Trace;

class Root {
    Trace anyRoom;
}
