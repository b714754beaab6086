/** CLIP (Radford et al. 2021) as published by transformers: its tokenizer, its networks of text and image, and what scores with them. */
@NullMarked
package org.noisetrail.model.clip;

import org.jspecify.annotations.NullMarked;
