package org.noisetrail.settings;

import java.math.BigDecimal;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * One setting of a {@link Kind}: its name, what it may be, and how it is said. Immutable.
 *
 * @param <T> its values; their {@code equals} decides whether a value is the fallback
 */
public final class Setting<T> {
    private final String name;
    private final String label;
    private final String help;
    private final T fallback;
    private final Function<String, T> parse;
    private final UnaryOperator<T> check;
    private final Function<T, String> text;
    private final Function<T, Object> json;
    private final String symbol;
    private final Predicate<String> namesFile;
    private final ToIntFunction<T> largest;
    private final @Nullable T on;

    private Setting(Builder<T> builder) {
        name = builder.name;
        label = builder.label;
        help = builder.help;
        fallback = builder.fallback;
        parse = builder.parse;
        check = builder.check;
        text = builder.text;
        json = builder.json;
        symbol = builder.symbol;
        namesFile = builder.namesFile;
        largest = builder.largest;
        on = builder.on;
    }

    /** A whole number from {@code low} to {@code high}. */
    public static Setting<Integer> integer(String name, String symbol, int fallback, int low, int high, String help) {
        return new Builder<>(name, fallback, Setting::parseInteger)
                .check(value -> {
                    range(name, value, low, high);
                    return value;
                })
                .label("N")
                .symbol(symbol)
                .help(help)
                .build();
    }

    /** A number from {@code low} to {@code high}, which may be infinite; NaN is refused. */
    public static Setting<Double> number(
            String name, String symbol, double fallback, double low, double high, String help) {
        return new Builder<>(name, fallback, Setting::parseNumber)
                .check(value -> {
                    range(name, value, low, high);
                    return value;
                })
                .text(Setting::plain)
                .json(value -> Double.isInfinite(value) ? (Object) Double.toString(value) : value)
                .label("X")
                .symbol(symbol)
                .help(help)
                .build();
    }

    /** True where it is named, false otherwise. */
    public static Setting<Boolean> flag(String name, String help) {
        return Setting.<Boolean>of(name, false, value -> {
                    throw new IllegalArgumentException(name + " must be true or false: " + value);
                })
                .flag(true)
                .help(help)
                .build();
    }

    /** One of an enumeration's words: its constants as they print. */
    public static <E extends Enum<E>> Setting<E> word(String name, String symbol, E fallback, String help) {
        List<E> words = List.of(fallback.getDeclaringClass().getEnumConstants());
        return new Builder<>(
                        name,
                        fallback,
                        text -> words.stream()
                                .filter(word -> word.toString().equals(text.strip()))
                                .findFirst()
                                .orElseThrow(() ->
                                        new IllegalArgumentException(name + " must be one of " + words + ": " + text)))
                .label("WORD")
                .symbol(symbol)
                .help(help)
                .build();
    }

    /** Starts one of another type; {@code parse} throws {@link IllegalArgumentException} for what it does not understand. */
    public static <T> Builder<T> of(String name, T fallback, Function<String, T> parse) {
        return new Builder<>(name, fallback, parse);
    }

    static String named(String what, String name) {
        if (!name.matches("[a-z][a-z0-9]*(-[a-z0-9]+)*")) {
            throw new IllegalArgumentException(what + " must be words joined by dashes: " + name);
        }
        return name;
    }

    /** In words with dashes, as the command line has it: {@code keep-pivot}. */
    public String name() {
        return name;
    }

    /** As files have it: {@code keepPivot}. */
    public String field() {
        StringBuilder field = new StringBuilder();
        for (String word : name.split("-")) {
            field.append(
                    field.isEmpty()
                            ? word
                            : word.substring(0, 1).toUpperCase(java.util.Locale.ROOT) + word.substring(1));
        }
        return field.toString();
    }

    /** What stands for its value in a usage line. */
    public String label() {
        return label;
    }

    /** What it does, in a line. */
    public String help() {
        return help;
    }

    /** Its value where none is given. */
    public T fallback() {
        return fallback;
    }

    /** Whether it may be named without a value, which turns it on. */
    public boolean isFlag() {
        return on != null;
    }

    /** Whether it has values besides on and off. */
    public boolean takesValue() {
        return !(fallback instanceof Boolean);
    }

    /** Whether {@link #parse} would take the text for a file's name: who reads texts of strangers refuses those. */
    public boolean namesFile(String value) {
        return switched(value) == null && namesFile.test(value);
    }

    /** The largest whole number in a value; 0 where it has none: who reads texts of strangers bounds it. */
    public int largest(T value) {
        return isSwitched(value) ? 0 : largest.applyAsInt(value);
    }

    /** @throws IllegalArgumentException that names the setting, if the text is not one of its values */
    public T parse(String value) {
        T switched = switched(value);
        try {
            return switched != null ? switched : checked(parse.apply(value));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(name + " must be a number: " + value, e);
        }
    }

