/** Reverse processes as tables of numbers, one small file each. */
@NullMarked
package org.noisetrail.sampler;

import org.jspecify.annotations.NullMarked;
