package org.noisetrail.model.edm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.noisetrail.checkpoint.Safetensors;
import org.noisetrail.model.ImageShape;

/** The parts of tools/convert_edm.py that need no PyTorch. */
class ConvertEdmTest {
    @TempDir
    Path folder;

    @Test
    void whatTheConverterWritesIsRead() throws Exception {
        python("""
                import sys, json, struct; sys.dont_write_bytecode = True; sys.path.insert(0, 'tools')
                import convert_edm as c
                class SongUNet: init_kwargs = dict(img_resolution=16, in_channels=3, model_channels=32, channel_mult=[1, 2], augment_dim=9,
                    dropout=0.1, embedding_type='fourier', resample_filter=[1, 3, 3, 1])
                class EDMPrecond: sigma_data = 0.5; img_resolution = 16; img_channels = 3; label_dim = 10; model = SongUNet()
                config = c.config_of(EDMPrecond(), 'a test')
                c.write_whole(sys.argv[1] + '/config.json', lambda f: f.write(json.dumps(config).encode()))
                c.write_safetensors(sys.argv[1] + '/model.safetensors', {
                    'a': ('F32', (2, 1), struct.pack('<2f', 1.5, -2)), 'b': ('U8', (3,), b'abc'), 'wide': ('I64', (), struct.pack('<q', 7))})
                """);
        NetworkConfig config =
                NetworkConfig.parse("config.json", Files.readAllBytes(folder.resolve("config.json")), false);
        assertThat(config.isSong()).isTrue();
        assertThat(config.shape()).isEqualTo(new ImageShape(3, 16, 16));
        assertThat(config.channelMult()).containsExactly(1, 2);
        assertThat(config.resampleTaps()).isEqualTo(4);
        assertThat(config.embeddingType()).isEqualTo("fourier");
        Safetensors tensors = Safetensors.open(folder.resolve("model.safetensors"));
        assertThat(tensors.entry("a").shape()).containsExactly(2L, 1L);
        assertThat(tensors.floats("a")).containsExactly(1.5f, -2);
        assertThat(tensors.bytes("b")).containsExactly('a', 'b', 'c');
        assertThat(tensors.longs("wide")).containsExactly(7);
        try (var files = Files.list(folder)) {
            assertThat(files.map(Path::getFileName).map(Path::toString))
                    .containsExactlyInAnyOrder("config.json", "model.safetensors");
        }
    }

    @Test
    void whoMayReadWhatItWritesIsTheUmasksToSay() throws Exception {
        python("""
                import os, sys; sys.dont_write_bytecode = True; sys.path.insert(0, 'tools')
                import convert_edm as c
                os.umask(0o026)
                c.write_whole(sys.argv[1] + '/config.json', lambda f: f.write(b'{}'))
                """);
        Path written = folder.resolve("config.json");
        assertThat(written).hasContent("{}");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(written)))
                .isEqualTo("rw-r-----");
    }

    @Test
    void anotherPreconditioningIsRefused() throws Exception {
        assertThat(python("""
                import sys; sys.dont_write_bytecode = True; sys.path.insert(0, 'tools')
                import convert_edm as c
                class VPPrecond: pass
                try: c.config_of(VPPrecond(), '')
                except c.ConversionError as e: print(e)
                """)).contains("the pickle holds a VPPrecond; only EDMPrecond");
    }

    private String python(String script) throws IOException, InterruptedException {
        Process process;
        try {
            process = new ProcessBuilder(List.of("python3", "-c", script, folder.toString()))
                    .redirectErrorStream(true)
                    .start();
        } catch (IOException e) {
            assumeTrue(false, "no python3");
            throw e;
        }
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
        return output;
    }
}
