/** The command line: commands, options, progress. Nothing in here is for other code to call. */
@NullMarked
package org.noisetrail.cli;

import org.jspecify.annotations.NullMarked;
