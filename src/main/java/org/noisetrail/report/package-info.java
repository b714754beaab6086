/** The files that people look at: pictures with their trails, grids, plots, tables, pages. */
@NullMarked
package org.noisetrail.report;

import org.jspecify.annotations.NullMarked;
