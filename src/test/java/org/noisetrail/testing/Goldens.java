package org.noisetrail.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Expected values of independent implementations, read without the product's own reader. */
public final class Goldens {
    private Goldens() {}

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
