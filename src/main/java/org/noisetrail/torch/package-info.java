/** LibTorch seen through few classes: tensors with owners, scripts, its threads and errors. */
@NullMarked
package org.noisetrail.torch;

import org.jspecify.annotations.NullMarked;
