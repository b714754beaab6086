package org.noisetrail.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.noisetrail.files.PngFile;
import org.noisetrail.noise.Move;
import org.noisetrail.noise.Recipe;
import org.noisetrail.report.Certificate;
import org.noisetrail.report.Png;
import org.noisetrail.search.Trail;
import org.noisetrail.testing.Nets;

/** Pictures prove what they claim, and forged ones do not. */
@Timeout(300)
class VerifyCommandTest {
    @TempDir
    private static Path runs;

    @TempDir
    private Path folder;

    @BeforeAll
    static void draw() {
        generate(
                "classes",
                "--classes",
                "3,5,8",
                "--images",
                3,
                "--method",
                "eps-greedy",
                "--rounds",
                1,
                "--steps",
                6,
                "--reward",
                "0.7*class-0.5*brightness",
                "--held-out",
                "heldout");
        generate(
                "prompts",
                "--model",
                "fashion-scenes",
                "--prompt",
                "a green coat",
                "--method",
                "best-of-n",
                "--candidates",
                2,
                "--sampler",
                "ddim",
                "--steps",
                4,
                "--guidance",
                3,
                "--reward",
                "clip",
                "--held-out",
                "clip-heldout");
        generate("plain", "--images", 1, "--method", "naive", "--steps", 6, "--reward", "brightness");
    }

    private static void generate(String name, Object... options) {
        Object[] all = Stream.concat(Stream.of("generate", "-q", "--out", runs.resolve(name)), Stream.of(options))
                .toArray();
        assertThat(Cli.run(all).err()).isEmpty();
    }

    private static Path picture(String run) {
        return runs.resolve(run).resolve("images/000.png");
    }

    private static void holds(String words, Object... arguments) {
        Cli.Ending ending = Cli.run(arguments);
        assertThat(ending.err()).isEmpty();
        assertThat(ending.out()).contains(": yes: ", words).doesNotContain(": no: ");
        assertThat(ending.code()).isZero();
    }

    private static String differs(Object... arguments) {
        Cli.Ending ending = Cli.run(arguments);
        assertThat(ending.err()).isEmpty();
        assertThat(ending.out()).contains(": no: ");
        assertThat(ending.code()).isEqualTo(1);
        return ending.out();
    }

    /** The picture with other texts. */
    private Path texts(Path picture, UnaryOperator<Map<String, String>> change) throws IOException {
        return forged(ImageIO.read(picture.toFile()), picture, change);
    }

    private Path forged(BufferedImage pixels, Path picture, UnaryOperator<Map<String, String>> change)
            throws IOException {
        Map<String, String> texts = new LinkedHashMap<>();
        for (PngFile.Text text : PngFile.texts(picture)) {
            texts.put(text.keyword(), text.value());
        }
        return Files.write(folder.resolve("forged.png"), Png.encode(pixels, change.apply(texts)));
    }

    private Path claim(Path picture, String keyword, String from, String to) throws IOException {
        return texts(picture, texts -> {
            assertThat(texts.get(keyword)).contains(from);
            texts.put(keyword, texts.get(keyword).replace(from, to));
            return texts;
        });
    }

    @Test
    void picturesOfAFolderHold() {
        holds("000.png: yes: all 784 values as claimed, 0.7*class-0.5*brightness ", "verify", runs.resolve("classes"));
        assertThat(Cli.run("verify", runs.resolve("classes"), "--max-batch", 2)
                        .out()
                        .lines())
                .hasSize(3);
    }

    @Test
    void aPictureFromAPromptHoldsAndItsModelIsFound() {
        holds("all 12288 values as claimed, clip ", "verify", picture("prompts"));
    }

    @Test
    void aChangedPixelDiffers() throws IOException {
        BufferedImage pixels = ImageIO.read(picture("classes").toFile());
        int before = pixels.getRaster().getSample(3, 4, 0);
        pixels.getRaster().setSample(3, 4, 0, before < 128 ? before + 5 : before - 5);
        Path forged = forged(pixels, picture("classes"), texts -> texts);
        assertThat(differs("verify", forged)).contains("pixels differ in 1 of 784 values, by up to 5 levels");
        assertThat(differs("verify", forged, "--levels", 4)).contains("by up to 5 levels");
        holds("1 of 784 values within 5 levels", "verify", forged, "--levels", 5);
    }

    @Test
    void aChangedClaimDiffers() throws IOException {
        Path better = texts(picture("classes"), texts -> {
            double claimed = Double.parseDouble(texts.get("Reward"));
            texts.put("Reward", Double.toString(claimed + 2e-6));
            return texts;
        });
        assertThat(differs("verify", better)).contains("reward 0.7*class", "is claimed to be ", " and found to be ");
        holds("values as claimed", "verify", better, "--reward-error", "3e-6");
        Path other = texts(picture("prompts"), texts -> {
            texts.put("Held-out", "1");
            return texts;
        });
        assertThat(differs("verify", other)).contains("held-out clip-heldout is claimed to be 1.0 and found to be ");
    }

