package org.noisetrail.torch;

import java.util.regex.Pattern;

/** Tells what failed for want of memory, a card's or the machine's, by LibTorch's words, its libraries' and those of the kernels, whose errors LibTorch may pass on as its own. */
public final class OutOfMemory {
    private static final Pattern WORDS = Pattern.compile(
            "(?i)cuda out of memory|cuda error: out of memory|can't allocate memory|not enough memory|bad_alloc|_ALLOC(?:ATION)?_FAILED"
                    + "|^(?:LibTorch: )?(?:\\w+|cuda:\\d+ cannot be used): out of memory$");

    private OutOfMemory() {}

    /** Impossible arguments are none, whatever text they hold. */
    public static boolean is(Throwable e) {
        return !(e instanceof IllegalArgumentException)
                && e.getMessage() != null
                && WORDS.matcher(e.getMessage()).find();
    }
}
