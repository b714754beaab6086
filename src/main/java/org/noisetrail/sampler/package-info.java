/** One reverse step, split where the noise enters. */
@NullMarked
package org.noisetrail.sampler;

import org.jspecify.annotations.NullMarked;
