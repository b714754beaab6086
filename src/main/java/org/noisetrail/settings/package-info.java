/** Settings declared once: they give a command line's options, a file's fields and a table's words. */
@NullMarked
package org.noisetrail.settings;

import org.jspecify.annotations.NullMarked;
