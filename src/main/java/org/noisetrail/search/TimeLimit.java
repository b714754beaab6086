package org.noisetrail.search;

import java.util.function.LongSupplier;

/**
 * When a search's time is up.
 *
 * @param end on the clock
 * @param clock nanoseconds, as {@link System#nanoTime}
 */
record TimeLimit(long end, LongSupplier clock) {}
