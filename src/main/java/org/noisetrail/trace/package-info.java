/** What a search costs and how far it has come. */
@NullMarked
package org.noisetrail.trace;

import org.jspecify.annotations.NullMarked;
