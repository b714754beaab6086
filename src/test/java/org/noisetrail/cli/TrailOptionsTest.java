package org.noisetrail.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.noisetrail.checkpoint.Safetensors;
import org.noisetrail.files.PngFile;
import org.noisetrail.report.Png;

/** What a trail says of its model holds for {@code replay} and {@code verify}: no option contradicts it, and no file that it names is opened. */
@Timeout(300)
class TrailOptionsTest {
    private static final String LAYER = "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_q";

    @TempDir
    private static Path runs;

    private static Path picture;

    @TempDir
    private Path folder;

    @BeforeAll
    static void draw() throws IOException {
        picture = generated("plain");
        generated("styled", "--lora", lora(runs.resolve("private"), 1) + ":0.5");
    }

    private static Path generated(String name, Object... options) {
        Object[] words = Stream.concat(
                        Stream.of(
                                "generate",
                                "-q",
                                "--out",
                                runs.resolve(name),
                                "--model",
                                "fashion-scenes",
                                "--prompt",
                                "a green coat",
                                "--images",
                                1,
                                "--method",
                                "best-of-n",
                                "--candidates",
                                2,
                                "--sampler",
                                "ddim",
                                "--steps",
                                4,
                                "--guidance",
                                3),
                        Stream.of(options))
                .toArray();
        assertThat(Cli.run(words).err()).isEmpty();
        return picture(runs.resolve(name));
    }

    private static Path picture(Path run) {
        return run.resolve("images/000.png");
    }

    /** A change of one layer, in a folder of its own. */
    private static Path lora(Path folder, int strength) throws IOException {
        float[] up = new float[160];
        float[] down = new float[160];
        for (int i = 0; i < 160; i++) {
            up[i] = strength * (i * 7 % 11 - 5) / 8f;
            down[i] = (i * 5 % 13 - 6) / 8f;
        }
        Path file = Files.createDirectories(folder).resolve("style.safetensors");
        Safetensors.writer()
                .put(LAYER + ".lora_up.weight", up, 160, 1)
                .put(LAYER + ".lora_down.weight", down, 1, 160)
                .write(file);
        return file;
    }

    /** The picture with other words in its trail. */
    private Path trail(Path picture, String from, String to) throws IOException {
        Map<String, String> texts = new LinkedHashMap<>();
        for (PngFile.Text text : PngFile.texts(picture)) {
            texts.put(text.keyword(), text.value());
        }
        assertThat(texts.get("Trail")).contains(from);
        texts.put("Trail", texts.get("Trail").replace(from, to));
        return Files.write(folder.resolve("forged.png"), Png.encode(ImageIO.read(picture.toFile()), texts));
    }

    private void replays(Path trail, Path as, Object... options) throws IOException {
        Cli.Ending ending = Cli.run(Stream.concat(
                        Stream.of("replay", trail, "-q", "--overwrite", "--out", folder.resolve("again")),
                        Stream.of(options))
                .toArray());
        assertThat(ending.err()).isEmpty();
        assertThat(ending.code()).isZero();
        assertThat(Png.read(picture(folder.resolve("again"))).pixels())
                .isEqualTo(Png.read(as).pixels());
    }

    private static void holds(Path picture, Object... options) {
        Cli.Ending ending = Cli.run(
                Stream.concat(Stream.of("verify", picture), Stream.of(options)).toArray());
        assertThat(ending.out()).contains(": yes: all 12288 values as claimed, clip ");
        assertThat(ending.code()).isZero();
    }

    /** Both commands say so: one as a mistake in its arguments, the other as a picture of which it is not true. */
    private void refuse(Path picture, String message, Object... options) {
        Path out = folder.resolve("refused");
        Cli.Ending replay = Cli.run(Stream.concat(Stream.of("replay", picture, "-q", "--out", out), Stream.of(options))
                .toArray());
        assertThat(replay.err()).isEqualTo("noisetrail: " + message + "\n");
        assertThat(replay.code()).isEqualTo(2);
        assertThat(out).doesNotExist();
        Cli.Ending verify = Cli.run(
                Stream.concat(Stream.of("verify", picture), Stream.of(options)).toArray());
        assertThat(verify.out()).isEqualTo(picture + ": no: " + message + "\n");
        assertThat(verify.err()).isEmpty();
        assertThat(verify.code()).isEqualTo(1);
    }

