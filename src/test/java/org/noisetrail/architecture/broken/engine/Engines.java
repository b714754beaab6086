package org.noisetrail.architecture.broken.engine;

import java.io.FileReader;
import java.io.IOException;
import java.io.Reader;
import org.noisetrail.architecture.broken.search.Searches;

public class Engines implements AutoCloseable {
    Searches above;
    private final Reader first;
    private final Reader second;

    /** The second fails, and nobody closes the first. */
    Engines() throws IOException {
        first = Reader.nullReader();
        second = new FileReader("missing");
    }

    @Override
    public void close() throws IOException {
        first.close();
        second.close();
    }
}
