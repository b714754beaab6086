/** What a search costs and how it goes: the ledger, progress. */
@NullMarked
package org.noisetrail.trace;

import org.jspecify.annotations.NullMarked;
