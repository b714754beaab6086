package org.noisetrail.reward;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Pipeline;
import org.noisetrail.settings.Setting;
import org.noisetrail.torch.Unfinished;

/**
 * A reward as a text gives it. The grammar, here and nowhere else:
 *
 * <pre>
 * reward := ["-"] term { ("+" | "-") term }
 * term   := [number "*"] name ( [":" argument] | "(" reward { ";" reward } ")" )
 * </pre>
 *
 * {@code 0.7*class+0.3*brightness}; {@code -brightness}; {@code compressibility:max-bytes=700}; {@code worst(class; brightness)}. A path as argument goes on to the end, to a plus or
 * minus between spaces, or, in parentheses, to a semicolon or the parenthesis that closes them.
 * Immutable.
 *
 * @param terms at least one
 */
public record RewardText(List<Term> terms) {
    private static final int LONGEST = 8192;

    private static final Pattern WEIGHT =
            Pattern.compile("((?:\\d+(?:\\.\\d*)?|\\.\\d+)(?:[eE][+-]?\\d+)?)\\s*\\*\\s*");
    private static final Pattern ARGUMENT =
            Pattern.compile(":([a-z]++(?:-[a-z]++)*+(?:=(?:\\d+(?:\\.\\d*)?|\\.\\d+)(?:[eE][+-]?\\d+)?)?)");

    /** Where a path may end: within spaces only after the first, so that those that something follows are not gone through from each of them. */
    private static final String SPACES = "(?<!(?<!:)\\s)\\s*";

    static final Pattern PATH = Pattern.compile(":(.+?)(?=\\s[+-]\\s|" + SPACES + "$)");
    static final Pattern INNER_PATH = Pattern.compile(":([^;)]+?)(?=\\s[+-]\\s|" + SPACES + "[;)])");

    private static final int DEEPEST = 8;

    /**
     * One reward of the sum.
     *
     * @param weight finite, not 0
     * @param argument empty where there is none
     * @param parts the rewards in its parentheses; none but for kinds that are made of others
     */
    public record Term(double weight, RewardKind kind, String argument, List<RewardText> parts) {
        public Term {
            parts = List.copyOf(parts);
        }

        /** One that is not made of others. */
        public Term(double weight, RewardKind kind, String argument) {
            this(weight, kind, argument, List.of());
        }

        String name() {
            return parts.isEmpty()
                    ? kind.name() + (argument.isEmpty() ? "" : ":" + argument)
                    : made(kind.name(), parts.stream().map(RewardText::toString).toList());
        }

        private boolean needsPipeline() {
            return kind.needsPipeline().test(argument) || parts.stream().anyMatch(RewardText::needsPipeline);
        }

        private boolean namesFile() {
            return kind.takes() == RewardKind.Argument.PATH && !argument.isEmpty()
                    || parts.stream().anyMatch(RewardText::namesFile);
        }

        private long scorings() {
            long once = parts.isEmpty()
                    ? 1
                    : parts.stream().mapToLong(RewardText::scorings).sum();
            return kind.equals(Shifted.KIND) ? Shifted.IMAGES * once : once;
        }

        private Reward build(RewardKind.Surroundings around) {
            try (Unfinished made = new Unfinished()) {
                List<Reward> built =
                        parts.stream().map(part -> made.add(part.build(around))).toList();
                return made.finish(kind.make().apply(argument, around.with(built)));
            }
        }
    }

    /** How a reward made of others is written. */
    static String made(String name, List<String> parts) {
        return name + "(" + String.join("; ", parts) + ")";
    }

    public RewardText {
        terms = List.copyOf(terms);
        if (terms.isEmpty()) {
            throw new IllegalArgumentException("rewards must be >= 1: 0");
        }
    }

    /** @throws IllegalArgumentException that says what is wrong */
    public static RewardText parse(String text) {
        // Longer ones than anybody writes would only overflow the stack of the patterns below.
        if (text.length() > LONGEST) {
            throw new IllegalArgumentException("a reward must have <= " + LONGEST + " characters: " + text.length());
        }
        return new Parser(text).whole();
    }

    /** What a model's images are judged by where nothing else is said: {@code clip} of a model of prompts, else {@code brightness}. */
    public static RewardText usual(Pipeline pipeline) {
        return parse(pipeline.takesPrompts() ? "clip" : "brightness");
    }

    /** Whether it, or what it is made of, names files: TorchScript among them is code, so that who has a text from elsewhere may not want them opened. */
    public boolean namesFile() {
        return terms.stream().anyMatch(Term::namesFile);
    }

    /** The most {@link #scorings} of a text that comes from anywhere: each may be a network's call, and within one another {@code shifted} makes them thousands. */
    public static final int MOST_SCORINGS = 32;

    /** How many times rewards that are not made of others score an image in one call: within {@code shifted} each counts five times. */
    public long scorings() {
        return terms.stream().mapToLong(Term::scorings).sum();
    }

    /** Whether it is made of what came beside a model. */
    public boolean needsPipeline() {
        return terms.stream().anyMatch(Term::needsPipeline);
    }

