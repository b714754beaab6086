package org.noisetrail.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/** Expected values of independent implementations, read without the product's own reader. */
public final class Goldens {
    /** What classifier.pt of the embedded model says of the golden images, each of its own class: by NumPy, from its weights. */
    public static final List<Double> CLASS =
            List.of(.87191, .99995, .91964, .98647, .78026, .80068, .58199, .99888, .98929, .99532);

    /** As {@link #CLASS}, heldout.pt. */
    public static final List<Double> HELD_OUT =
            List.of(.98680, 1.0000, .96589, .97703, .50743, .10380, .36241, .99991, .99983, .98887);

    private Goldens() {}

    /** The naive EDM images in 8 bits, one a class: [10, 1, 28, 28]. */
    public static byte[] images() {
        float[] x = floats("edm/naive.safetensors", "x");
        byte[] pixels = new byte[x.length];
        for (int i = 0; i < x.length; i++) {
            pixels[i] = (byte) Math.max(0, Math.min(255, x[i] * 127.5f + 128));
        }
        return pixels;
    }

    /** A float32 tensor of a safetensors file under golden/. */
    public static float[] floats(String file, String tensor) {
        return resource("/golden/" + file, tensor);
    }

    /** A float32 tensor of a safetensors file among the resources. */
    public static float[] resource(String path, String tensor) {
        try (InputStream in = Goldens.class.getResourceAsStream(path)) {
            ByteBuffer all = ByteBuffer.wrap(in.readAllBytes()).order(ByteOrder.LITTLE_ENDIAN);
            int header = (int) all.getLong(0);
            JsonNode entry = new ObjectMapper().readTree(all.array(), 8, header).get(tensor);
            if (!entry.get("dtype").asText().equals("F32")) {
                throw new IllegalArgumentException(tensor + " is " + entry.get("dtype"));
            }
            int from = entry.get("data_offsets").get(0).asInt();
            int to = entry.get("data_offsets").get(1).asInt();
            float[] values = new float[(to - from) / Float.BYTES];
            all.position(8 + header + from);
            all.asFloatBuffer().get(values);
            return values;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
