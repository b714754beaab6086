package org.noisetrail.torch;

import java.util.List;
import org.noisetrail.kernels.Natives;

/** CUDA's libraries, as LibTorch's GPU build needs them. */
public final class CudaLibraries {
    /** What it is linked with, what it opens as it runs, and what these need of each other (LibTorch 2.10, CUDA 13). */
    public static final List<String> NAMES = List.of(
            "libcudart.so.13",
            "libcupti.so.13",
            "libcublas.so.13",
            "libcublasLt.so.13",
            "libcudnn.so.9",
            "libcufft.so.12",
            "libcufile.so.0",
            "libcurand.so.10",
            "libcusolver.so.12",
            "libcusparse.so.12",
            "libnvJitLink.so.13",
            "libnvrtc.so.13",
            "libnccl.so.2");

    /** Where JavaCPP looks before the linker does. */
    private static final String INSTALLED = "/usr/local/cuda/lib64/";

    private CudaLibraries() {}

    /** Those that are not found. The others stay open in this process. */
    public static List<String> missing() {
        return NAMES.stream()
                .filter(library -> !Natives.isFound(library) && !Natives.isFound(INSTALLED + library))
                .toList();
    }
}
