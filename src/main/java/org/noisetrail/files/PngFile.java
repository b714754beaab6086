package org.noisetrail.files;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.noisetrail.NoisetrailException;

/**
 * What a PNG file says beside its pixels, read chunk by chunk with every checksum checked (PNG, third edition, sections 5 and 11.3.3). Pixels
 * are not decoded, and of colour profiles and the like only their types are told, so that what other programs put there does not matter.
 *
 * @param width in pixels, >= 1
 * @param height in pixels, >= 1
 * @param texts of tEXt, zTXt and iTXt chunks, in the file's order; a keyword may come several times
 * @param others types of chunks that are neither header, pixels, texts nor the end, each once: some of them change what a viewer shows
 */
public record PngFile(int width, int height, List<Text> texts, List<String> others) {
    /** The most bytes of all texts together, unpacked: 32 MiB, more than a trail that weighs 65,535 candidates at each of 18 steps. */
    public static final int LARGEST_TEXT = 32 << 20;

    private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    private static final List<String> TEXTS = List.of("tEXt", "zTXt", "iTXt");
    private static final int HEADER = 13;
    private static final int LONGEST_KEYWORD = 79;
    /** A text that says nothing takes memory, too. */
    private static final int MOST_TEXTS = 10_000;
    /** The standard has two dozen types, and a file may have names of its own. */
    private static final int MOST_TYPES = 100;

    public PngFile {
        texts = List.copyOf(texts);
        others = List.copyOf(others);
    }

    /** A keyword (Latin-1, 1 to 79 characters) with what it says. */
    public record Text(String keyword, String value) {}

    /** Whether these bytes begin as a PNG file does. */
    public static boolean isPng(InputStream in) throws IOException {
        return Arrays.equals(in.readNBytes(SIGNATURE.length), SIGNATURE);
    }

    /**
     * Reads up to the picture's end; no more than {@link #LARGEST_TEXT} and a little is ever held.
     *
     * @throws IOException that says what is wrong: not a PNG, cut, a wrong checksum, no pixels, a text that cannot be unpacked or is too long, too many texts
     */
    public static PngFile read(InputStream in) throws IOException {
        if (!isPng(in)) {
            throw new IOException("it does not begin as a PNG file does");
        }
        try {
            return new Reader(new DataInputStream(in)).read();
        } catch (EOFException e) {
            throw new IOException("it is cut", e);
        }
    }

    /**
     * The texts of a file, whichever program packed them.
     *
     * @throws NoisetrailException that names the file and what is wrong with it
     */
    public static List<Text> texts(Path file) {
        return read(file).texts();
    }

