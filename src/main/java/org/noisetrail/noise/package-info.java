/** Noise by name: draws and recipes. */
@NullMarked
package org.noisetrail.noise;

import org.jspecify.annotations.NullMarked;
