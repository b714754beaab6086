/** Writes networks as TorchScript: a script and its weights, and the layers that networks are made of. */
@NullMarked
package org.noisetrail.model.layers;

import org.jspecify.annotations.NullMarked;
