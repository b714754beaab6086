/** Noise by name: keys, recipes. */
@NullMarked
package org.noisetrail.noise;

import org.jspecify.annotations.NullMarked;