    @Test
    void theEmbeddedModelIsFound() throws IOException {
        replays(picture, picture);
        replays(runs.resolve("plain/trail.json"), picture);
        Cli.Ending other = Cli.run("replay", picture, "--model", "fashion-mnist", "--out", folder.resolve("none"));
        assertThat(other.err()).contains("the model draws classes, not prompts");
        // Its sampler would not go with the model either, which says nothing.
        Path unasked = trail(picture, "\"settings\":{\"guidance\":\"3.0\"}", "\"settings\":{}");
        other = Cli.run("replay", unasked, "--model", "fashion-mnist", "--out", folder.resolve("none"));
        assertThat(other.err()).contains("the trail was drawn with another model, or with other settings of it: ");
        assertThat(other.code()).isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--guidance 4 | guidance must be 3.0, as it was drawn: 4.0",
                "--precision bf16 | precision must be float32, as it was drawn: bfloat16",
                "--guidance-rescale .5 | guidance-rescale must be 0.0, as it was drawn: 0.5",
                "--height 72 | height must be left out, since it was drawn without: 72",
                "--width 72 | width must be left out, since it was drawn without: 72",
                "--clip-skip 1 | clip-skip must be 0, as it was drawn: 1",
                "--size-condition 64x64+0+0 | size-condition must be left out, since it was drawn without: 64x64+0+0",
                "--lora /no/such.safetensors | lora must be left out, since it was drawn without: /no/such.safetensors",
            })
    void whatContradictsTheTrailIsRefused(String options, String message) {
        refuse(picture, message, (Object[]) options.split(" "));
    }

    @Test
    void whatIsAsTheTrailSaysMayBeSaid() throws IOException {
        Object[] same = {"--guidance", "3", "--precision", "fp32", "--guidance-rescale", "0", "--clip-skip", "0"};
        replays(picture, picture, same);
        holds(picture, same);
    }

    @Test
    void whatIsNotTheModelsOwnIsContradictedByIt() throws IOException {
        Path rounded = trail(picture, "{\"guidance\":\"3.0\"}", "{\"guidance\":\"3.0\",\"precision\":\"bfloat16\"}");
        refuse(rounded, "precision must be bfloat16, as it was drawn: float32", "--precision", "fp32");
    }

    @Test
    void aLorasFolderIsNobodysBusiness() throws IOException {
        Path styled = picture(runs.resolve("styled"));
        assertThat(Png.read(styled).pixels()).isNotEqualTo(Png.read(picture).pixels());
        for (String file : new String[] {"images/000.png", "trail.json", "result.json"}) {
            assertThat(Files.readString(runs.resolve("styled").resolve(file), StandardCharsets.ISO_8859_1))
                    .contains("style.safetensors:0.5")
                    .doesNotContain("private");
        }
    }

    @Test
    void aLoraIsTheOneThatIsGiven() throws IOException {
        Path styled = picture(runs.resolve("styled"));
        Path moved = lora(folder.resolve("moved"), 1);
        for (String given : new String[] {moved.toString(), moved + ":0.5", moved + ":5e-1"}) {
            holds(styled, "--lora", given);
            replays(styled, styled, "--lora", given);
        }
        String unknown = "drawn with the LoRA style.safetensors:0.5: --lora must say where it is";
        refuse(styled, unknown);
        refuse(styled, unknown + ", and no other: " + moved + ":0.6", "--lora", moved + ":0.6");
        Path renamed = Files.copy(moved, moved.resolveSibling("other.safetensors"));
        refuse(styled, unknown + ", and no other: " + renamed, "--lora", renamed);
        Cli.Ending other = Cli.run("verify", styled, "--lora", lora(folder.resolve("other"), 2));
        assertThat(other.out()).contains(": no: another model, or other settings of it: ");
    }

    @Test
    void aLoraThatAPictureNamesIsNotOpened() throws IOException {
        Path secret = Files.writeString(folder.resolve("secret.txt"), "a word that is nobody's business");
        Path forged = trail(picture, "{\"guidance\":\"3.0\"}", "{\"lora-0\":\"" + secret + "\",\"guidance\":\"3.0\"}");
        refuse(forged, "drawn with the LoRA secret.txt: --lora must say where it is");
    }

    @Test
    void anOldTrailWithALorasWholePathIsDrawnAgain() throws IOException {
        Path styled = picture(runs.resolve("styled"));
        String model = "(?<=\"model\":\")[0-9a-f]{64}";
        String now = Files.readString(runs.resolve("styled/trail.json"))
                .replaceAll("(?s).*\"model\":\"([0-9a-f]{64}) .*", "$1");
        assertThat(now).matches("[0-9a-f]{64}");
        // What the library called it when trails held whole paths: it had read target/elsewhere/style.safetensors, of
        // the same content.
        Path renamed = trail(styled, now, "252c5b2b8e478ec729cd314975554133cdb786a0bba53303fce87404feaebe21");
        Files.move(renamed, folder.resolve("half.png"));
        Path old = trail(
                folder.resolve("half.png"), "\"style.safetensors:0.5\"", "\"target/elsewhere/style.safetensors:0.5\"");
        refuse(old, "drawn with the LoRA style.safetensors:0.5: --lora must say where it is");
        Path moved = lora(folder.resolve("moved"), 1);
        holds(old, "--lora", moved);
        replays(old, styled, "--lora", moved);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"guidance\":\"abc\" | guidance must be a number: abc",
                "\"height\":\"1e3\" | height must be a number: 1e3",
                "\"height\":\"-8\" | height must be from 1 to 16384: -8",
                "\"precision\":\"fp8\" | precision must be one of fp32, tf32, bf16, fp16: fp8",
                "\"mood\":\"blue\" | there is no setting of a model named mood",
            })
    void aBadSettingIsTheTrailsFault(String setting, String message) throws IOException {
        Path forged = trail(picture, "\"guidance\":\"3.0\"", setting);
        Cli.Ending ending = Cli.run("replay", forged, "--out", folder.resolve("none"));
        assertThat(ending.err()).isEqualTo("noisetrail: settings of a model: " + message + "\n");
        assertThat(ending.code()).isEqualTo(1);
    }
}
