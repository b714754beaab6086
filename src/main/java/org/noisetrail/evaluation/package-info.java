/** Methods set beside each other at what they cost: compare, plan, profile; statistics. Callable from Java. */
@NullMarked
package org.noisetrail.evaluation;

import org.jspecify.annotations.NullMarked;
