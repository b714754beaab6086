/** Micrometer meters of what searches cost and reach. */
@NullMarked
package org.noisetrail.micrometer;

import org.jspecify.annotations.NullMarked;
