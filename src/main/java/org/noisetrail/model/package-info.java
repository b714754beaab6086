/** Denoisers and other networks on LibTorch, their checkpoints, and a Gaussian mixture with an exact denoiser. */
@NullMarked
package org.noisetrail.model;

import org.jspecify.annotations.NullMarked;
