package org.noisetrail.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.noisetrail.NoisetrailException;
import org.noisetrail.kernels.Cuda;
import org.noisetrail.kernels.Device;

/** What would be so on machines that these tests do not run on. */
class CardsTest {
    private static final Cuda NOTHING = new Cuda(true, 0, 13000, 80, List.of(), "insufficient driver");

    private static Cuda cuda(int driver, int cards, String error) {
        return new Cuda(
                true,
                driver,
                13000,
                80,
                Collections.nCopies(cards, new Cuda.Card("NVIDIA H200", "9.0", 1 << 30)),
                error);
    }

    private static CardFacts facts(Cuda cuda, int seen) {
        return new CardFacts(true, cuda, true, List.of(), seen);
    }

    @Test
    void whatIsInTheWayOfACardIsSaidInOneLine() {
        assertThat(new CardFacts(false, cuda(13010, 1, ""), true, List.of(), 0).obstacle(0))
                .isEqualTo(
                        "this is LibTorch's CPU build; build with -Pgpu (NOISETRAIL_MAVEN_OPTIONS=-Pgpu ./noisetrail ...),"
                                + " or take its GPU build's jar in your own (docs/start.md)");
        assertThat(facts(new Cuda(false, 0, 0, 0, List.of(), ""), 1).obstacle(0))
                .isEqualTo("the kernels were compiled without CUDA; build where nvcc is found");
        assertThat(new CardFacts(true, NOTHING, false, List.of("libcudnn.so.9"), 0).obstacle(0))
                .isEqualTo("the machine shows no NVIDIA card, and has no driver for one (libcuda.so.1)");
        assertThat(new CardFacts(true, NOTHING, true, List.of("libcudnn.so.9"), 0).obstacle(0))
                .isEqualTo(
                        "an NVIDIA card is there, but no driver for it (libcuda.so.1): install NVIDIA's, or start the container with --gpus all");
        assertThat(facts(cuda(12040, 0, "insufficient driver"), 0).obstacle(0))
                .isEqualTo(
                        "the driver is too old: it knows CUDA 12.4, and the kernels need 13.0; install a newer one of NVIDIA's");
        assertThat(facts(cuda(13000, 0, "no CUDA-capable device is detected"), 0)
                        .obstacle(0))
                .isEqualTo(
                        "the driver shows no card (does nvidia-smi, and what is CUDA_VISIBLE_DEVICES?): no CUDA-capable device is detected");
        assertThat(facts(cuda(13000, 0, ""), 0).obstacle(0)).endsWith("CUDA_VISIBLE_DEVICES?)");
        assertThat(new CardFacts(true, cuda(13010, 1, ""), true, List.of("libcudnn.so.9", "libnccl.so.2"), 0)
                        .obstacle(0))
                .isEqualTo(
                        "LibTorch computes on the CPU alone, as it does not find libcudnn.so.9, libnccl.so.2: LD_LIBRARY_PATH must name the folders of CUDA's libraries");
        assertThat(facts(cuda(13000, 2, ""), 0).obstacle(0))
                .isEqualTo("LibTorch sees no card where the kernels see 2: its CUDA is newer than the driver's 13.0?");
    }

    @Test
    void aNewerDriverAndOneOfTheSameGenerationWillDo() {
        for (int driver : new int[] {13000, 13020, 14000}) {
            assertThat(facts(cuda(driver, 1, ""), 1).obstacle(0)).isNull();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "1, 1, 1, cuda:0 alone",
        "3, 3, 3, cuda:0 to cuda:2",
        "3, 2, 2, cuda:0 to cuda:1",
        "2, 3, 2, cuda:0 to cuda:1"
    })
    void aCardMustBeOneThatBothSee(int kernels, int libTorch, int both, String there) {
        CardFacts facts = facts(cuda(13000, kernels, ""), libTorch);
        assertThat(facts.obstacle(both - 1)).isNull();
        assertThat(facts.obstacle(both)).isEqualTo("there is " + there);
        assertThat(Cards.all(facts)).hasSize(both).startsWith(new Device(0)).endsWith(new Device(both - 1));
    }

