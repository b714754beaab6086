package org.noisetrail.fuzz;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.node.TextNode;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import org.bytedeco.pytorch.Tensor;
import org.noisetrail.checkpoint.ComponentWeights;
import org.noisetrail.checkpoint.LoraWeights;
import org.noisetrail.checkpoint.ModelFiles;
import org.noisetrail.checkpoint.ModelIndex;
import org.noisetrail.checkpoint.Safetensors;
import org.noisetrail.checkpoint.SchedulerConfig;
import org.noisetrail.checkpoint.Weights;
import org.noisetrail.files.JsonFiles;
import org.noisetrail.files.PngFile;
import org.noisetrail.model.DiscreteNoise;
import org.noisetrail.model.clip.ClipTokenizer;
import org.noisetrail.model.diffusers.UNetConfig;
import org.noisetrail.model.diffusers.VaeConfig;
import org.noisetrail.model.edm.NetworkConfig;
import org.noisetrail.report.Png;
import org.noisetrail.reward.RewardText;
import org.noisetrail.sampler.Samplers;
import org.noisetrail.search.Methods;
import org.noisetrail.search.RoundSchedule;
import org.noisetrail.search.Trail;

/** Every parser of the product, with sound inputs to begin from. None loads LibTorch. */
final class Targets {
    private static final Path RESOURCES = Path.of("src/test/resources/diffusers");
    private static final String QUERY = "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q";

    private static final String SCHEDULER = """
            {"_class_name": "DDIMScheduler", "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear",
             "num_train_timesteps": 100, "set_alpha_to_one": false, "steps_offset": 1, "trained_betas": null, "clip_sample": false,
             "prediction_type": "v_prediction", "timestep_spacing": "trailing", "rescale_betas_zero_snr": true}""";

    private static final String ADAPTER = """
            {"peft_type": "LORA", "r": 1, "lora_alpha": 8, "alpha_pattern": {"attn1.to_q": 4, "^conv\\\\.in": 2}, "use_dora": false,
             "init_lora_weights": "gaussian", "layer_replication": null}""";

    private static final String INDEX = """
            {"_class_name": "StableDiffusionPipeline", "scheduler": ["diffusers", "PNDMScheduler"],
             "text_encoder": ["transformers", "CLIPTextModel"], "tokenizer": ["transformers", "CLIPTokenizer"],
             "unet": ["diffusers", "UNet2DConditionModel"], "vae": ["diffusers", "AutoencoderKL"], "safety_checker": [null, null]}""";

    private static final String SHARDS = """
            {"metadata": {"total_size": 8}, "weight_map": {"a": "model-00001-of-00002.safetensors",
             "b": "model-00002-of-00002.safetensors"}}""";

    private static final String TRAIL_1 = """
            {"format": "noisetrail-trail", "version": 1, "denoiser": "109e", "seed": "0", "lambda": 0.15, "project": false,
             "sampler": {"name": "edm", "steps": 6, "sigmaMin": 0.002, "sigmaMax": 80.0, "rho": 7.0, "churn": 40.0,
             "churnMin": 0.05, "churnMax": 50.0, "churnNoise": 1.003},
             "images": [{"image": 0, "class": 3, "start": 0, "chain": 0, "steps": ["", "l1.1", "g1.0", "g1.0", "g1.2", ""]}]}""";

    private static final String TRAIL_2 = """
            {"format":"noisetrail-trail","version":2,"model":"m","settings":{"guidance":"7.5"},"seed":"18446744073709551615",
             "lambda":0.15,"project":true,"sampler":{"name":"ddim","steps":5,"eta":1,"timestep-spacing":"leading"},"images":[
             {"image":4294967295,"prompt":"a cat","negative":"blurry","start":"g0.1","chain":0,
              "moves":["","g3.1 l3.1","c1:0.5,-1.25","g1.0","g1.2"]}]}""";

    private static final String ROUNDS_1 = """
            {"format": "noisetrail-rounds", "version": 1, "sampler": {"name": "edm", "steps": 3, "sigmaMin": 0.002, "sigmaMax": 80.0,
             "rho": 7.0, "churn": 40.0, "churnMin": 0.05, "churnMax": 50.0, "churnNoise": 1.003}, "rounds": [1, 2, 3]}""";

    private static final String ROUNDS_2 = """
            {"format": "noisetrail-rounds", "version": 2, "levels": ["Infinity", 80.0, 0.002], "rounds": [0, 65535, 3]}""";

