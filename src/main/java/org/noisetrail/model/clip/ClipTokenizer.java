package org.noisetrail.model.clip;

import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.noisetrail.NoisetrailException;
import org.noisetrail.checkpoint.ConfigFile;
import org.noisetrail.checkpoint.LaterFile;
import org.noisetrail.checkpoint.ModelFiles;
import org.noisetrail.files.Excerpt;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * CLIP's tokenizer: text to the ids that its text encoders take, as transformers 5 does it from the same files.
 *
 * <p>Special tokens are found first, as they are written. The rest is normalised (NFC, white space to single spaces, lower case letter by
 * letter), split into words (English contractions, runs of letters, single digits, runs of anything else) and each word is encoded by
 * byte pairs, so that no text is unknown. Letters are those of the running JDK's Unicode.
 *
 * <p>A tokenizer's folder has {@code vocab.json} and {@code merges.txt}, or {@code tokenizer.json} alone; {@code tokenizer_config.json},
 * {@code special_tokens_map.json} and {@code added_tokens.json} may be there and say which tokens are special, which one pads, and how long
 * a text may be.
 *
 * <p>Immutable to its users and safe to share between threads: words that were encoded are kept.
 */
public final class ClipTokenizer {
    /** How long CLIP's texts are where a folder does not say. */
    private static final int CLIP_LENGTH = 77;

    /** transformers writes 10^30 for "no limit": whatever a position embedding cannot have is none. */
    private static final int LONGEST = 1 << 16;

    private static final Logger LOG = LoggerFactory.getLogger(ClipTokenizer.class);
    private static final int REPORTED_AT_MOST = 10_000;
    private static final Set<String> REPORTED = ConcurrentHashMap.newKeySet();

    private static final int KEPT_WORDS = 10_000;
    private static final int KEPT_WORD_LENGTH = 64;

    private static final Pattern SPACES = Pattern.compile("\\p{IsWhite_Space}+");

    /** A special token in another case is a word as well, but one that then falls apart: groups 1 to 3. */
    private static final Pattern WORD = Pattern.compile("(<\\|)((?:start|end)oftext)(\\|>)"
            + "|'s|'t|'re|'ve|'m|'ll|'d|\\p{L}+|\\p{N}|[^\\p{IsWhite_Space}\\p{L}\\p{N}]+");

    private final BytePairs pairs;
    private final int start;
    private final int end;
    private final int padding;
    private final int length;
    private final Map<String, Integer> special;
    private final Pattern specials;
    private final Map<String, int[]> words = new ConcurrentHashMap<>();

    /**
     * A text as its ids.
     *
     * @param ids the start token, at most {@link #length()} - 2 of the text, the end token; not padded
     * @param cut the words that no longer fit, with spaces between; empty if all do
     */
    public record Tokens(List<Integer> ids, String cut) {
        public Tokens {
            ids = List.copyOf(ids);
        }
    }

    private ClipTokenizer(ModelFiles files) {
        boolean later = LaterFile.TOKENIZER.counts(files, "");
        ConfigFile whole = ConfigFile.readIfThere(files, later ? LaterFile.TOKENIZER.file() : "added_tokens.json");
        this.pairs = later ? BytePairs.of(whole) : BytePairs.read(files);
        ConfigFile config = ConfigFile.readIfThere(files, "tokenizer_config.json");
        // Newer folders say all in the first file, and transformers then reads no other.
        boolean complete = config.has("added_tokens_decoder");
        ConfigFile map = complete ? config : ConfigFile.readIfThere(files, "special_tokens_map.json");
        Map<String, Integer> found =
                complete ? described(config.object("added_tokens_decoder")) : later ? listed(whole) : added(whole);
        String endToken = token("eos_token", "<|endoftext|>", map, config);
        this.start = id(token("bos_token", "<|startoftext|>", map, config), found);
        this.end = id(endToken, found);
        this.padding = id(token("pad_token", endToken, map, config), found);
        id(token("unk_token", endToken, map, config), found);
        this.special = Map.copyOf(found);
        // The longest that begins at a place wins.
        this.specials = Pattern.compile(found.keySet().stream()
                .sorted(Comparator.comparingInt(String::length).reversed())
                .map(Pattern::quote)
                .collect(Collectors.joining("|")));
        this.length = length(config);
    }

    /**
     * Reads a tokenizer's folder.
     *
     * @throws NoisetrailException that names the file, if one is missing or broken
     */
    public static ClipTokenizer load(ModelFiles files) {
        return new ClipTokenizer(files);
    }

    /** How many ids a text has at most, with start and end: {@code model_max_length}, 77 where it is not said. */
    public int length() {
        return length;
    }

    /** The id that fills a text up to {@link #length()}. */
    public int padding() {
        return padding;
    }

    /** One more than the highest id there is: what an encoder's vocabulary must have. */
    public int vocabulary() {
        return 1
                + Math.max(
                        pairs.largestId(),
                        special.values().stream().mapToInt(id -> id).max().orElse(0));
    }

    public Tokens encode(String text) {
        List<Integer> ids = new ArrayList<>();
        List<String> cut = new ArrayList<>();
        ids.add(start);
        Matcher matcher = specials.matcher(text);
        int from = 0;
        while (matcher.find()) {
            addWords(text.substring(from, matcher.start()), ids, cut);
            add(new int[] {special.getOrDefault(matcher.group(), end)}, matcher.group(), ids, cut);
            from = matcher.end();
        }
        addWords(text.substring(from), ids, cut);
        ids.add(end);
        return new Tokens(ids, String.join(" ", cut));
    }

