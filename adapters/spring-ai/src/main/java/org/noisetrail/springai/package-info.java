/** Searches as a Spring AI {@code ImageModel}. */
@NullMarked
package org.noisetrail.springai;

import org.jspecify.annotations.NullMarked;
