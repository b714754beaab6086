/** Pipelines, denoisers, decoders and classifiers on LibTorch, and a Gaussian mixture whose clean estimate is exact. */
@NullMarked
package org.noisetrail.model;

import org.jspecify.annotations.NullMarked;
