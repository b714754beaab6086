/** What is wanted of an image. */
@NullMarked
package org.noisetrail.reward;

import org.jspecify.annotations.NullMarked;