    /**
     * Makes the reward; the caller's to close.
     *
     * @param pipeline asked for only by kinds that need it; it stays the owner of its parts
     * @throws IllegalArgumentException if an argument is not one that its reward takes
     * @throws org.noisetrail.NoisetrailException if a file of it is missing or broken
     */
    public Reward build(Supplier<Pipeline> pipeline) {
        return build(new RewardKind.Surroundings(() -> pipeline.get().device(), pipeline, List.of()));
    }

    /** As {@link #build(Supplier)}, for images that no pipeline draws: {@link #needsPipeline} must be false. */
    public Reward build(Device device) {
        return build(new RewardKind.Surroundings(
                () -> device,
                () -> {
                    throw new IllegalArgumentException("reward " + this + " needs a model");
                },
                List.of()));
    }

    private Reward build(RewardKind.Surroundings around) {
        if (terms.size() == 1 && terms.get(0).weight() == 1) {
            return terms.get(0).build(around);
        }
        List<Rewards.Part> parts = new ArrayList<>();
        try (Unfinished made = new Unfinished()) {
            for (Term term : terms) {
                Reward part = made.add(term.build(around));
                if (parts.stream().anyMatch(known -> known.reward().equals(part))) {
                    throw new IllegalArgumentException("names " + part.name() + " twice: " + this);
                }
                parts.add(new Rewards.Part(part, term.weight()));
            }
            return made.finish(Rewards.weighted(parts));
        }
    }

    /** In a form that {@link #parse} reads. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        boolean spaced = terms.stream().anyMatch(term -> term.kind().takes() == RewardKind.Argument.PATH);
        for (Term term : terms) {
            double size = Math.abs(term.weight());
            String sign = term.weight() < 0 ? "-" : text.isEmpty() ? "" : "+";
            text.append(spaced && !text.isEmpty() ? " " + sign + " " : sign)
                    .append(size == 1 ? "" : Setting.plain(size) + "*")
                    .append(term.name());
        }
        return text.toString();
    }

    private static final class Parser {
        private final String text;
        private int at;
        private int depth;

        Parser(String text) {
            this.text = text;
        }

        RewardText whole() {
            RewardText reward = reward();
            if (at < text.length()) {
                throw unknown();
            }
            return reward;
        }

        private RewardText reward() {
            List<Term> terms = new ArrayList<>();
            double sign = skip('-') ? -1 : 1;
            while (true) {
                Term term = term(sign);
                for (Term earlier : terms) {
                    if (earlier.name().equals(term.name())) {
                        throw new IllegalArgumentException("names " + term.name() + " twice: " + text);
                    }
                }
                terms.add(term);
                if (skip('+')) {
                    sign = 1;
                } else if (skip('-')) {
                    sign = -1;
                } else {
                    return new RewardText(terms);
                }
            }
        }

        private Term term(double sign) {
            spaces();
            String weight = take(WEIGHT);
            double size = weight.isEmpty() ? 1 : Double.parseDouble(weight);
            if (!(size > 0 && size < Double.POSITIVE_INFINITY)) {
                throw new IllegalArgumentException("a weight must be finite and not 0: " + weight);
            }
            RewardKind kind = kind();
            if (kind.takes() == RewardKind.Argument.REWARDS) {
                return new Term(sign * size, kind, "", parts(kind));
            }
            String argument = take(kind.takes() == RewardKind.Argument.WORD ? ARGUMENT : depth > 0 ? INNER_PATH : PATH);
            spaces();
            return new Term(sign * size, kind, argument);
        }

        private List<RewardText> parts(RewardKind kind) {
            if (!skip('(')) {
                throw new IllegalArgumentException(
                        kind.name() + " needs rewards in parentheses, as in " + kind.usage() + ": " + text);
            }
            if (++depth > DEEPEST) {
                throw new IllegalArgumentException("rewards must be nested at most " + DEEPEST + " deep: " + text);
            }
            List<RewardText> parts = new ArrayList<>();
            do {
                parts.add(reward());
            } while (skip(';'));
            if (!skip(')')) {
                throw new IllegalArgumentException(kind.name() + " must be closed by a parenthesis: " + text);
            }
            depth--;
            spaces();
            return parts;
        }

        /** A name holds a minus, and another name may follow one: the longest name that fits is meant. */
        private RewardKind kind() {
            RewardKind kind = Rewards.kinds().stream()
                    .filter(known -> text.startsWith(known.name(), at)
                            && ends(at + known.name().length()))
                    .max(Comparator.comparingInt(known -> known.name().length()))
                    .orElseThrow(this::unknown);
            at += kind.name().length();
            return kind;
        }

        private boolean ends(int end) {
            return end == text.length() || !Character.isLetterOrDigit(text.charAt(end));
        }

        private IllegalArgumentException unknown() {
            return new IllegalArgumentException("unknown reward (known: " + Rewards.usage() + "): " + text);
        }

        private String take(Pattern pattern) {
            Matcher matcher = pattern.matcher(text).region(at, text.length());
            if (!matcher.lookingAt()) {
                return "";
            }
            at = matcher.end();
            return matcher.group(1);
        }

        private boolean skip(char c) {
            spaces();
            if (at < text.length() && text.charAt(at) == c) {
                at++;
                return true;
            }
            return false;
        }

        private void spaces() {
            while (at < text.length() && text.charAt(at) == ' ') {
                at++;
            }
        }
    }
}
