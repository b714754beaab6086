package org.noisetrail.model.clip;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import org.noisetrail.NoisetrailException;
import org.noisetrail.checkpoint.ConfigFile;
import org.noisetrail.checkpoint.ModelFiles;
import org.noisetrail.files.Excerpt;

/**
 * CLIP's byte pair encoding of a single word (Sennrich et al. 2016, over UTF-8's bytes as GPT-2 writes them): a word is its bytes, the
 * last of them marked as the end of a word; of the neighbours that {@code merges.txt} lists the earliest listed are joined, the leftmost
 * of them first, until none is left. Immutable.
 */
final class BytePairs {
    static final String END_OF_WORD = "</w>";

    /** Ids are also indices into a network's embedding; a larger one is no vocabulary. */
    static final int LARGEST_ID = 1 << 24;

    /** What stands for a byte in the files: itself where it can be seen, else a letter from U+0100 on. */
    private static final char[] LETTERS = letters();

    private final String file;
    private final Map<String, Integer> ids;

    /** The ids of the 256 bytes inside a word, then of those that end one. */
    private final int[] bytes = new int[512];

    private final Map<Pair, Merge> merges;

    private record Pair(int left, int right) {}

    private record Merge(int rank, int id) {}

    /** Two neighbours that may be joined, as they were when this was noted. */
    private record Candidate(int rank, int at, int left, int right, int id) implements Comparable<Candidate> {
        @Override
        public int compareTo(Candidate other) {
            return rank != other.rank ? Integer.compare(rank, other.rank) : Integer.compare(at, other.at);
        }
    }

    private BytePairs(String file, Map<String, Integer> ids, Map<Pair, Merge> merges) {
        this.file = file;
        this.ids = ids;
        this.merges = merges;
        for (int value = 0; value < 256; value++) {
            bytes[value] = id(String.valueOf(LETTERS[value]));
            bytes[256 + value] = id(LETTERS[value] + END_OF_WORD);
        }
    }

    /** Of {@code vocab.json} and {@code merges.txt}. */
    static BytePairs read(ModelFiles files) {
        ConfigFile vocabulary = ConfigFile.read(files, "vocab.json");
        Map<String, Integer> ids = ids(vocabulary);
        String file = files.path("merges.txt").toString();
        return new BytePairs(
                vocabulary.file(),
                ids,
                merges(file + ": line ", lines(file, files.bytes("merges.txt")), "vocab.json", ids));
    }

    /** @param tokenizer a {@code tokenizer.json}, which has both */
    static BytePairs of(ConfigFile tokenizer) {
        ConfigFile model = tokenizer.object("model");
        model.only("type", "\"BPE\"");
        model.only("end_of_word_suffix", '"' + END_OF_WORD + '"');
        model.only("continuing_subword_prefix", "\"\"");
        for (String option : List.of("byte_fallback", "ignore_merges")) {
            model.only(option, "false");
        }
        Map<String, Integer> ids = ids(model.object("vocab"));
        String where = tokenizer.file() + ": model.merges: entry ";
        return new BytePairs(tokenizer.file(), ids, merges(where, model.joined("merges"), "model.vocab", ids));
    }

    private static Map<String, Integer> ids(ConfigFile vocabulary) {
        Map<String, Integer> ids = new HashMap<>();
        for (String name : vocabulary.keys()) {
            ids.put(name, vocabulary.integer(name, 0, LARGEST_ID));
        }
        return ids;
    }

    private static List<String> lines(String file, byte[] utf8) {
        try {
            ByteBuffer text = ByteBuffer.wrap(utf8);
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(text)
                    .toString()
                    .lines()
                    .toList();
        } catch (CharacterCodingException e) {
            throw new NoisetrailException(file + ": must be UTF-8 text", e);
        }
    }

    private static Map<Pair, Merge> merges(
            String where, List<String> lines, String vocabulary, Map<String, Integer> ids) {
        Map<Pair, Merge> merges = new HashMap<>();
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i);
            if (line.isEmpty() || line.startsWith("#version")) {
                continue;
            }
            String[] parts = line.split(" ", -1);
            if (parts.length != 2 || parts[0].isEmpty() || parts[1].isEmpty()) {
                throw new NoisetrailException(
                        where + (i + 1) + " must be two tokens with a space between: " + Excerpt.of(line));
            }
            Integer left = ids.get(parts[0]);
            Integer right = ids.get(parts[1]);
            Integer joined = ids.get(parts[0] + parts[1]);
            if (left == null || right == null || joined == null) {
                throw new NoisetrailException(where + (i + 1) + ": " + vocabulary
                        + " must have both tokens and what they join to: " + Excerpt.of(line));
            }
            merges.putIfAbsent(new Pair(left, right), new Merge(i, joined));
        }
        return merges;
    }

    /** @throws NoisetrailException if the vocabulary has no such token */
    int id(String token) {
        Integer id = ids.get(token);
        if (id == null) {
            throw new NoisetrailException(file + ": missing token \"" + Excerpt.of(token) + "\"");
        }
        return id;
    }

    int largestId() {
        return ids.values().stream().mapToInt(id -> id).max().orElse(0);
    }

    /** The ids of a word that is not empty. */
    int[] encode(String word) {
        byte[] utf8 = word.getBytes(StandardCharsets.UTF_8);
        int count = utf8.length;
        int[] tokens = new int[count];
        int[] next = new int[count];
        int[] previous = new int[count];
        for (int i = 0; i < count; i++) {
            tokens[i] = bytes[(utf8[i] & 0xff) + (i == count - 1 ? 256 : 0)];
            next[i] = i + 1;
            previous[i] = i - 1;
        }
        PriorityQueue<Candidate> queue = new PriorityQueue<>();
        for (int i = 0; i + 1 < count; i++) {
            note(queue, tokens, i, i + 1);
        }
        for (Candidate best = queue.poll(); best != null; best = queue.poll()) {
            int at = best.at;
            int right = next[at];
            // A token that was joined to its left is -1, which no candidate names.
            if (tokens[at] != best.left || right >= count || tokens[right] != best.right) {
                continue;
            }
            tokens[at] = best.id;
            tokens[right] = -1;
            next[at] = next[right];
            if (next[at] < count) {
                previous[next[at]] = at;
                note(queue, tokens, at, next[at]);
            }
            if (previous[at] >= 0) {
                note(queue, tokens, previous[at], at);
            }
        }
        return Arrays.stream(tokens).filter(token -> token >= 0).toArray();
    }

    private void note(PriorityQueue<Candidate> queue, int[] tokens, int at, int right) {
        Merge merge = merges.get(new Pair(tokens[at], tokens[right]));
        if (merge != null) {
            queue.add(new Candidate(merge.rank, at, tokens[at], tokens[right], merge.id));
        }
    }

    /** GPT-2's table: what can be seen stands for itself, the other 68 bytes are U+0100 to U+0143 in their order. */
    private static char[] letters() {
        char[] letters = new char[256];
        char unseen = 0x100;
        for (int value = 0; value < 256; value++) {
            boolean seen = value >= '!' && value <= '~' || value >= 0xa1 && value != 0xad;
            letters[value] = seen ? (char) value : unseen++;
        }
        return letters;
    }
}