    @Test
    void theFirstCardIsTakenWhereItCanBeAndTheCpuElse() {
        List<String> told = new ArrayList<>();
        assertThat(Cards.best(facts(cuda(13000, 2, ""), 2), told::add)).isEqualTo(new Device(0));
        assertThat(Cards.best(new CardFacts(false, NOTHING, false, List.of(), 0), told::add))
                .isEqualTo(Device.CPU);
        assertThat(told).isEmpty();
        assertThat(Cards.best(new CardFacts(true, NOTHING, false, List.of(), 0), told::add))
                .isEqualTo(Device.CPU);
        assertThat(told)
                .containsExactly(
                        "the CPU is used, and no card: the machine shows no NVIDIA card, and has no driver for one (libcuda.so.1)");
    }

    @Test
    void aCardThatTheKernelsHaveNoCodeForIsLeftOut() {
        Cuda.Card old = new Cuda.Card("NVIDIA T1000", "7.5", 1 << 30);
        Cuda.Card able = new Cuda.Card("NVIDIA L4", "8.9", 1 << 30);
        String why = "NVIDIA T1000 is of compute capability 7.5, and the kernels need 8.0";
        List<String> told = new ArrayList<>();

        CardFacts both = facts(new Cuda(true, 13000, 13000, 80, List.of(old, able), ""), 2);
        assertThat(both.obstacle(0)).isEqualTo(why);
        assertThat(Cards.best(both, told::add)).isEqualTo(new Device(1));
        assertThat(Cards.all(both)).containsExactly(new Device(1));
        assertThat(told).isEmpty();

        CardFacts alone = facts(new Cuda(true, 13000, 13000, 80, List.of(old), ""), 1);
        assertThat(Cards.best(alone, told::add)).isEqualTo(Device.CPU);
        assertThat(told).containsExactly("the CPU is used, and no card: " + why);
        assertThatThrownBy(() -> Cards.all(alone)).hasMessage("cuda:0 cannot be used: " + why);
    }

    @Test
    void noCardsAtAllIsAFailureThatSaysWhy() {
        assertThatThrownBy(() -> Cards.all(new CardFacts(true, NOTHING, false, List.of(), 0)))
                .isInstanceOf(NoisetrailException.class)
                .hasMessage(
                        "cuda:0 cannot be used: the machine shows no NVIDIA card, and has no driver for one (libcuda.so.1)");
    }

    @Test
    void aCardIsKnownByItsMakerAndItsKind(@TempDir Path devices) throws IOException {
        assertThat(CardFacts.hasNvidiaCard(devices.resolve("none"))).isFalse();
        plug(devices, "a-processor's graphics", "0x8086", "0x030000");
        plug(devices, "a network card of NVIDIA's", "0x10de", "0x020000");
        Files.createDirectory(devices.resolve("something else"));
        assertThat(CardFacts.hasNvidiaCard(devices)).isFalse();
        plug(devices, "a card", "0x10de", "0x030200");
        assertThat(CardFacts.hasNvidiaCard(devices)).isTrue();
    }

    private static void plug(Path devices, String name, String vendor, String type) throws IOException {
        Path device = Files.createDirectory(devices.resolve(name));
        Files.writeString(device.resolve("vendor"), vendor + "\n");
        Files.writeString(device.resolve("class"), type + "\n");
    }

    /** The tests' class path has the CPU's build. */
    @Test
    void hereNetworksRunOnTheCpu() {
        assertThat(Cards.isGpuBuild()).isFalse();
        assertThat(Cards.best()).isEqualTo(Device.CPU);
        assertThat(Cards.obstacle()).startsWith("this is LibTorch's CPU build");
        Cards.require(Device.CPU);
        assertThatThrownBy(() -> Cards.require(new Device(3)))
                .hasMessageStartingWith("cuda:3 cannot be used: this is LibTorch's CPU build");
    }
}
