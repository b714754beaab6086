package org.noisetrail.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.noisetrail.model.Model;
import org.noisetrail.reward.Reward;
import org.noisetrail.reward.Rewards;
import picocli.CommandLine.ITypeConverter;

/**
 * A reward as an option gives it. The grammar, here and nowhere else:
 *
 * <pre>
 * reward := ["-"] term { ("+" | "-") term }
 * term   := [number "*"] name [":" argument]
 * name   := brightness | compressibility [:max-bytes=N] | class [:heldout] | heldout | jpeg-bytes
 * </pre>
 *
 * {@code 0.7*class+0.3*brightness}; {@code -brightness}; {@code compressibility:max-bytes=700}. {@code heldout} is short for {@code class:heldout}.
 */
record RewardSpec(List<Term> terms) {
    /** For help texts. */
    static final String HELP =
            "brightness, compressibility[:max-bytes=N], class, heldout, jpeg-bytes, or a weighted sum such as "
                    + "0.7*class+0.3*brightness";

    private static final Pattern WEIGHT =
            Pattern.compile("((?:\\d+(?:\\.\\d*)?|\\.\\d+)(?:[eE][+-]?\\d+)?)\\s*\\*\\s*");
    private static final Pattern ARGUMENT =
            Pattern.compile(":([a-z]+(?:-[a-z]+)*(?:=(?:\\d+(?:\\.\\d*)?|\\.\\d+)(?:[eE][+-]?\\d+)?)?)");

    /** The rewards of one image, each with how it is made. */
    enum Kind {
        BRIGHTNESS("brightness"),
        COMPRESSIBILITY("compressibility"),
        CLASS("class"),
        HELD_OUT("heldout"),
        JPEG_BYTES("jpeg-bytes");

        final String word;

        Kind(String word) {
            this.word = word;
        }
    }

    /** @param maxBytes compressibility's, 0 for the default; unused by the others */
    record Term(double weight, Kind kind, double maxBytes) {
        String name() {
            return kind.word + (maxBytes > 0 ? ":max-bytes=" + number(maxBytes) : "");
        }

        boolean needsModel() {
            return kind == Kind.CLASS || kind == Kind.HELD_OUT;
        }

        Reward build(Supplier<Model> model) {
            return switch (kind) {
                case BRIGHTNESS -> Rewards.brightness();
                case COMPRESSIBILITY -> Rewards.compressibility(maxBytes);
                case CLASS -> Rewards.classProbability(name(), model.get().classifier());
                case HELD_OUT -> Rewards.classProbability(name(), model.get().heldOutClassifier());
                case JPEG_BYTES -> Rewards.jpegBytes();
            };
        }
    }

    RewardSpec {
        terms = List.copyOf(terms);
    }

    static RewardSpec parse(String text) {
        return new Parser(text).reward();
    }

    /** Whether it asks a model's classifier. */
    boolean needsModel() {
        return terms.stream().anyMatch(Term::needsModel);
    }

    /** @param model asked for only if {@link #needsModel}; it stays the owner of its classifiers */
    Reward build(Supplier<Model> model) {
        if (terms.size() == 1 && terms.get(0).weight() == 1) {
            return terms.get(0).build(model);
        }
        Map<Reward, Double> parts = new LinkedHashMap<>();
        for (Term term : terms) {
            parts.put(term.build(model), term.weight());
        }
        return Rewards.weighted(parts);
    }

    /** In a form that {@link #parse} reads. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (Term term : terms) {
            double size = Math.abs(term.weight());
            text.append(term.weight() < 0 ? "-" : text.isEmpty() ? "" : "+")
                    .append(size == 1 ? "" : number(size) + "*")
                    .append(term.name());
        }
        return text.toString();
    }

    private static String number(double value) {
        return value == Math.rint(value) && value < 1e15
                ? Long.toString((long) value)
                : Double.toString(value).toLowerCase(Locale.ROOT);
    }

    private static final class Parser {
        private final String text;
        private int at;

        Parser(String text) {
            this.text = text;
        }

        RewardSpec reward() {
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
                } else if (at == text.length()) {
                    return new RewardSpec(terms);
                } else {
                    throw unknown();
                }
            }
        }

        private Term term(double sign) {
            spaces();
            String weight = take(WEIGHT, 1);
            double size = weight.isEmpty() ? 1 : Double.parseDouble(weight);
            if (!(size > 0 && size < Double.POSITIVE_INFINITY)) {
                throw new IllegalArgumentException("a weight must be finite and not 0: " + weight);
            }
            Kind kind = kind();
            String argument = take(ARGUMENT, 1);
            double maxBytes = 0;
            if (argument.startsWith("max-bytes=") && kind == Kind.COMPRESSIBILITY) {
                maxBytes = Double.parseDouble(argument.substring("max-bytes=".length()));
                if (!(maxBytes > 0 && maxBytes < Double.POSITIVE_INFINITY)) {
                    throw new IllegalArgumentException("max-bytes must be above 0: " + argument);
                }
            } else if (argument.equals("heldout") && kind == Kind.CLASS) {
                kind = Kind.HELD_OUT;
            } else if (!argument.isEmpty()) {
                throw new IllegalArgumentException(kind.word + " takes no argument " + argument + ": " + text);
            }
            spaces();
            return new Term(sign * size, kind, maxBytes);
        }

        /** A name holds a minus, and another name may follow one: only the names themselves tell where one ends. */
        private Kind kind() {
            for (Kind kind : Kind.values()) {
                int end = at + kind.word.length();
                if (text.startsWith(kind.word, at) && (end == text.length() || !Character.isLetter(text.charAt(end)))) {
                    at = end;
                    return kind;
                }
            }
            throw unknown();
        }

        private IllegalArgumentException unknown() {
            return new IllegalArgumentException("unknown reward (known: " + HELP + "): " + text);
        }

        private String take(Pattern pattern, int group) {
            Matcher matcher = pattern.matcher(text).region(at, text.length());
            if (!matcher.lookingAt()) {
                return "";
            }
            at = matcher.end();
            return matcher.group(group);
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

    static final class Converter implements ITypeConverter<RewardSpec> {
        @Override
        public RewardSpec convert(String text) {
            return Converters.usage(() -> parse(text));
        }
    }
}
