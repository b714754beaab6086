/** A model behind HTTP: requests as OpenAI's images API has them, a queue, events, and a page. */
@NullMarked
package org.noisetrail.serve;

import org.jspecify.annotations.NullMarked;
