package org.noisetrail.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.CRC32;
import java.util.zip.DeflaterOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.noisetrail.files.PngFile.Text;

@Timeout(60)
class PngFileTest {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    private static byte[] resource(String name) throws IOException {
        try (var in = PngFileTest.class.getResourceAsStream("/png/" + name)) {
            return in.readAllBytes();
        }
    }

    private static PngFile read(byte[] png) throws IOException {
        return PngFile.read(new ByteArrayInputStream(png));
    }

    /** Begins a file of 2 x 3 pixels. */
    private PngFileTest begin() throws IOException {
        bytes.write(new byte[] {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'});
        return chunk("IHDR", new byte[] {0, 0, 0, 2, 0, 0, 0, 3, 8, 0, 0, 0, 0});
    }

    private PngFileTest chunk(String type, byte[]... parts) throws IOException {
        ByteArrayOutputStream data = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            data.write(part);
        }
        CRC32 crc = new CRC32();
        crc.update(type.getBytes(StandardCharsets.US_ASCII));
        crc.update(data.toByteArray());
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeInt(data.size());
        out.writeBytes(type);
        out.write(data.toByteArray());
        out.writeInt((int) crc.getValue());
        return this;
    }

    private byte[] end() throws IOException {
        chunk("IDAT", new byte[1]).chunk("IEND");
        return bytes.toByteArray();
    }

    private static byte[] latin(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    private static byte[] packed(byte[] content) throws IOException {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (DeflaterOutputStream out = new DeflaterOutputStream(packed)) {
            out.write(content);
        }
        return packed.toByteArray();
    }

    @Test
    void textsThatAnotherProgramHasPackedAreThoseThatWeWrote() throws IOException {
        PngFile plain = read(resource("p_text.png"));
        assertThat(plain.width()).isEqualTo(28);
        assertThat(plain.height()).isEqualTo(28);
        assertThat(plain.texts()).extracting(Text::keyword).containsExactly("Software", "Reward", "Trail");
        assertThat(read(resource("p_ztxt.png"))).isEqualTo(plain);
    }

    @Test
    void chunksOfOtherTypesAreTold() throws IOException {
        assertThat(read(resource("p_text.png")).others()).isEmpty();
        begin();
        chunk("gAMA", new byte[4]).chunk("acTL", new byte[8]).chunk("tIME", new byte[7]);
        chunk("gAMA", new byte[4]);
        assertThat(read(end()).others()).containsExactly("gAMA", "acTL", "tIME");
    }

    @Test
    void internationalTextsAreReadPlainAndPacked() throws IOException {
        byte[] words = "r\u00e9seau \u7db2".getBytes(StandardCharsets.UTF_8);
        byte[] png = begin().chunk("iTXt", latin("A\0\0\0en\0t\0"), words)
                .chunk("iTXt", latin("B\0\1\0\0\0"), packed(words))
                .end();
        assertThat(read(png).texts())
                .containsExactly(new Text("A", "r\u00e9seau \u7db2"), new Text("B", "r\u00e9seau \u7db2"));
    }

    @Test
    void aKeywordHasUpTo79Characters() throws IOException {
        String longest = "k".repeat(79);
        assertThat(read(begin().chunk("tEXt", latin(longest + "\0v")).end()).texts())
                .containsExactly(new Text(longest, "v"));
        bytes.reset();
        byte[] longer = begin().chunk("tEXt", latin(longest + "k\0v")).end();
        assertThatThrownBy(() -> read(longer)).hasMessageContaining("a keyword of 1 to 79");
    }

    @ParameterizedTest
    @CsvSource({
        "png-bad-iccp.png, chunk tEXt must have a keyword of 1 to 79 printable characters",
        "png-bad-ztxt.png, chunk zTXt must be packed by method 0: 1",
        "png-no-idat.png, it has no pixels"
    })
    void brokenPicturesAreRefusedInOneLine(String file, String message) {
        assertThatThrownBy(() -> read(resource(file)))
                .isInstanceOf(IOException.class)
                .hasMessage(message);
    }

    @Test
    void aPictureThatIsCutAnywhereIsRefused() throws IOException {
        byte[] png = resource("p_ztxt.png");
        for (int length = 0; length < png.length; length++) {
            byte[] part = Arrays.copyOf(png, length);
            assertThatThrownBy(() -> read(part)).isInstanceOf(IOException.class);
        }
    }

    @Test
    void aChangedByteAnywhereIsSeen() throws IOException {
        byte[] png = resource("p_text.png");
        for (int at = 0; at < png.length; at++) {
            byte[] changed = png.clone();
            changed[at] ^= 4;
            assertThatThrownBy(() -> read(changed)).as("byte " + at).isInstanceOf(IOException.class);
        }
    }

    @Test
    void aTextThatUnpacksToMoreThanTheLimitIsRefused() throws IOException {
        byte[] bomb = packed(new byte[PngFile.LARGEST_TEXT + 1]);
        byte[] png = begin().chunk("zTXt", latin("Trail\0\0"), bomb).end();
        assertThatThrownBy(() -> read(png)).hasMessage("texts must have <= 33554432 bytes, unpacked: Trail has more");
    }

    @Test
    void allTextsTogetherAreBounded() throws IOException {
        byte[] half = packed(new byte[PngFile.LARGEST_TEXT / 2]);
        byte[] png = begin().chunk("zTXt", latin("A\0\0"), half)
                .chunk("zTXt", latin("B\0\0"), half)
                .chunk("tEXt", latin("C\0word"))
                .end();
        assertThatThrownBy(() -> read(png)).hasMessage("chunk tEXt must have <= 0 bytes: 6");
    }

    @Test
    void textsThatSayNothingAreBounded() throws IOException {
        begin();
        for (int i = 0; i < 10_000; i++) {
            chunk("tEXt", latin("A\0"));
        }
        byte[] most = bytes.toByteArray();
        assertThat(read(end()).texts()).hasSize(10_000);
        bytes.reset();
        bytes.write(most);
        byte[] more = chunk("tEXt", latin("A\0")).end();
        assertThatThrownBy(() -> read(more))
                .isInstanceOf(IOException.class)
                .hasMessage("it must have <= 10000 texts: more");
    }

    @Test
    void aLengthOfTwoGigabytesTakesNoMemory() throws IOException {
        begin();
        bytes.write(new byte[] {0x7f, -1, -1, -1, 't', 'E', 'X', 't', 1, 2, 3});
        assertThatThrownBy(() -> read(bytes.toByteArray()))
                .hasMessage("chunk tEXt must have <= 33554432 bytes: 2147483647");
    }

    @Test
    void aPackedTextThatIsCutIsRefused() throws IOException {
        byte[] cut = Arrays.copyOf(packed(latin("word")), 5);
        byte[] png = begin().chunk("zTXt", latin("Trail\0\0"), cut).end();
        assertThatThrownBy(() -> read(png)).hasMessage("text Trail cannot be unpacked: it is cut");
    }

    @Test
    void nothingButPngIsRead() {
        assertThatThrownBy(() -> read(latin("GIF89a, and more"))).hasMessage("it does not begin as a PNG file does");
    }
}
