/** The command line: commands, progress, and the files that people look at. Nothing in here is for other code to call. */
@NullMarked
package org.noisetrail.cli;

import org.jspecify.annotations.NullMarked;
