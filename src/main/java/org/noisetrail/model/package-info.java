/** Denoisers and classifiers on LibTorch, checkpoints, and a Gaussian mixture whose clean estimate is exact. */
@NullMarked
package org.noisetrail.model;

import org.jspecify.annotations.NullMarked;
