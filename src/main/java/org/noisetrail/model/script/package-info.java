/** Networks that come as TorchScript, which is code: loaded only from where the user points. */
@NullMarked
package org.noisetrail.model.script;

import org.jspecify.annotations.NullMarked;
