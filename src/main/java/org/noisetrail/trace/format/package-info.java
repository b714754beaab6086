/** What a search cost, in the library's files: not for users, who see {@link org.noisetrail.trace.Costs}. */
@NullMarked
package org.noisetrail.trace.format;

import org.jspecify.annotations.NullMarked;
