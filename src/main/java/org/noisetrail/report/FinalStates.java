package org.noisetrail.report;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.noisetrail.checkpoint.Safetensors;
import org.noisetrail.files.AtomicFiles;
import org.noisetrail.files.OutputFolder;
import org.noisetrail.model.ImageShape;
import org.noisetrail.search.ImageRequest;
import org.noisetrail.search.ImageResult;

/** {@code final.safetensors}: states and pixels lie in a temporary file until all are there, not in memory. */
final class FinalStates implements AutoCloseable {
    static final String FILE = "final.safetensors";

    private final OutputFolder folder;
    private final Map<ImageRequest, Long> places = new HashMap<>();
    private @Nullable Path path;
    // Not a channel, which an interrupt would close: an interrupted search has found something, too.
    private @Nullable RandomAccessFile file;
    private @Nullable ImageShape state;
    private @Nullable ImageShape pixels;

    FinalStates(OutputFolder folder) {
        this.folder = folder;
    }

    void add(ImageResult image) {
        try {
            RandomAccessFile out = file;
            if (out == null) {
                Path temporary = AtomicFiles.temporary(folder.file(FILE));
                out = new RandomAccessFile(temporary.toFile(), "rw");
                path = temporary;
                file = out;
                state = image.stateShape();
                pixels = image.pixels().shape();
            }
            ByteBuffer bytes =
                    ByteBuffer.allocate(image.state().length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            bytes.asFloatBuffer().put(image.state());
            places.put(image.request(), out.length());
            out.seek(out.length());
            out.write(bytes.array());
            out.write(image.pixels().pixels());
        } catch (IOException e) {
            throw AtomicFiles.cannotWrite(folder.path().resolve(FILE), e);
        }
    }

    /** @param images of those that were added, in the order in which the file has them */
    void write(List<Finished> images) {
        ImageShape x = state;
        ImageShape shown = pixels;
        if (x == null || shown == null) {
            throw new IllegalStateException("no image was added");
        }
        int bytes = x.elements() * Float.BYTES;
        Safetensors.writer()
                .put(
                        "x",
                        Safetensors.Dtype.F32,
                        row -> read(images, row, 0, bytes),
                        images.size(),
                        x.channels(),
                        x.height(),
                        x.width())
                .put(
                        "pixels",
                        Safetensors.Dtype.U8,
                        row -> read(images, row, bytes, shown.elements()),
                        images.size(),
                        shown.channels(),
                        shown.height(),
                        shown.width())
                .write(folder.file(FILE));
    }

    private byte[] read(List<Finished> images, int row, long offset, int count) {
        RandomAccessFile in = file;
        Long place = places.get(images.get(row).request());
        if (in == null || place == null) {
            throw new IllegalStateException(
                    "the image was not added: " + images.get(row).request());
        }
        try {
            byte[] bytes = new byte[count];
            in.seek(place + offset);
            in.readFully(bytes);
            return bytes;
        } catch (IOException e) {
            throw AtomicFiles.cannotWrite(folder.path().resolve(FILE), e);
        }
    }

    @Override
    public void close() {
        try {
            if (file != null) {
                file.close();
            }
            if (path != null) {
                AtomicFiles.discard(path);
            }
        } catch (IOException e) {
            throw AtomicFiles.cannotWrite(folder.path().resolve(FILE), e);
        }
    }
}
