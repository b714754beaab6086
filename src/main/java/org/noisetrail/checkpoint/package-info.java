/** What model folders hold: safetensors, names, digests. Hostile files end here. */
@NullMarked
package org.noisetrail.checkpoint;

import org.jspecify.annotations.NullMarked;
