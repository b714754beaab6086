package org.noisetrail.cli;

import java.util.List;
import java.util.stream.IntStream;
import picocli.CommandLine.ITypeConverter;

/**
 * One part of several that processes of their own work through, each knowing only its number.
 *
 * @param number from 1
 * @param of how many there are
 */
record Shard(int number, int of) {
    static Shard parse(String text) {
        if (!text.matches("\\d{1,6}/0*[1-9]\\d{0,5}")) {
            throw new IllegalArgumentException("must be like 3/16, the third of 16 parts: " + text);
        }
        String[] two = text.split("/", 2);
        Shard shard = new Shard(Integer.parseInt(two[0]), Integer.parseInt(two[1]));
        if (shard.number < 1 || shard.number > shard.of) {
            throw new IllegalArgumentException(
                    "must be from 1/" + shard.of + " to " + shard.of + "/" + shard.of + ": " + text);
        }
        return shard;
    }

    /** Every {@code of}-th of them. */
    <T> List<T> of(List<T> all) {
        return IntStream.range(0, all.size())
                .filter(place -> place % of == number - 1)
                .mapToObj(all::get)
                .toList();
    }

    /** For names of files. */
    String suffix() {
        return "-" + number + "-of-" + of;
    }

    @Override
    public String toString() {
        return number + "/" + of;
    }

    static final class Converter implements ITypeConverter<Shard> {
        @Override
        public Shard convert(String text) {
            return Converters.usage(() -> parse(text));
        }
    }
}