    /**
     * As {@link #read(InputStream)}.
     *
     * @throws NoisetrailException that names the file and what is wrong with it
     */
    public static PngFile read(Path file) {
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
            return read(in);
        } catch (FileSystemException e) {
            throw new NoisetrailException("cannot read " + file + ": " + AtomicFiles.reason(e), e);
        } catch (IOException e) {
            throw new NoisetrailException(file + " is not a sound PNG file: " + Excerpt.of(AtomicFiles.reason(e)), e);
        }
    }

    private static final class Reader {
        private final DataInputStream in;
        private final List<Text> texts = new ArrayList<>();
        private final Set<String> others = new LinkedHashSet<>();
        private int left = LARGEST_TEXT;
        private byte[] header = {};
        private boolean pixels;

        Reader(DataInputStream in) {
            this.in = in;
        }

        PngFile read() throws IOException {
            while (true) {
                int length = in.readInt();
                byte[] name = new byte[4];
                in.readFully(name);
                String type = type(name);
                if (length < 0) {
                    throw new IOException(
                            "chunk " + type + " must have < 2^31 bytes: " + Integer.toUnsignedString(length));
                }
                if (type.equals("IHDR") != (header.length == 0)) {
                    throw new IOException("it must have one header, and begin with it");
                }
                byte[] data = data(name, type, length);
                switch (type) {
                    case "IHDR" -> header = data;
                    case "IDAT" -> pixels = true;
                    case "IEND" -> {
                        return file();
                    }
                    case "tEXt", "zTXt", "iTXt" -> texts.add(text(type, data));
                    default -> other(type);
                }
            }
        }

        private void other(String type) throws IOException {
            others.add(type);
            if (others.size() > MOST_TYPES) {
                throw new IOException("it must have <= " + MOST_TYPES + " types of chunks: more");
            }
        }

        private PngFile file() throws IOException {
            ByteBuffer numbers = ByteBuffer.wrap(header);
            int width = numbers.getInt();
            int height = numbers.getInt();
            if (width < 1 || height < 1) {
                throw new IOException("its size must be >= 1: " + Integer.toUnsignedString(width) + "x"
                        + Integer.toUnsignedString(height));
            }
            if (!pixels) {
                throw new IOException("it has no pixels");
            }
            return new PngFile(width, height, texts, List.copyOf(others));
        }

        private static String type(byte[] name) throws IOException {
            for (byte letter : name) {
                if (!(letter >= 'A' && letter <= 'Z' || letter >= 'a' && letter <= 'z')) {
                    throw new IOException("a chunk's type must be four letters");
                }
            }
            return new String(name, StandardCharsets.US_ASCII);
        }

        /** A chunk's bytes where they are wanted, else none; its checksum is checked either way. */
        private byte[] data(byte[] name, String type, int length) throws IOException {
            CRC32 crc = new CRC32();
            crc.update(name);
            byte[] data = {};
            boolean first = type.equals("IHDR");
            if (first || TEXTS.contains(type)) {
                if (first ? length != HEADER : length > left) {
                    throw new IOException(
                            "chunk " + type + " must have " + (first ? HEADER : "<= " + left) + " bytes: " + length);
                }
                data = in.readNBytes(length);
                if (data.length < length) {
                    throw new EOFException();
                }
                crc.update(data);
            } else {
                skip(length, crc);
            }
            if (in.readInt() != (int) crc.getValue()) {
                throw new IOException("chunk " + type + " has a wrong checksum");
            }
            return data;
        }

        private void skip(int length, CRC32 crc) throws IOException {
            byte[] part = new byte[Math.min(length, 1 << 16)];
            for (int at = 0; at < length; ) {
                int count = in.read(part, 0, Math.min(part.length, length - at));
                if (count < 0) {
                    throw new EOFException();
                }
                crc.update(part, 0, count);
                at += count;
            }
        }

        private Text text(String type, byte[] data) throws IOException {
            if (texts.size() == MOST_TEXTS) {
                throw new IOException("it must have <= " + MOST_TEXTS + " texts: more");
            }
            int end = terminator(type, data, 0);
            String keyword = new String(data, 0, end, StandardCharsets.ISO_8859_1);
            if (end < 1 || end > LONGEST_KEYWORD || !keyword.chars().allMatch(Reader::isPrintable)) {
                throw new IOException(
                        "chunk " + type + " must have a keyword of 1 to " + LONGEST_KEYWORD + " printable characters");
            }
            int at = end + 1;
            return new Text(
                    keyword,
                    switch (type) {
                        case "tEXt" -> latin(take(data, at));
                        case "zTXt" -> latin(inflate(keyword, data, method(type, data, at)));
                        default -> international(keyword, data, at);
                    });
        }

        /** PNG's Latin-1: printable characters of ISO 8859-1, and spaces between them. */
        private static boolean isPrintable(int character) {
            return character >= 0x20 && character <= 0x7e || character >= 0xa1;
        }

        private String international(String keyword, byte[] data, int at) throws IOException {
            if (at >= data.length || data[at] < 0 || data[at] > 1) {
                throw new IOException("text " + keyword + " must say by 0 or 1 whether it is packed");
            }
            boolean packed = data[at] == 1;
            int language = packed ? method("iTXt", data, at + 1) : at + 2;
            int translated = terminator("iTXt", data, language) + 1;
            int start = terminator("iTXt", data, translated) + 1;
            byte[] bytes = packed ? inflate(keyword, data, start) : take(data, start);
            try {
                return StandardCharsets.UTF_8
                        .newDecoder()
                        .decode(ByteBuffer.wrap(bytes))
                        .toString();
            } catch (CharacterCodingException e) {
                throw new IOException("text " + keyword + " must be UTF-8", e);
            }
        }

        /** Checks the compression method. */
        private static int method(String type, byte[] data, int at) throws IOException {
            if (at >= data.length || data[at] != 0) {
                throw new IOException("chunk " + type + " must be packed by method 0"
                        + (at < data.length ? ": " + (data[at] & 0xff) : ""));
            }
            return at + 1;
        }

        private static int terminator(String type, byte[] data, int from) throws IOException {
            for (int at = from; at < data.length; at++) {
                if (data[at] == 0) {
                    return at;
                }
            }
            throw new IOException("chunk " + type + " must have a zero behind each of its words");
        }

        private static String latin(byte[] text) {
            return new String(text, StandardCharsets.ISO_8859_1);
        }

        private byte[] take(byte[] data, int from) {
            left -= data.length - from;
            return Arrays.copyOfRange(data, from, data.length);
        }

        private byte[] inflate(String keyword, byte[] data, int from) throws IOException {
            Inflater inflater = new Inflater();
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            byte[] part = new byte[1 << 13];
            try {
                inflater.setInput(data, from, data.length - from);
                while (!inflater.finished()) {
                    int count = inflater.inflate(part);
                    if (count == 0 && (inflater.needsInput() || inflater.needsDictionary())) {
                        throw new IOException("text " + keyword + " cannot be unpacked: it is cut");
                    }
                    if (count > left) {
                        throw new IOException(
                                "texts must have <= " + LARGEST_TEXT + " bytes, unpacked: " + keyword + " has more");
                    }
                    left -= count;
                    bytes.write(part, 0, count);
                }
            } catch (DataFormatException e) {
                throw new IOException("text " + keyword + " cannot be unpacked: " + e.getMessage(), e);
            } finally {
                inflater.end();
            }
            return bytes.toByteArray();
        }
    }
}
