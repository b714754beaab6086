/** Which noise to try next: the methods, in pure Java. */
@NullMarked
package org.noisetrail.search;

import org.jspecify.annotations.NullMarked;
