package org.noisetrail.architecture.broken.attic;

/** In no room. */
class Attic {}
