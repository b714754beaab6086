package org.noisetrail.cli;

import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.ITypeConverter;

/** Budgets in network evaluations an image, as {@code nfe=100,200,400} gives them. */
record Sweep(List<Long> budgets) {
    private static final int MOST = 100;

    static Sweep parse(String text) {
        if (!text.matches("nfe=\\d{1,12}(,\\d{1,12})*")) {
            throw new IllegalArgumentException("must be like nfe=100,200,400: " + text);
        }
        List<Long> budgets = new ArrayList<>();
        for (String number : text.substring("nfe=".length()).split(",")) {
            long budget = Long.parseLong(number);
            if (!budgets.contains(budget)) {
                budgets.add(budget);
            }
        }
        if (budgets.size() > MOST) {
            throw new IllegalArgumentException("must be at most " + MOST + " budgets: " + budgets.size());
        }
        return new Sweep(budgets.stream().sorted().toList());
    }

    static final class Converter implements ITypeConverter<Sweep> {
        @Override
        public Sweep convert(String text) {
            return Converters.usage(() -> parse(text));
        }
    }
}
