/** The networks of EDM (Karras et al. 2022) as published. */
@NullMarked
package org.noisetrail.model.edm;

import org.jspecify.annotations.NullMarked;