    private Targets() {}

    /** @param folder for files of their own */
    static List<Target> all(Path folder) throws IOException {
        Path file = folder.resolve("input");
        List<Target> targets = new ArrayList<>();
        targets.add(new Target("safetensors", List.of(tensors(folder), lora(folder)), input -> {
            Files.write(file, input);
            readAll(Safetensors.open(file));
        }));
        targets.add(new Target("lora", List.of(lora(folder)), input -> {
            Files.write(file, input);
            LoraWeights.requireNetworks(Set.of("unet"), List.of(file + ":0.5"));
            LoraWeights.over(new Names(Set.of(QUERY + ".weight")), "unet", List.of(file.toString()));
        }));
        Path adapter = adapter(folder);
        targets.add(new Target("adapter", bytes(ADAPTER), input -> {
            Files.write(adapter.resolveSibling("adapter_config.json"), input);
            LoraWeights.requireNetworks(Set.of("unet"), List.of(adapter.toString()));
        }));
        targets.add(text(
                "json",
                JsonFiles::parse,
                SCHEDULER,
                INDEX,
                SHARDS,
                TRAIL_1,
                TRAIL_2,
                "[1, \"\\u00e4\\ud83d\\ude00\", null]"));
        targets.add(text("index of shards", Targets::shards, SHARDS));
        targets.add(text("scheduler", Targets::scheduler, SCHEDULER));
        targets.add(text("model_index", Targets::index, INDEX));
        targets.add(text(
                "unet config",
                UNetConfig::parse,
                resource("sd15/unet/config.json"),
                resource("sdxl/unet/config.json")));
        targets.add(text("vae config", VaeConfig::parse, resource("sd15/vae/config.json")));
        targets.add(text(
                "edm config",
                (name, json) -> NetworkConfig.parse(name, json, json.length % 2 == 0),
                Files.readString(Path.of("src/main/resources/org/noisetrail/model/fashion-mnist/config.json"))));
        targets.add(tokenizer());
        targets.add(new Target("trail", bytes(TRAIL_1, TRAIL_2), input -> {
            Files.write(file, input);
            Trail.read(file);
        }));
        targets.add(new Target("rounds", bytes(ROUNDS_1, ROUNDS_2), input -> {
            Files.write(file, input);
            RoundSchedule.read(file);
        }));
        targets.add(new Target("png", List.of(picture(chunk("zTXt", packed()))), input -> readPicture(file, input)));
        targets.add(new Target("png texts", List.of(text("tEXt"), text("zTXt"), text("iTXt")), input -> {
            String type =
                    input.length == 0 ? "tEXt" : List.of("tEXt", "zTXt", "iTXt").get((input[0] & 0xff) % 3);
            byte[] data = input.length == 0 ? input : Arrays.copyOfRange(input, 1, input.length);
            readPicture(file, picture(chunk(type, data)));
        }));
        targets.add(words(
                "reward",
                RewardText::parse,
                "0.7*brightness - compressibility:max-bytes=700",
                "-class+1e3*brightness"));
        targets.add(words(
                "sampler",
                Samplers::parse,
                "edm:steps=18:s-churn=40",
                "ddim:steps=20:eta=0.5:timestep-spacing=trailing:set-alpha-to-one"));
        targets.add(words(
                "method",
                Methods::parse,
                "eps-greedy:epsilon=0.4:rounds=20",
                "beam:beams=2:candidates=4",
                "mcts:candidates=8:simulations=4"));
        return targets;
    }

    private interface Parser {
        Object parse(String name, byte[] json) throws IOException;
    }

    private static Target text(String name, Parser parser, String... seeds) {
        return new Target(name, bytes(seeds), input -> parser.parse("input", input));
    }

    private static Target words(String name, Function<String, ?> parser, String... seeds) {
        return new Target(name, bytes(seeds), input -> parser.apply(new String(input, UTF_8)));
    }

    private static List<byte[]> bytes(String... texts) {
        List<byte[]> all = new ArrayList<>();
        for (String text : texts) {
            all.add(text.getBytes(UTF_8));
        }
        return all;
    }

    private static String resource(String name) throws IOException {
        return Files.readString(RESOURCES.resolve(name));
    }