    @Test
    void anInfiniteClaimDiffers() throws IOException {
        for (String endless : List.of("Infinity", "-Infinity", "1e999")) {
            Path forged = texts(picture("plain"), texts -> {
                texts.put("Reward", endless);
                return texts;
            });
            assertThat(differs("verify", forged)).contains("reward brightness is claimed to be ", "Infinity and found");
        }
    }

    @Test
    void whatMayDifferIsNamedByItsOption() {
        for (Object[] words : new Object[][] {
            {"--levels", 256, "--levels must be from 0 to 255: 256"},
            {"--levels", -1, "--levels must be from 0 to 255: -1"},
            {"--reward-error", -1, "--reward-error must be >= 0: -1.0"},
            {"--reward-error", "NaN", "--reward-error must be >= 0: NaN"}
        }) {
            Cli.Ending ending = Cli.run("verify", picture("plain"), words[0], words[1]);
            assertThat(ending.err()).isEqualTo("noisetrail: " + words[2] + "\n");
            assertThat(ending.code()).isEqualTo(2);
        }
    }

    /** Its header says 46000 x 46000: two gigabytes that no pixel of is there. */
    @Test
    void aHugePictureIsNotUnpackedAndKeepsNoOtherFromItsLine() throws IOException {
        byte[] png = Files.readAllBytes(picture("classes"));
        ByteBuffer header = ByteBuffer.wrap(png);
        header.putInt(16, 46000).putInt(20, 46000);
        CRC32 crc = new CRC32();
        crc.update(png, 12, 17);
        header.putInt(29, (int) crc.getValue());
        Path huge = Files.write(folder.resolve("huge.png"), png);
        String lines = lines(huge, picture("plain"));
        assertThat(lines)
                .contains("huge.png: no: pixels are of another size: claimed 46000x46000, found 28x28")
                .contains("000.png: yes: ");
        assertThatThrownBy(() -> Certificate.read(huge))
                .hasMessage(huge + " must have <= 268435456 pixels: 46000x46000");
    }

    /** The picture with one more chunk before its pixels. */
    private Path chunk(Path picture, String type, int bytes) throws IOException {
        byte[] png = Files.readAllBytes(picture);
        int header = 33;
        ByteBuffer all = ByteBuffer.allocate(png.length + 12 + bytes).put(png, 0, header);
        all.putInt(bytes).put(type.getBytes(StandardCharsets.US_ASCII)).put(new byte[bytes]);
        CRC32 crc = new CRC32();
        crc.update(all.array(), header + 4, 4 + bytes);
        all.putInt((int) crc.getValue()).put(png, header, png.length - header);
        return Files.write(folder.resolve(type + ".png"), all.array());
    }

    /** An animation's first picture need not be that of the pixels, and a gamma makes other colours of them. */
    @Test
    void aFileWithMoreThanWhatShowsItsPixelsIsNotCertified() throws IOException {
        for (String type : List.of("acTL", "gAMA", "eXIf")) {
            assertThat(differs("verify", chunk(picture("plain"), type, 8)))
                    .contains("it has chunks " + type + ", which may change what is shown");
        }
        holds("tIME.png: yes", "verify", chunk(picture("plain"), "tIME", 7));
    }

    @Test
    void aTrailThatAsksForALargerImageThanAModelDrawsIsDrawnOnlyWhereAsked() throws IOException {
        Path forged =
                claim(picture("prompts"), "Trail", "\"guidance\":\"3.0\"", "\"guidance\":\"3.0\",\"height\":\"12000\"");
        assertThat(differs("verify", forged))
                .contains("its trail asks for more than 2 times the model's own 64x64 pixels a side:"
                        + " --height and --width say that it may");
    }

    private static String lines(Path... pictures) {
        Cli.Ending ending =
                Cli.run(Stream.concat(Stream.of("verify"), Stream.of(pictures)).toArray());
        assertThat(ending.err()).isEmpty();
        assertThat(ending.code()).isEqualTo(1);
        return ending.out();
    }

    @Test
    void aRewardThatCostsThousandsOfScoringsIsComputedOnlyWhereAsked() throws IOException {
        String costly = "shifted(shifted(shifted(brightness)))";
        Path forged = claim(picture("plain"), "Trail", "\"name\":\"brightness\"", "\"name\":\"" + costly + "\"");
        assertThat(differs("verify", forged))
                .contains("reward unknown: it scores an image 125 times, more than 32 (shifted counts five):"
                        + " --reward says that it may");
        assertThat(differs("verify", forged, "--reward", costly)).contains("reward is another one: claimed " + costly);
    }

