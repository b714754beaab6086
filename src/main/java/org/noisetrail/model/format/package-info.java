/** Forms of model folders, and of conditions in the library's files: not for users, who see {@link org.noisetrail.model.Pipeline}. */
@NullMarked
package org.noisetrail.model.format;

import org.jspecify.annotations.NullMarked;