    private static byte[] tensors(Path folder) throws IOException {
        Path file = folder.resolve("tensors.safetensors");
        Safetensors.writer()
                .put("floats", new float[] {1, 2, 3, 4}, 2, 2)
                .put("longs", new long[] {1, -1}, 2)
                .put("half", Safetensors.Dtype.F16, new short[] {1, 2}, 2)
                .put("bytes", new byte[] {1, 2, 3}, 3)
                .put("empty", new double[0], 0)
                .metadata("format", "pt")
                .write(file);
        return Files.readAllBytes(file);
    }

    private static byte[] lora(Path folder) throws IOException {
        Path file = folder.resolve("lora.safetensors");
        String flat = "lora_unet_" + QUERY.replace('.', '_');
        Safetensors.writer()
                .put(flat + ".lora_up.weight", new float[] {1, 2}, 2, 1)
                .put(flat + ".lora_down.weight", new float[] {1, 2, 3}, 1, 3)
                .put(flat + ".alpha", new float[] {1})
                .metadata("lora_adapter_metadata", "{\"unet.lora_alpha\": 8, \"unet.r\": 4}")
                .write(file);
        return Files.readAllBytes(file);
    }

    /** Tensors alone: their settings are the input. */
    private static Path adapter(Path folder) {
        Path file = folder.resolve("adapter_model.safetensors");
        Safetensors.writer()
                .put("base_model.model." + QUERY + ".lora_B.weight", new float[] {1, 2}, 2, 1)
                .put("base_model.model." + QUERY + ".lora_A.weight", new float[] {1, 2, 3}, 1, 3)
                .write(file);
        return file;
    }

    private static void readAll(Safetensors file) {
        for (Safetensors.Entry entry : file.entries().values()) {
            long values = switch (entry.dtype()) {
                case F64, F32, F16, BF16 -> file.floats(entry.name()).length;
                case I64, I32, U8 -> file.longs(entry.name()).length;
                default -> entry.elements();
            };
            require(values == entry.elements(), "a tensor of " + entry + " has " + values + " values");
        }
    }

    private static Object shards(String name, byte[] json) {
        Map<String, byte[]> files = new HashMap<>();
        files.put("unet/diffusion_pytorch_model.safetensors.index.json", json);
        files.put("unet/model-00001-of-00002.safetensors", new byte[0]);
        files.put("unet/model-00002-of-00002.safetensors", new byte[0]);
        List<String> found = ComponentWeights.files(new Memory(files), "unet");
        require(files.keySet().containsAll(found), "the index leads to " + found);
        return found;
    }

    private static Object scheduler(String name, byte[] json) {
        SchedulerConfig config = SchedulerConfig.parse(name, json, json.length % 2 == 0);
        float[] alphas = config.alphasCumprod();
        for (float abar : alphas) {
            require(abar >= 0 && abar <= 1, "abar is " + abar);
        }
        return new DiscreteNoise(alphas, DiscreteNoise.Prediction.EPSILON);
    }

    private static Object index(String name, byte[] json) {
        Map<String, byte[]> files = new HashMap<>();
        files.put(ModelIndex.FILE, json);
        for (String part : List.of("unet", "vae", "text_encoder")) {
            files.put(part + "/config.json", "{}".getBytes(UTF_8));
        }
        files.put("tokenizer/vocab.json", new byte[0]);
        files.put("tokenizer/merges.txt", new byte[0]);
        files.put("scheduler/scheduler_config.json", new byte[0]);
        return ModelIndex.read(new Memory(files));
    }

    /** The first two of a tokenizer's files in one. */
    private static String whole() throws IOException {
        StringBuilder merges = new StringBuilder();
        for (String line : resource("sd15/tokenizer/merges.txt").lines().skip(1).toList()) {
            merges.append(merges.isEmpty() ? "" : ", ").append(TextNode.valueOf(line));
        }
        return "{\"model\": {\"type\": \"BPE\", \"end_of_word_suffix\": \"</w>\", \"vocab\": "
                + resource("sd15/tokenizer/vocab.json") + ", \"merges\": [" + merges
                + "]}, \"added_tokens\": [{\"id\": 999, \"content\": \"<|endoftext|>\"}]}";
    }

