package org.noisetrail.fuzz;

import java.util.List;

/**
 * Something that reads what nobody vouches for.
 *
 * @param seeds sound inputs
 * @param share how many inputs it gets of each round: fewer where they take long
 */
record Target(String name, List<byte[]> seeds, int share, Reader reader) {
    Target(String name, List<byte[]> seeds, Reader reader) {
        this(name, seeds, 20, reader);
    }

    /** Reads an input; it may refuse it with an exception of the product's own. */
    interface Reader {
        void read(byte[] input) throws Exception;
    }
}
