/** What is wanted of an image: brightness, JPEG size, class probability, your own. */
@NullMarked
package org.noisetrail.reward;

import org.jspecify.annotations.NullMarked;