    /** The first byte says which file of a sound tokenizer the others are. */
    private static Target tokenizer() throws IOException {
        List<String> names = List.of("vocab.json", "merges.txt", "tokenizer_config.json", "special_tokens_map.json");
        String whole = whole();
        Map<String, byte[]> sound = new HashMap<>();
        List<byte[]> seeds = new ArrayList<>();
        for (int i = 0; i < names.size(); i++) {
            byte[] file = resource("sd15/tokenizer/" + names.get(i)).getBytes(UTF_8);
            sound.put(names.get(i), file);
            byte[] seed = new byte[file.length + 1];
            seed[0] = (byte) i;
            System.arraycopy(file, 0, seed, 1, file.length);
            seeds.add(seed);
        }
        seeds.add(((char) names.size() + whole).getBytes(UTF_8));
        return new Target("tokenizer", seeds, 2, input -> {
            if (input.length > 0) {
                Map<String, byte[]> files = new HashMap<>(sound);
                int which = (input[0] & 0xff) % (names.size() + 1);
                if (which == names.size()) {
                    files.remove("vocab.json");
                }
                files.put(
                        which < names.size() ? names.get(which) : "tokenizer.json",
                        Arrays.copyOfRange(input, 1, input.length));
                ClipTokenizer tokenizer = ClipTokenizer.load(new Memory(files));
                ClipTokenizer.Tokens tokens = tokenizer.encode("a Cat\u00e9 \ud83d\ude00 <|endoftext|> 42");
                require(!tokens.ids().isEmpty(), "no ids");
            }
        });
    }

    /** A picture whose only text is a chunk's. */
    private static byte[] picture(byte[] chunk) throws IOException {
        byte[] plain = Png.encode(new BufferedImage(1, 1, BufferedImage.TYPE_BYTE_GRAY), Map.of());
        int header = 8 + 12 + 13;
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(plain, 0, header);
        out.write(chunk);
        out.write(plain, header, plain.length - header);
        return out.toByteArray();
    }

    private static byte[] chunk(String type, byte[] data) {
        CRC32 crc = new CRC32();
        crc.update(type.getBytes(ISO_8859_1));
        crc.update(data);
        return ByteBuffer.allocate(12 + data.length)
                .putInt(data.length)
                .put(type.getBytes(ISO_8859_1))
                .put(data)
                .putInt((int) crc.getValue())
                .array();
    }

    private static void readPicture(Path file, byte[] picture) throws IOException {
        Files.write(file, picture);
        for (PngFile.Text text : PngFile.texts(file)) {
            require(
                    text.value().length() <= PngFile.LARGEST_TEXT,
                    "a text has " + text.value().length());
        }
    }

    /** A seed of the texts' target: which type, and the chunk's data. */
    private static byte[] text(String type) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(List.of("tEXt", "zTXt", "iTXt").indexOf(type));
        switch (type) {
            case "tEXt" -> out.writeBytes("Trail\0{}".getBytes(ISO_8859_1));
            case "zTXt" -> out.writeBytes(packed());
            default -> out.writeBytes("Trail\0\0\0de\0Spur\0{\"a\": 1}".getBytes(UTF_8));
        }
        return out.toByteArray();
    }

    private static byte[] packed() {
        Deflater deflater = new Deflater();
        deflater.setInput(TRAIL_1.getBytes(ISO_8859_1));
        deflater.finish();
        byte[] bytes = new byte[1000];
        int length = deflater.deflate(bytes);
        deflater.end();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes("Trail\0\0".getBytes(ISO_8859_1));
        out.write(bytes, 0, length);
        return out.toByteArray();
    }

    private static void require(boolean holds, String message) {
        if (!holds) {
            throw new AssertionError(message);
        }
    }

    /** Weights of which only the names are asked. */
    private record Names(Set<String> names) implements Weights {
        @Override
        public Tensor get(String name, long... shape) {
            throw new AssertionError(name);
        }

        @Override
        public void requireAllUsed() {}
    }

    /** A folder that is not there. */
    private record Memory(Map<String, byte[]> files) implements ModelFiles {
        @Override
        public boolean has(String file) {
            return files.containsKey(file);
        }

        @Override
        public InputStream open(String file) throws IOException {
            if (!has(file)) {
                throw new NoSuchFileException(file);
            }
            return new ByteArrayInputStream(files.get(file));
        }

        @Override
        public Path path(String file) {
            return Path.of("memory", file);
        }

        @Override
        public <T> T with(String file, Function<Path, T> use) {
            throw new AssertionError(file);
        }

        @Override
        public Path local(String file) {
            throw new AssertionError(file);
        }

        @Override
        public List<String> list(String folder) {
            return List.of();
        }
    }
}
