package org.noisetrail.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.noisetrail.NoisetrailException;
import org.noisetrail.testing.Nets;
import org.noisetrail.torch.Tensors;

class SafetensorsTest {
    @TempDir
    Path folder;

    @Test
    void whatIsWrittenComesBackInEveryType() {
        Path file = folder.resolve("all.safetensors");
        Safetensors.writer()
                .put("bytes", new byte[] {0, -1, 5}, 3)
                .put("floats", new float[] {1.5f, -0f, Float.NaN, 4}, 2, 2)
                .put("doubles", new double[] {Math.PI}, 1)
                .put("longs", new long[] {Long.MIN_VALUE, 7}, 2)
                .put("ints", new int[] {-3}, 1)
                .put("half", Safetensors.Dtype.F16, new short[] {0x3c00, (short) 0xc000, 1, 0x7c00}, 4)
                .put("bfloat", Safetensors.Dtype.BF16, new short[] {0x3f80, (short) 0xc020}, 2)
                .put("scalar", new float[] {9})
                .put("empty", new float[0], 0, 3)
                .metadata("made by", "a test")
                .write(file);
        Safetensors read = Safetensors.open(file);
        assertThat(read.floats("floats")).containsExactly(1.5f, -0f, Float.NaN, 4);
        assertThat(read.doubles("doubles")).containsExactly(Math.PI);
        assertThat(read.longs("longs")).containsExactly(Long.MIN_VALUE, 7);
        assertThat(read.longs("ints")).containsExactly(-3);
        assertThat(read.bytes("bytes")).containsExactly(0, -1, 5);
        assertThat(read.longs("bytes")).containsExactly(0, 255, 5);
        assertThat(read.floats("half")).containsExactly(1, -2, 0x1p-24f, Float.POSITIVE_INFINITY);
        assertThat(read.floats("bfloat")).containsExactly(1, -2.5f);
        assertThat(read.entry("scalar").shape()).isEmpty();
        assertThat(read.floats("empty")).isEmpty();
        assertThat(read.entry("floats").shape()).containsExactly(2L, 2L);
        for (String name : List.of("floats", "half", "bfloat", "scalar", "empty")) {
            try (Tensor tensor = read.tensor(name);
                    Tensor floats = tensor.to(org.bytedeco.pytorch.global.torch.ScalarType.Float)) {
                assertThat(Tensors.toFloats(floats)).containsExactly(read.floats(name));
            }
        }
        try (Tensor longs = read.tensor("longs")) {
            assertThat(Tensors.toLongs(longs)).containsExactly(Long.MIN_VALUE, 7);
        }
    }

    @Test
    void aFileOfAnotherWriterIsRead() {
        Safetensors golden = Safetensors.open(Nets.GOLDEN.resolve("adm-rgb-32/golden.safetensors"));
        assertThat(golden.entries().keySet()).contains("x", "sigma", "denoised", "class_labels");
        assertThat(golden.floats("sigma"))
                .hasSize((int) golden.entry("sigma").elements())
                .doesNotContain(0f);
    }

