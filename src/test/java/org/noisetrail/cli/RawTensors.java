package org.noisetrail.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/** Safetensors files as bytes, without the product's own reader and writer. */
final class RawTensors {
    record Raw(String type, long[] shape, byte[] bytes) {
        static Raw longs(long... values) {
            ByteBuffer bytes = ByteBuffer.allocate(8 * values.length).order(ByteOrder.LITTLE_ENDIAN);
            bytes.asLongBuffer().put(values);
            return new Raw("I64", new long[] {values.length}, bytes.array());
        }

        float[] floats() {
            float[] values = new float[bytes.length / 4];
            ByteBuffer.wrap(bytes)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .asFloatBuffer()
                    .get(values);
            return values;
        }

        long[] longs() {
            long[] values = new long[bytes.length / 8];
            ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asLongBuffer().get(values);
            return values;
        }
    }

    private static final ObjectMapper JSON = new ObjectMapper();

    private RawTensors() {}

    static Map<String, Raw> golden(String name) throws IOException {
        try (InputStream in = RawTensors.class.getResourceAsStream("/golden/" + name)) {
            return parse(in.readAllBytes());
        }
    }

    static Map<String, Raw> read(Path file) throws IOException {
        return parse(Files.readAllBytes(file));
    }

    private static Map<String, Raw> parse(byte[] all) throws IOException {
        int header = (int) ByteBuffer.wrap(all).order(ByteOrder.LITTLE_ENDIAN).getLong(0);
        Map<String, Raw> tensors = new LinkedHashMap<>();
        for (var field : JSON.readTree(all, 8, header).properties()) {
            JsonNode entry = field.getValue();
            if (field.getKey().equals("__metadata__")) {
                continue;
            }
            int from = 8 + header + entry.get("data_offsets").get(0).asInt();
            int to = 8 + header + entry.get("data_offsets").get(1).asInt();
            tensors.put(
                    field.getKey(),
                    new Raw(
                            entry.get("dtype").asText(),
                            JSON.convertValue(entry.get("shape"), long[].class),
                            Arrays.copyOfRange(all, from, to)));
        }
        return tensors;
    }

    static Path write(Path file, Map<String, Raw> tensors) throws IOException {
        ObjectNode header = JSON.createObjectNode();
        ByteArrayOutputStream data = new ByteArrayOutputStream();
        for (var tensor : tensors.entrySet()) {
            ObjectNode entry = header.putObject(tensor.getKey());
            entry.put("dtype", tensor.getValue().type());
            entry.putPOJO("shape", tensor.getValue().shape());
            entry.putArray("data_offsets")
                    .add(data.size())
                    .add(data.size() + tensor.getValue().bytes().length);
            data.write(tensor.getValue().bytes());
        }
        // The data begins at a multiple of 8, as the format asks for.
        StringBuilder text = new StringBuilder(JSON.writeValueAsString(header));
        while (text.length() % 8 != 0) {
            text.append(' ');
        }
        byte[] json = text.toString().getBytes(StandardCharsets.UTF_8);
        ByteBuffer length =
                ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(json.length);
        try (var out = Files.newOutputStream(file)) {
            out.write(length.array());
            out.write(json);
            data.writeTo(out);
        }
        return file;
    }
}
