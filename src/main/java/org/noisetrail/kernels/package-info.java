/** JavaCPP bindings of the native kernels: CPU and CUDA behind one interface. Internal, but for {@link org.noisetrail.kernels.Device}. */
@NullMarked
package org.noisetrail.kernels;

import org.jspecify.annotations.NullMarked;
