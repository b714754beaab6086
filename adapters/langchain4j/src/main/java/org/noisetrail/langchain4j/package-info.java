/** Searches as a LangChain4j {@code ImageModel}. */
@NullMarked
package org.noisetrail.langchain4j;

import org.jspecify.annotations.NullMarked;