    /** What a flag is turned to; null for any other text. */
    private @Nullable T switched(String value) {
        return on == null
                ? null
                : switch (value.strip()) {
                    case "", "true" -> on;
                    case "false" -> fallback;
                    default -> null;
                };
    }

    /** @throws IllegalArgumentException that names the setting, if the value is out of its range */
    public T checked(T value) {
        return check.apply(Objects.requireNonNull(value, name));
    }

    /** The inverse of {@link #parse}. */
    public String text(T value) {
        return isSwitched(value) ? Boolean.toString(value.equals(on)) : text.apply(value);
    }

    /** Whether it is a flag, and on or off. */
    private boolean isSwitched(T value) {
        return on != null && (value.equals(on) || value.equals(fallback));
    }

    /** The value for a JSON file: a number, a boolean or a string. */
    Object json(T value) {
        return isSwitched(value) ? (Object) value.equals(on) : json.apply(value);
    }

    /** For a table's cell: {@code N 4}, or a flag's name; empty where it says nothing. */
    String words(T value) {
        if (isSwitched(value)) {
            return value.equals(on) ? name.replace('-', ' ') : "";
        }
        return value.equals(fallback) && symbol.isEmpty()
                ? ""
                : (symbol.isEmpty() ? name.replace('-', ' ') : symbol) + " " + text(value);
    }

    private static void range(String name, double value, double low, double high) {
        if (!(value >= low && value <= high)) {
            String bound = value >= low ? "<= " + plain(high) : low == Double.MIN_VALUE ? "> 0" : ">= " + plain(low);
            throw new IllegalArgumentException(name + " must be " + bound + ": " + plain(value));
        }
    }

    private static Integer parseInteger(String value) {
        return Integer.valueOf(value.strip());
    }

    private static Double parseNumber(String value) {
        String stripped = value.strip();
        return switch (stripped) {
            case "inf" -> Double.POSITIVE_INFINITY;
            case "-inf" -> Double.NEGATIVE_INFINITY;
            default -> Double.valueOf(stripped);
        };
    }

    /** A number as people write it: no exponent, no trailing zeros. */
    public static String plain(double value) {
        if (!Double.isFinite(value)) {
            return Double.toString(value);
        }
        double size = Math.abs(value);
        return size != 0 && (size < 1e-6 || size >= 1e15)
                ? Double.toString(value)
                : new BigDecimal(Double.toString(value)).stripTrailingZeros().toPlainString();
    }

    @Override
    public String toString() {
        return name;
    }

    /** Collects what a setting is. */
    public static final class Builder<T> {
        private final String name;
        private final T fallback;
        private final Function<String, T> parse;
        private UnaryOperator<T> check = UnaryOperator.identity();
        private Function<T, String> text = String::valueOf;
        private Function<T, Object> json;
        private String label = "VALUE";
        private String symbol = "";
        private String help = "";
        private Predicate<String> namesFile = text -> false;
        private ToIntFunction<T> largest = value -> value instanceof Integer number ? number : 0;
        private @Nullable T on;

        private Builder(String name, T fallback, Function<String, T> parse) {
            this.name = named("a setting's name", name);
            this.fallback = Objects.requireNonNull(fallback, "fallback");
            this.parse = parse;
            json = fallback instanceof Number || fallback instanceof Boolean
                    ? value -> value
                    : value -> text.apply(value);
        }

        /** Gives the value back, or throws {@link IllegalArgumentException}. */
        public Builder<T> check(UnaryOperator<T> check) {
            this.check = check;
            return this;
        }

        /** How a value is written; by default as Java writes it. */
        public Builder<T> text(Function<T, String> text) {
            this.text = text;
            return this;
        }

        private Builder<T> json(Function<T, Object> json) {
            this.json = json;
            return this;
        }

        /** What a command line shows in the value's place. */
        public Builder<T> label(String label) {
            this.label = label;
            return this;
        }

        /** What a table calls it, said for every value; without one, only values other than the fallback are said. */
        public Builder<T> symbol(String symbol) {
            this.symbol = symbol;
            return this;
        }

        /** What it does, in a line. */
        public Builder<T> help(String help) {
            this.help = help;
            return this;
        }

        /** Says which texts are names of files; by default none is. */
        public Builder<T> namesFile(Predicate<String> namesFile) {
            this.namesFile = namesFile;
            return this;
        }

        /** Says which is the largest whole number in a value; by default the value, if it is one. */
        public Builder<T> largest(ToIntFunction<T> largest) {
            this.largest = largest;
            return this;
        }

        /** Makes it a flag: {@code on} where it is named without a value or as true, the fallback as false; {@code parse} reads what else it may be. */
        public Builder<T> flag(T on) {
            this.on = on;
            return this;
        }

        /** The setting. */
        public Setting<T> build() {
            return new Setting<>(this);
        }
    }
}
