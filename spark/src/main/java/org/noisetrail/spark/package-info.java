/** Lists of requests, and the searches of a comparison, on a Spark cluster whose machines share a folder. */
@NullMarked
package org.noisetrail.spark;

import org.jspecify.annotations.NullMarked;