    @Test
    void aTrailThatAsksForMoreThanASearchWouldIsNotDrawn() throws IOException {
        String weights = "1" + ",1".repeat(65535 - 1);
        Path forged = texts(picture("plain"), texts -> {
            Trail trail = Trail.parse("the picture", texts.get("Trail"));
            Recipe recipe = trail.images().get(0).recipe();
            List<Move> moves = new ArrayList<>(recipe.moves());
            moves.set(0, Move.parse("h0:4.0:" + weights));
            Recipe costly = new Recipe(recipe.start(), recipe.chain(), moves);
            texts.put(
                    "Trail",
                    trail.with(List.of(new Trail.Entry(trail.images().get(0).request(), costly)))
                            .toJson());
            return texts;
        });
        assertThat(differs("verify", forged))
                .contains("its trail must ask for <= 65536 transitions to be verified: 65541; replay draws it");
    }

    @Test
    void anotherImagesTrailDiffers() throws IOException {
        Path forged = claim(picture("classes"), "Trail", "\"image\":0", "\"image\":1");
        assertThat(differs("verify", forged)).contains("pixels differ in ", "is claimed to be ");
    }

    @Test
    void anotherModelDiffers() throws IOException {
        Path other = copyOfTheModel();
        Path weights = other.resolve("model.safetensors");
        byte[] bytes = Files.readAllBytes(weights);
        bytes[bytes.length - 1000] ^= 1;
        Files.write(weights, bytes);
        assertThat(differs("verify", picture("classes"), "--model", other))
                .contains("another model, or other settings of it: claimed ");
        assertThat(differs("verify", picture("prompts"), "--model", "fashion-mnist"))
                .contains("another model: the model draws classes, not prompts: it has no guidance");
    }

