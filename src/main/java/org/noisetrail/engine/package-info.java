/** Rows of states on one device: proposing noise, taking reverse steps, judging and selecting. */
@NullMarked
package org.noisetrail.engine;

import org.jspecify.annotations.NullMarked;
