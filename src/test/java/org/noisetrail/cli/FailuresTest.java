package org.noisetrail.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.noisetrail.NoisetrailException;

class FailuresTest {
    private static String line(Throwable e) {
        return Failures.line(Failures.describe(e));
    }

    @Test
    void whatIsThrownOnPurposeIsSaidAsItIs() {
        assertThat(line(new NoisetrailException("cells/a.json is cut"))).isEqualTo("cells/a.json is cut");
        assertThat(line(new IllegalArgumentException("rounds must be >= 0: -1")))
                .isEqualTo("rounds must be >= 0: -1");
        assertThat(line(new RuntimeException("mat1 and mat2 differ\nException raised from ...")))
                .isEqualTo("mat1 and mat2 differ");
    }

    @Test
    void filesAreNamedWithTheSystemsReason() {
        assertThat(line(new UncheckedIOException(new NoSuchFileException("a.txt"))))
                .isEqualTo("a.txt: no such file or folder");
        assertThat(line(new IOException("No space left on device"))).isEqualTo("No space left on device");
    }

    @Test
    void whatFailsWhereItIsInterruptedIsAnInterruption() {
        StringWriter err = new StringWriter();
        Thread.currentThread().interrupt();
        try {
            Throwable e = new NoisetrailException("cannot read model.safetensors: ClosedByInterruptException");
            assertThat(new Failures(new PrintWriter(err)).failure(e, false)).isEqualTo(130);
        } finally {
            Thread.interrupted();
        }
        assertThat(err.toString()).isEqualTo("noisetrail: interrupted\n");
    }

    @Test
    void javasOwnWordsAreCalledAFault() {
        for (Throwable e : List.of(
                new IndexOutOfBoundsException("Index 1 out of bounds for length 1"),
                new NullPointerException(),
                new ClassCastException("a b"),
                new NumberFormatException("For input string: \"x\""),
                new ArithmeticException("integer overflow"),
                new AssertionError("never"))) {
            assertThat(line(e))
                    .startsWith("a fault in noisetrail (--verbose shows where): "
                            + e.getClass().getSimpleName());
        }
        assertThat(line(new StackOverflowError())).isEqualTo("what was given is nested too deep, or goes on too long");
    }

    @Test
    void aLibraryThatIsMissingIsNamedHoweverOftenItIsAskedFor() {
        UnsatisfiedLinkError first = new UnsatisfiedLinkError("libjnitorch.so needs libcupti.so.13");
        NoClassDefFoundError second = new NoClassDefFoundError("Could not initialize class org.noisetrail.torch.Torch");
        second.initCause(new ExceptionInInitializerError(
                "Exception java.lang.UnsatisfiedLinkError: libjnitorch.so needs libcupti.so.13 [in thread \"main\"]"));
        for (Throwable e : List.of(first, second)) {
            assertThat(line(e))
                    .isEqualTo(
                            "a native library could not be loaded (see `noisetrail doctor`): libjnitorch.so needs libcupti.so.13");
        }
    }

    @Test
    void whatIsTooSmallIsNamed() {
        assertThat(line(new OutOfMemoryError("Java heap space")))
                .startsWith("out of memory: Java's heap of ")
                .contains("MiB is too small (-Xmx");
        for (Throwable e : List.of(
                new OutOfMemoryError("Cannot allocate new FloatPointer(9): not enough memory"),
                new RuntimeException("CUDA out of memory. Tried to allocate 2 GiB"),
                new NoisetrailException("propose: out of memory"),
                new NoisetrailException("LibTorch: group_norm: out of memory"),
                new NoisetrailException("LibTorch: cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED"),
                new NoisetrailException(
                        "LibTorch: cuBLAS error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate`"),
                new NoisetrailException("cuda:0 cannot be used: out of memory"),
                new RuntimeException("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried ..."))) {
            assertThat(line(e)).startsWith("out of memory, the machine's or the card's; a smaller --max-batch");
        }
        String given = "the model draws classes: prompt \"CUDA out of memory\"";
        assertThat(line(new IllegalArgumentException(given))).isEqualTo(given);
    }

    @Test
    void aTerminalObeysNothing() {
        assertThat(line(new NoisetrailException("no model \"\u001b[31mred\u0007\u009b2J\u202eback\"")))
                .isEqualTo("no model \"\\u001b[31mred\\u0007\\u009b2J\\u202eback\"");
        assertThat(line(new NoisetrailException("r\u00e9seau \u7db2"))).isEqualTo("r\u00e9seau \u7db2");
    }

    @Test
    void longValuesAreCutAndTheWordsAroundThemStay() {
        assertThat(line(new IllegalArgumentException("must be a number: " + "9".repeat(10_000) + " or less")))
                .isEqualTo("must be a number: " + "9".repeat(200) + "... or less");
        assertThat(line(new IllegalArgumentException("a ".repeat(1_000_000)))).hasSizeLessThan(1010);
        assertThat(Failures.line(" \n \n")).isEqualTo("failed");
    }

    @ParameterizedTest
    @ValueSource(strings = {"compressibility:a", "brightness+", "1*", "class:a"})
    void aRewardThatGoesOnAndOnIsOneLine(String start) {
        for (int length : new int[] {3000, 8000, 200_000}) {
            Cli.Ending ending = Cli.run("generate", "--reward", start + "-a".repeat(length / 2));
            assertThat(ending.code()).isEqualTo(2);
            assertThat(ending.out()).isEmpty();
            assertThat(ending.err())
                    .startsWith("noisetrail: ")
                    .doesNotContain("\tat ")
                    .hasSizeLessThan(1050);
            assertThat(ending.err().lines()).hasSize(1);
        }
    }

    @Test
    void optionsThatNobodyKnowsAreShownAndNotObeyed() {
        Cli.Ending ending = Cli.run("generate", "--b\u001b[1mad");
        assertThat(ending.err()).isEqualTo("noisetrail: Unknown option: '--b\\u001b[1mad'" + System.lineSeparator());
        assertThat(ending.code()).isEqualTo(2);
    }
}