    /** The ids as an encoder takes them: {@link #length()} of them, {@link #padding()} after the end token. */
    public long[] padded(Tokens tokens) {
        if (tokens.ids.size() > length) {
            throw new IllegalArgumentException("tokens must be <= " + length + ": " + tokens.ids.size());
        }
        long[] padded = new long[length];
        Arrays.fill(padded, padding);
        for (int i = 0; i < tokens.ids.size(); i++) {
            padded[i] = tokens.ids.get(i);
        }
        return padded;
    }

    /**
     * Texts as an encoder takes them, one after another, each as {@link #padded(Tokens)} has it. Of one that is too long is said what is left out, once.
     *
     * @param what the texts are, for the message
     */
    public long[] padded(List<String> texts, String what) {
        long[] ids = new long[Math.multiplyExact(texts.size(), length)];
        for (int i = 0; i < texts.size(); i++) {
            Tokens tokens = encode(texts.get(i));
            if (!tokens.cut().isEmpty()
                    && REPORTED.size() < REPORTED_AT_MOST
                    && REPORTED.add(what + "\0" + texts.get(i))) {
                LOG.warn(
                        "the {} is longer than the {} tokens that are read; left out: {}",
                        what,
                        length,
                        Excerpt.of(tokens.cut()));
            }
            System.arraycopy(padded(tokens), 0, ids, i * length, length);
        }
        return ids;
    }

    private void addWords(String text, List<Integer> ids, List<String> cut) {
        Matcher matcher = WORD.matcher(normalised(text));
        while (matcher.find()) {
            if (matcher.group(1) == null) {
                add(encodeWord(matcher.group()), matcher.group(), ids, cut);
            } else {
                for (int group = 1; group <= 3; group++) {
                    add(encodeWord(matcher.group(group)), matcher.group(group), ids, cut);
                }
            }
        }
    }

    /** As many of a word's ids as there is room for. */
    private void add(int[] word, String text, List<Integer> ids, List<String> cut) {
        int room = length - 1 - ids.size();
        for (int i = 0; i < Math.min(room, word.length); i++) {
            ids.add(word[i]);
        }
        if (word.length > room) {
            cut.add(text);
        }
    }

    private int[] encodeWord(String word) {
        int[] known = words.get(word);
        if (known != null) {
            return known;
        }
        int[] ids = pairs.encode(word);
        if (word.length() <= KEPT_WORD_LENGTH && words.size() < KEPT_WORDS) {
            words.put(word, ids);
        }
        return ids;
    }

    private static String normalised(String text) {
        String spaced =
                SPACES.matcher(Normalizer.normalize(text, Normalizer.Form.NFC)).replaceAll(" ");
        StringBuilder lower = new StringBuilder(spaced.length());
        // Not String.toLowerCase: it knows that a sigma at a word's end is written otherwise, the tokenizer does not.
        spaced.codePoints().forEach(letter -> {
            lower.appendCodePoint(Character.toLowerCase(letter));
            if (letter == 0x130) {
                lower.append('\u0307'); // the dot of a Turkish capital I, whose lower case are two characters
            }
        });
        return lower.toString();
    }

    // --- the folder's files ---

    /** {@code {"<|startoftext|>": 49406, ...}} */
    private static Map<String, Integer> added(ConfigFile file) {
        Map<String, Integer> found = new HashMap<>();
        for (String token : file.keys()) {
            if (token.isEmpty()) {
                throw file.wrong(token, "absent: a token is not empty");
            }
            found.put(token, file.integer(token, 0, BytePairs.LARGEST_ID));
        }
        return found;
    }

    /** {@code {"added_tokens": [{"id": 49406, "content": "<|startoftext|>", ...}, ...]}} */
    private static Map<String, Integer> listed(ConfigFile file) {
        Map<String, Integer> found = new HashMap<>();
        for (ConfigFile token : file.objects("added_tokens")) {
            found.put(token.text("content"), token.integer("id", 0, BytePairs.LARGEST_ID));
        }
        return found;
    }

    /** {@code {"49406": {"content": "<|startoftext|>", ...}, ...}} */
    private static Map<String, Integer> described(ConfigFile file) {
        Map<String, Integer> found = new HashMap<>();
        for (String id : file.keys()) {
            if (!id.matches("\\d{1,7}")) {
                throw file.wrong(id, "a token under its id");
            }
            found.put(content(file, id), Integer.valueOf(id));
        }
        return found;
    }

    /** The token's id, which is then among those that are found as they are written. */
    private int id(String token, Map<String, Integer> found) {
        Integer known = found.get(token);
        int id = known == null ? pairs.id(token) : known;
        found.put(token, id);
        return id;
    }

    /** @param files the first of them that has the key says it */
    private static String token(String key, String fallback, ConfigFile... files) {
        for (ConfigFile file : files) {
            if (file.has(key)) {
                return content(file, key);
            }
        }
        return fallback;
    }

    /** A token is written as text, or as an object that has the text and how it is to be found. */
    private static String content(ConfigFile file, String key) {
        return file.isObject(key) ? file.object(key).text("content") : file.text(key);
    }

    private static int length(ConfigFile config) {
        boolean unlimited = config.number("model_max_length", CLIP_LENGTH) > LONGEST;
        return unlimited ? CLIP_LENGTH : config.integer("model_max_length", CLIP_LENGTH, 2, LONGEST);
    }
}
