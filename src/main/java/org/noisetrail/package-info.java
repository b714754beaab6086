/** Searches for the noise that makes a pretrained diffusion model draw a better image. Start at {@code org.noisetrail.search.Search}. */
@NullMarked
package org.noisetrail;

import org.jspecify.annotations.NullMarked;
