package org.noisetrail.torch;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;
import org.noisetrail.kernels.Cuda;
import org.noisetrail.kernels.Device;
import org.noisetrail.kernels.Natives;

/**
 * What decides whether a card can be used.
 *
 * @param gpuBuild whether LibTorch's GPU build is on the class path
 * @param cuda what the kernels find
 * @param plugged whether the system knows of an NVIDIA card, with a driver or without
 * @param missing CUDA's libraries that are not found, where LibTorch sees no card
 * @param seen how many cards LibTorch sees
 */
record CardFacts(boolean gpuBuild, Cuda cuda, boolean plugged, List<String> missing, int seen) {
    /** JavaCPP's name of the build on the class path. */
    private static final String GPU_BUILD = "org/bytedeco/pytorch/linux-x86_64-gpu/libtorch_cuda.so";

    private static final Path PCI = Path.of("/sys/bus/pci/devices");

    /** Asks now. Loads LibTorch. */
    static CardFacts ask() {
        boolean gpuBuild = isGpuBuild();
        Natives.require();
        Torch.load();
        int seen = torch.hasCUDA() ? Byte.toUnsignedInt(torch.cuda_device_count()) : 0;
        return new CardFacts(
                gpuBuild,
                Cuda.ask(),
                hasNvidiaCard(PCI),
                gpuBuild && seen == 0 ? CudaLibraries.missing() : List.of(),
                seen);
    }

    /** Loads nothing. */
    static boolean isGpuBuild() {
        return CardFacts.class.getClassLoader().getResource(GPU_BUILD) != null;
    }

    /** @param devices what the system lists, a folder each with {@code vendor} and {@code class} */
    static boolean hasNvidiaCard(Path devices) {
        try (DirectoryStream<Path> all = Files.newDirectoryStream(devices)) {
            for (Path device : all) {
                // Class 3 is what displays and computes; NVIDIA makes network cards as well.
                if (begins(device.resolve("vendor"), "0x10de") && begins(device.resolve("class"), "0x03")) {
                    return true;
                }
            }
            return false;
        } catch (IOException e) {
            return false;
        }
    }

    private static boolean begins(Path file, String text) throws IOException {
        return Files.isReadable(file) && Files.readString(file).startsWith(text);
    }

    /** The cards that can be used. */
    List<Device> usable() {
        return IntStream.range(0, Math.min(seen, cuda.cards().size()))
                .filter(ordinal -> obstacle(ordinal) == null)
                .mapToObj(Device::new)
                .toList();
    }

    /** Why a card cannot be used, in one line; null where it can. */
    @Nullable
    String obstacle(int ordinal) {
        if (!gpuBuild) {
            return "this is LibTorch's CPU build; build with -Pgpu (NOISETRAIL_MAVEN_OPTIONS=-Pgpu ./noisetrail ...), or take its GPU build's jar in your own (docs/start.md)";
        }
        if (!cuda.compiled()) {
            return "the kernels were compiled without CUDA; build where nvcc is found";
        }
        if (cuda.driver() == 0) {
            return plugged
                    ? "an NVIDIA card is there, but no driver for it (libcuda.so.1): install NVIDIA's, or start the container with --gpus all"
                    : "the machine shows no NVIDIA card, and has no driver for one (libcuda.so.1)";
        }
        if (cuda.driver() / 1000 < cuda.runtime() / 1000) {
            return "the driver is too old: it knows CUDA " + Cuda.version(cuda.driver()) + ", and the kernels need "
                    + Cuda.version(cuda.runtime()) + "; install a newer one of NVIDIA's";
        }
        if (cuda.cards().isEmpty()) {
            return "the driver shows no card (does nvidia-smi, and what is CUDA_VISIBLE_DEVICES?)"
                    + (cuda.error().isEmpty() ? "" : ": " + cuda.error());
        }
        if (!missing.isEmpty()) {
            return "LibTorch computes on the CPU alone, as it does not find " + String.join(", ", missing)
                    + ": LD_LIBRARY_PATH must name the folders of CUDA's libraries";
        }
        int cards = Math.min(cuda.cards().size(), seen);
        if (cards == 0) {
            return "LibTorch sees no card where the kernels see " + cuda.cards().size()
                    + ": its CUDA is newer than the driver's " + Cuda.version(cuda.driver()) + "?";
        }
        if (ordinal >= cards) {
            return "there is " + (cards == 1 ? "cuda:0 alone" : "cuda:0 to cuda:" + (cards - 1));
        }
        Cuda.Card card = cuda.cards().get(ordinal);
        return cuda.runs(card)
                ? null
                : card.name() + " is of compute capability " + card.capability() + ", and the kernels need "
                        + cuda.least() / 10 + "." + cuda.least() % 10;
    }
}
