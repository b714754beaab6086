/** The networks of diffusers' Stable Diffusion folders. */
@NullMarked
package org.noisetrail.model.diffusers;

import org.jspecify.annotations.NullMarked;
