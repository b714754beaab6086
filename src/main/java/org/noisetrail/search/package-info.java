/** Which noise to try next: the methods, and what a search returns. */
@NullMarked
package org.noisetrail.search;

import org.jspecify.annotations.NullMarked;