    @Test
    void aMappedTensorOutlivesItsFileObjectAndGarbageCollection() throws Exception {
        Path file = folder.resolve("big.safetensors");
        float[] values = Nets.normals(1, 1 << 20);
        Safetensors.writer().put("w", values, values.length).write(file);
        Tensor view;
        try (Tensor tensor = Safetensors.open(file).tensor("w")) {
            view = Tensors.rows(tensor, 10, 1 << 19);
        }
        for (int i = 0; i < 3; i++) {
            System.gc();
            Thread.sleep(20);
        }
        try (view) {
            assertThat(java.util.Arrays.mismatch(
                            Tensors.toFloats(view), java.util.Arrays.copyOfRange(values, 10, 10 + (1 << 19))))
                    .isEqualTo(-1);
        }
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void mappingsEndWithTheirTensors() throws Exception {
        Path file = folder.resolve("w.safetensors");
        Safetensors.writer().put("w", new float[1 << 16], 1 << 16).write(file);
        for (int i = 0; i < 50; i++) {
            Safetensors.open(file).tensor("w").close();
        }
        requireUnmapped(file);
    }

    private static void requireUnmapped(Path file) throws Exception {
        long left = Long.MAX_VALUE;
        for (int i = 0; i < 20 && left > 0; i++) {
            System.gc();
            Thread.sleep(50);
            try (Stream<String> lines = Files.lines(Path.of("/proc/self/maps"))) {
                left = lines.filter(line -> line.endsWith(file.toString())).count();
            }
        }
        assertThat(left).isZero();
    }

    /** No header says it, but a caller may. */
    @Test
    void aMappingEndsWhereNoTensorCanBeMadeOfIt() throws Exception {
        Path file = folder.resolve("w.safetensors");
        Safetensors.writer().put("w", new float[1 << 16], 1 << 16).write(file);
        Safetensors.Entry sound = Safetensors.open(file).entry("w");
        Safetensors.Entry negative =
                new Safetensors.Entry("w", sound.dtype(), java.util.List.of(-1L), sound.offset(), sound.bytes());
        for (int i = 0; i < 5; i++) {
            assertThatThrownBy(() -> MappedTensor.of(file, negative)).isInstanceOf(NoisetrailException.class);
        }
        requireUnmapped(file);
    }

    @Test
    void aRowOfAnotherLengthIsRefused() {
        Path file = folder.resolve("rows.safetensors");
        for (int length : new int[] {7, 9}) {
            SafetensorsWriter writer =
                    Safetensors.writer().put("a", Safetensors.Dtype.F32, row -> new byte[row == 0 ? 8 : length], 2, 2);
            assertThatThrownBy(() -> writer.write(file))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("row 1 of tensor \"a\" must have 8 bytes: " + length);
            assertThat(file).doesNotExist();
        }
        assertThatThrownBy(() -> Safetensors.writer().put("a", Safetensors.Dtype.F32, row -> new byte[4]))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("shape must have a dimension of rows: []");
    }

    static Stream<Arguments> hostile() {
        String f = "{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}";
        return Stream.of(
                Arguments.of("cut data", header("{\"a\":" + f + "}", 7), "data_offsets must rise and be <= 7"),
                Arguments.of("no data", header("{\"a\":" + f + "}", 0), "data_offsets must rise and be <= 0"),
                Arguments.of("beyond the end", entry("F32", "[2]", "[4,12]", 8), "data_offsets must rise and be <= 8"),
                Arguments.of("falling", entry("F32", "[2]", "[8,0]", 8), "data_offsets must rise"),
                Arguments.of(
                        "huge offset", entry("F32", "[2]", "[0,9223372036854775808]", 8), "integers >= 0 and < 2^63"),
                Arguments.of("fraction", entry("F32", "[2]", "[0,8.0]", 8), "integers >= 0"),
                Arguments.of(
                        "size", entry("F32", "[3]", "[0,8]", 8), "shape [3] of F32 needs 12 bytes: the file has 8"),
                Arguments.of("negative", entry("F32", "[-2]", "[0,8]", 8), "shape's dimensions must be integers >= 0"),
                Arguments.of(
                        "overflow", entry("F32", "[4294967296,4294967296]", "[0,8]", 8), "is larger than any file"),
                Arguments.of("dtype", entry("F33", "[2]", "[0,8]", 8), "dtype must be one of"),
                Arguments.of(
                        "dtype type",
                        header("{\"a\":{\"dtype\":4,\"shape\":[2],\"data_offsets\":[0,8]}}", 8),
                        "must have a dtype"),
                Arguments.of(
                        "three offsets",
                        entry("F32", "[2]", "[0,8,8]", 8),
                        "must have a dtype, a shape and two data_offsets"),
                Arguments.of("array", header("{\"a\":[]}", 8), "must have a dtype"),
                Arguments.of("overlap", two("[0,8]", "[4,12]", 12), "tensor \"b\": overlaps \"a\""),
                Arguments.of("same", two("[0,8]", "[0,8]", 8), "overlaps"),
                Arguments.of("hole", two("[0,8]", "[12,20]", 20), "4 bytes between it and \"a\" belong to no tensor"),
                Arguments.of("late start", entry("F32", "[2]", "[4,12]", 12), "4 bytes between it and the header"),
                Arguments.of("rest", entry("F32", "[2]", "[0,8]", 11), "the last 3 bytes belong to no tensor"),
                Arguments.of("duplicate", header("{\"a\":" + f + ",\"a\":" + f + "}", 8), "Duplicate field 'a'"),
                Arguments.of(
                        "duplicate key",
                        header("{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F64\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8),
                        "Duplicate field 'dtype'"),
                Arguments.of("not JSON", header("{\"a\":", 0), "not sound JSON"),
                Arguments.of("two values", header("{} {}", 0), "not sound JSON"),
                Arguments.of("list", header("[]", 0), "header must be a JSON object"),
                Arguments.of("deep", header("{\"a\":{\"b\":" + "[".repeat(100000), 0), "nesting depth (65) exceeds"),
                Arguments.of("deep metadata", header("{\"__metadata__\":" + "[".repeat(100000), 0), "nesting depth"),
                Arguments.of("many dimensions", entry("U8", "[" + "1,".repeat(64) + "1]", "[0,1]", 1), "must be <= 64"),
                Arguments.of("half a byte", entry("F4", "[3]", "[0,1]", 1), "shape [3] of F4 needs 12 bits"),
                Arguments.of(
                        "a name that a terminal obeys",
                        header("{\"\\u001b[2J\":{}}", 0),
                        "tensor \"\\u001b[2J\": must have"),
                Arguments.of("a long name", header("{\"" + "x".repeat(10000) + "\":{}}", 0), "x...\": must have"),
                Arguments.of("a zip", zip(), "a pickle (as .ckpt, .bin and .pt files are)"),
                Arguments.of(
                        "a pickle",
                        raw(0x28712e63_02800280L | Long.MIN_VALUE, new byte[100]),
                        "a pickle (as .ckpt, .bin and .pt files are)"),
                Arguments.of("not UTF-8", raw(4, new byte[] {'{', '"', (byte) 0xff, '"'}), "header is not UTF-8"),
                Arguments.of("empty", new byte[0], "not a safetensors file: 0 bytes"),
                Arguments.of("short", new byte[5], "not a safetensors file: 5 bytes"),
                Arguments.of(
                        "2^60",
                        raw(1L << 60, new byte[100]),
                        "should have 1152921504606846976 bytes, the file has 100"),
                Arguments.of("2^63", raw(Long.MIN_VALUE, new byte[100]), "should have 9223372036854775808 bytes"),
                Arguments.of("all ones", raw(-1, new byte[100]), "should have 18446744073709551615 bytes"),
                Arguments.of("header cut", raw(101, new byte[100]), "or cut: the header should have 101 bytes"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("hostile")
    void aHostileFileIsRefusedInOneLineThatNamesIt(String what, byte[] content, String fact) throws IOException {
        Path file = folder.resolve("hostile.safetensors");
        Files.write(file, content);
        assertThatThrownBy(() -> Safetensors.open(file))
                .isInstanceOf(NoisetrailException.class)
                .hasMessageStartingWith(file.toString())
                .hasMessageContaining(fact)
                .hasMessageNotContaining("\n");
    }

    private static byte[] zip() {
        return raw(0x08080000_04034b50L, new byte[100]);
    }

    @Test
    void aTensorOverAJavaArraysLimitIsRefusedBeforeItIsRead() throws IOException {
        for (String dtype : List.of("U8", "F64", "I64", "F32")) {
            Path file = folder.resolve(dtype + ".safetensors");
            long bytes = 2_700_000_000L;
            int size = dtype.equals("U8") ? 1 : dtype.equals("F32") ? 4 : 8;
            String header = "{\"w\":{\"dtype\":\"" + dtype + "\",\"shape\":[3," + bytes / 3 / size
                    + "],\"data_offsets\":[0," + bytes + "]}}";
            try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
                sparse.writeLong(Long.reverseBytes(header.length()));
                sparse.write(header.getBytes(StandardCharsets.UTF_8));
                sparse.setLength(8 + header.length() + bytes);
            }
            Safetensors tensors = Safetensors.open(file);
            assertThatThrownBy(() -> {
                        switch (dtype) {
                            case "U8" -> tensors.bytes("w");
                            case "F64" -> tensors.doubles("w");
                            case "I64" -> tensors.longs("w");
                            default -> tensors.floats("w");
                        }
                    })
                    .isInstanceOf(NoisetrailException.class)
                    .hasMessageContaining("2700000000 bytes do not fit a Java array");
        }
    }

    @Test
    void aHeaderOverTheLimitIsRefusedBeforeItIsRead() throws IOException {
        Path file = folder.resolve("large.safetensors");
        try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
            sparse.writeLong(Long.reverseBytes(90_000_000));
            sparse.write("{\"a\":[".getBytes(StandardCharsets.UTF_8));
            sparse.setLength(90_000_008);
        }
        assertThatThrownBy(() -> Safetensors.open(file))
                .hasMessage(file + ": header must be <= 16777216 bytes: 90000000");
    }

    @Test
    void aHeaderOfEmptyListsTakesNoMemory() throws IOException {
        Path file = folder.resolve("lists.safetensors");
        Files.write(file, header("{\"a\":{\"b\":[" + "[],".repeat(1_500_000) + "[]]}}", 0));
        assertThatThrownBy(() -> Safetensors.open(file)).hasMessageContaining("must have a dtype");
        Files.write(file, header("{\"a\":{\"b\":[" + "[],".repeat(2_500_000) + "[]]}}", 0));
        assertThatThrownBy(() -> Safetensors.open(file)).hasMessageContaining("Token count");
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void aFolderOrADeviceIsNoFile() {
        assertThatThrownBy(() -> Safetensors.open(folder))
                .hasMessage(folder + ": not a safetensors file: a folder or a device");
        assertThatThrownBy(() -> Safetensors.open(Path.of("/dev/zero")))
                .hasMessage("/dev/zero: not a safetensors file: a folder or a device");
    }

    @Test
    void tensorsOfAnyTypeOfTheFormatMayBeThereUnneeded() throws IOException {
        Path file = folder.resolve("types.safetensors");
        StringBuilder header = new StringBuilder("{\"__metadata__\":{\"a\":\"b\",\"c\":1}");
        int offset = 0;
        for (Safetensors.Dtype dtype : Safetensors.Dtype.values()) {
            header.append(",\"").append(dtype).append("\":{\"dtype\":\"").append(dtype);
            header.append("\",\"shape\":[4],\"data_offsets\":[").append(offset).append(',');
            offset += dtype.bits() * 4 / 8;
            header.append(offset).append("]}");
        }
        Files.write(file, header(header + "}", offset));
        Safetensors read = Safetensors.open(file);
        assertThat(read.metadata()).containsExactly(Map.entry("a", "b"));
        assertThat(read.entries()).hasSize(Safetensors.Dtype.values().length);
        assertThat(read.floats("F16")).containsExactly(0, 0, 0, 0);
        for (Safetensors.Dtype dtype : Safetensors.Dtype.values()) {
            assertThat(read.entry(dtype.name()).elements()).isEqualTo(4);
            if (dtype.isReadable()) {
                try (Tensor tensor = read.tensor(dtype.name())) {
                    assertThat(tensor.numel()).isEqualTo(4);
                }
            } else {
                assertThatThrownBy(() -> read.tensor(dtype.name()))
                        .hasMessage(file + ": tensor \"" + dtype + "\": dtype must be one that LibTorch computes with: "
                                + dtype);
            }
        }
        assertThatThrownBy(() -> read.longs("F8_E4M3")).hasMessageContaining("must be I64, I32 or U8: F8_E4M3");
    }

    @Test
    void damageAnywhereGivesOurErrorOrSoundTensors() throws IOException {
        Path file = folder.resolve("damaged.safetensors");
        Safetensors.writer()
                .put("a", new float[] {1, 2}, 2)
                .put("b", new long[] {3}, 1)
                .write(file);
        byte[] sound = Files.readAllBytes(file);
        Random random = new Random(5);
        for (int i = 0; i < 500; i++) {
            byte[] damaged = sound.clone();
            for (int n = 0; n <= random.nextInt(3); n++) {
                damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
            }
            Files.write(
                    file,
                    random.nextInt(4) == 0 ? java.util.Arrays.copyOf(damaged, random.nextInt(sound.length)) : damaged);
            try {
                Safetensors read = Safetensors.open(file);
                for (Safetensors.Entry entry : read.entries().values()) {
                    if (entry.dtype().isReadable()) {
                        try (Tensor tensor = read.tensor(entry.name())) {
                            assertThat(tensor.numel()).isEqualTo(entry.elements());
                        }
                    }
                }
            } catch (NoisetrailException e) {
                assertThat(e).hasMessageContaining(file.toString()).hasMessageNotContaining("\n");
            }
        }
    }

    @Test
    void anUnknownNameAndAWrongTypeSayWhatThereIs() {
        Path file = folder.resolve("x.safetensors");
        Safetensors.writer().put("images", new byte[] {1}, 1).write(file);
        Safetensors read = Safetensors.open(file);
        assertThatThrownBy(() -> read.floats("x")).hasMessage(file + ": no tensor \"x\"; it has images");
        assertThatThrownBy(() -> read.floats("images"))
                .hasMessage(file + ": tensor \"images\": dtype must be F32, F16, BF16 or F64: U8");
        assertThatThrownBy(() -> Safetensors.open(folder.resolve("none")))
                .hasMessage("cannot read " + folder.resolve("none") + ": no such file or folder");
    }

    @Test
    void aFileThatCannotBeWrittenLeavesNothing() throws IOException {
        assertThatThrownBy(() ->
                        Safetensors.writer().put("a", new float[1], 1).write(folder.resolve("no/such/x.safetensors")))
                .isInstanceOf(NoisetrailException.class)
                .hasMessageContaining("cannot write")
                .hasMessageContaining("no such file or folder");
        Path occupied =
                Files.createDirectories(folder.resolve("occupied/inside")).getParent();
        assertThatThrownBy(() -> Safetensors.writer().put("a", new float[1], 1).write(occupied))
                .isInstanceOf(NoisetrailException.class)
                .hasMessageStartingWith("cannot write " + occupied);
        try (Stream<Path> left = Files.list(folder)) {
            assertThat(left).containsExactly(occupied);
        }
    }

    @Test
    void readingIntoArraysAndWritingNeedNoLibTorch() throws Exception {
        String java = ProcessHandle.current().info().command().orElse("java");
        Process process = new ProcessBuilder(
                        java,
                        "-Xlog:class+init=info",
                        "-cp",
                        System.getProperty("java.class.path"),
                        WithoutLibTorch.class.getName(),
                        folder.resolve("small.safetensors").toString())
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
        assertThat(output).contains("read 2.5");
        assertThat(output.lines().filter(line -> line.contains("org.bytedeco") && line.contains("nitializing")))
                .isEmpty();
    }

    static final class WithoutLibTorch {
        private WithoutLibTorch() {}

        public static void main(String[] arguments) {
            Path file = Path.of(arguments[0]);
            Safetensors.writer().put("x", new float[] {2.5f}, 1).write(file);
            System.out.println("read " + Safetensors.open(file).floats("x")[0]);
        }
    }

    private static byte[] entry(String dtype, String shape, String offsets, int data) {
        return header(
                "{\"a\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":" + offsets + "}}", data);
    }

    private static byte[] two(String first, String second, int data) {
        return header(
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":" + first
                        + "},\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":" + second + "}}",
                data);
    }

    private static byte[] header(String json, int data) {
        byte[] text = json.getBytes(StandardCharsets.UTF_8);
        return raw(text.length, java.util.Arrays.copyOf(text, text.length + data));
    }

    private static byte[] raw(long length, byte[] rest) {
        return ByteBuffer.allocate(8 + rest.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(length)
                .put(rest)
                .array();
    }
}
