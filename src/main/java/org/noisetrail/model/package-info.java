/** Denoisers and other networks on LibTorch; checkpoints. */
@NullMarked
package org.noisetrail.model;

import org.jspecify.annotations.NullMarked;
