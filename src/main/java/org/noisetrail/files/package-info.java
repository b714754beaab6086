/** Whole files or none. */
@NullMarked
package org.noisetrail.files;

import org.jspecify.annotations.NullMarked;