    @Test
    void anotherRewardDiffersThoughItsNameIsTheSame() throws IOException {
        Path other = copyOfTheModel();
        holds("as claimed", "verify", picture("plain"), "--model", other);
        Files.copy(
                other.resolve("heldout.pt"),
                other.resolve("classifier.pt"),
                java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        assertThat(differs("verify", picture("classes"), "--model", other))
                .contains("reward is another one: claimed 0.7*class - 0.5*brightness, ", "is claimed to be ")
                .doesNotContain("held-out", "pixels");
        assertThat(differs("verify", picture("plain"), "--reward", "jpeg-bytes"))
                .contains("reward is another one: claimed brightness, brightness, found jpeg-bytes");
    }

    @Test
    void aTrailThatNamesNoRewardCertifiesPixelsOnly() throws IOException {
        Path silent = texts(picture("plain"), texts -> {
            texts.put("Trail", texts.get("Trail").replaceAll("\"reward\":\\{[^}]*\\},", ""));
            return texts;
        });
        assertThat(differs("verify", silent)).contains("reward unknown: the trail does not name it");
        holds("values as claimed, brightness ", "verify", silent, "--reward", "brightness");
        assertThat(differs("verify", silent, "--reward", "class")).contains("reward class is claimed to be ");
    }

    @Test
    void aTrailOfVersion1CertifiesPixelsAndWhatIsAskedFor() throws IOException {
        Path old = texts(picture("plain"), texts -> {
            String model = texts.get("Trail").replaceAll(".*\"model\":\"([^\"]*)\".*", "$1");
            texts.put("Trail", """
                    {"format":"noisetrail-trail","version":1,"denoiser":"%s","seed":"0","lambda":0,"project":false,\
                    "sampler":{"name":"edm","steps":6,"sigmaMin":0.002,"sigmaMax":80,"rho":7,"churn":40,\
                    "churnMin":0.05,"churnMax":50,"churnNoise":1.003},\
                    "images":[{"image":0,"class":0,"start":0,"chain":0,"steps":["","","","","",""]}]}""".formatted(model));
            return texts;
        });
        assertThat(differs("verify", old))
                .contains("reward unknown: the trail does not name it (those of version 1 do not)");
        holds("all 784 values as claimed, brightness ", "verify", old, "--reward", "brightness");
    }

    @Test
    void filesThatAPictureNamesAreNotOpened() throws IOException {
        Path hostile =
                claim(picture("plain"), "Trail", "\"name\":\"brightness\"", "\"name\":\"torchscript:/no/evil.pt\"");
        assertThat(differs("verify", hostile)).contains("reward unknown: torchscript:/no/evil.pt is made of files");
        Path own = claim(picture("plain"), "Trail", "\"name\":\"brightness\"", "\"name\":\"my own\"");
        assertThat(differs("verify", own)).contains("reward unknown: my own is made of files of its own or of code");
    }

    @Test
    void whatIsNoPictureOfOursIsANo() throws IOException {
        assertThat(differs("verify", folder)).contains("holds no pictures");
        Path plain = Files.write(
                folder.resolve("a.png"),
                Png.encode(ImageIO.read(picture("plain").toFile()), Map.of()));
        assertThat(differs("verify", plain)).contains("a picture without a trail");
        assertThat(differs("verify", folder.resolve("none.png"))).contains("no such picture");
        Path claims = texts(picture("plain"), texts -> {
            texts.put("Reward", "high");
            return texts;
        });
        assertThat(differs("verify", claims)).contains("must claim a number as Reward: high");
        assertThat(Cli.run("verify").code()).isEqualTo(2);
    }

    @Test
    void oneThatCannotBeCertifiedKeepsNoOtherFromIt() throws IOException {
        Path run = Files.createDirectories(folder.resolve("run/images"));
        Files.copy(picture("plain"), run.resolve("000.png"));
        Files.writeString(run.resolve("001.png"), "no picture");
        Files.copy(picture("classes"), run.resolve("002.png"));
        // Of the same run as the first, and of a class that the model does not have.
        Path label =
                Files.move(claim(picture("plain"), "Trail", "\"class\":0", "\"class\":99"), run.resolve("003.png"));
        Path setting = Files.move(
                claim(picture("plain"), "Trail", "\"settings\":{}", "\"settings\":{\"guidance\":\"abc\"}"),
                run.resolve("004.png"));
        Path none = folder.resolve("none.png");
        List<String> lines = differs("verify", none, run.getParent(), picture("prompts"))
                .lines()
                .toList();
        assertThat(lines).hasSize(7);
        assertThat(lines.get(0)).startsWith(none + ": no: no such picture");
        assertThat(lines.get(1)).startsWith(run.resolve("000.png") + ": yes: all 784 values as claimed, brightness ");
        assertThat(lines.get(2)).startsWith(run.resolve("001.png") + ": no: ");
        assertThat(lines.get(3)).startsWith(run.resolve("002.png") + ": yes: ");
        assertThat(lines.get(4))
                .startsWith(label + ": no: cannot be drawn again: ")
                .contains("99");
        assertThat(lines.get(5)).isEqualTo(setting + ": no: settings of a model: guidance must be a number: abc");
        assertThat(lines.get(6)).startsWith(picture("prompts") + ": yes: ");
        String json = Cli.run("verify", none, picture("plain"), "--json").out();
        assertThat(json).contains("\"holds\" : false", "\"holds\" : true", "no such picture");
    }

    @Test
    void anInterruptIsNoVerdict() {
        Thread.currentThread().interrupt();
        Cli.Ending ending;
        try {
            ending = Cli.run("verify", runs.resolve("classes"));
        } finally {
            Thread.interrupted();
        }
        assertThat(ending.out()).isEmpty();
        assertThat(ending.err()).isEqualTo("noisetrail: interrupted; 0 of 3 pictures have a verdict\n");
        assertThat(ending.code()).isEqualTo(130);
    }

    @Test
    void eachPictureHasItsLineAtOnceAndAnInterruptLeavesThem() {
        StringWriter err = new StringWriter();
        StringWriter out = new StringWriter() {
            @Override
            public void flush() {
                if (getBuffer().indexOf("\n") >= 0) {
                    Thread.currentThread().interrupt();
                }
            }
        };
        int code;
        try {
            code = Main.run(
                    new PrintWriter(out),
                    new PrintWriter(err),
                    "verify",
                    "--max-batch",
                    "1",
                    runs.resolve("classes").toString());
        } finally {
            Thread.interrupted();
        }
        assertThat(out.toString()).hasLineCount(1).contains("000.png: yes: ");
        assertThat(err.toString()).isEqualTo("noisetrail: interrupted; 1 of 3 pictures have a verdict\n");
        assertThat(code).isEqualTo(130);
    }

    @Test
    void aFolderIsOnlyLookedAt() throws IOException {
        Path run = runs.resolve("classes");
        // A file that comes and goes would leave its time here.
        FileTime before = FileTime.from(Instant.parse("2020-01-01T00:00:00Z"));
        Files.setLastModifiedTime(run, before);
        Files.setLastModifiedTime(run.resolve("images"), before);
        holds("values as claimed", "verify", run);
        assertThat(Files.getLastModifiedTime(run)).isEqualTo(before);
        assertThat(Files.getLastModifiedTime(run.resolve("images"))).isEqualTo(before);
        assertThat(differs("verify", folder.resolve("not/there"))).contains("no such picture");
        assertThat(folder.resolve("not")).doesNotExist();
    }

    private Path copyOfTheModel() throws IOException {
        Path copy = Files.createDirectories(folder.resolve("model"));
        try (Stream<Path> files = Files.list(Nets.FASHION)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Files.copy(file, copy.resolve(file.getFileName()));
            }
        }
        return copy;
    }
}
