package org.noisetrail.search;

import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.noisetrail.NoisetrailException;
import org.noisetrail.settings.Setting;

/** At which of the steps of two evaluations candidates are judged after the first, and only the step's winner pays the second. */
@FunctionalInterface
public interface ScoreAtFirst {
    /** At none: candidates are whole transitions. */
    ScoreAtFirst NEVER = Everywhere.NEVER;

    /** At every step of two evaluations. */
    ScoreAtFirst ALWAYS = Everywhere.ALWAYS;

    /** The setting of every method that can judge so. */
    Setting<ScoreAtFirst> SETTING = Setting.of("score-at-first", NEVER, ScoreAtFirst::parse)
            .flag(ALWAYS)
            .label("FILE")
            .namesFile(text -> true)
            .help("Judge candidates after the first of a step's evaluations; the winner alone pays the second. "
                    + "With a file that calibrate has written, at the steps where it found that this pays.")
            .build();

    /**
     * @param step the step, from 0
     * @param sigma the noise level the step starts from; infinite where it is noise alone
     */
    boolean atFirst(int step, double sigma);

    /** At all steps of two evaluations, or at none. */
    static ScoreAtFirst of(boolean always) {
        return always ? ALWAYS : NEVER;
    }

    /**
     * Takes the choice that {@link RoundSchedule#write} has written.
     *
     * @param file its name
     * @throws IllegalArgumentException if it is no such file
     */
    static ScoreAtFirst parse(String file) {
        try {
            Path path = Path.of(file);
            if (Files.exists(path) && !Files.isDirectory(path)) {
                RoundSchedule schedule = RoundSchedule.read(path);
                return new Steps(schedule.levels(), schedule.first());
            }
        } catch (InvalidPathException | NoisetrailException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
        throw new IllegalArgumentException("score-at-first must be true, false or a file that is there: " + file);
    }

    /** The same at every step. */
    enum Everywhere implements ScoreAtFirst {
        NEVER,
        ALWAYS;

        @Override
        public boolean atFirst(int step, double sigma) {
            return this == ALWAYS;
        }
    }

    /**
     * Step by step, as a {@link Calibration} gives it.
     *
     * @param levels the noise levels of the steps it is for
     * @param first one a step
     */
    record Steps(List<Double> levels, List<Boolean> first) implements ScoreAtFirst {
        public Steps {
            levels = List.copyOf(levels);
            first = List.copyOf(first);
            if (first.size() != levels.size()) {
                throw new IllegalArgumentException("first must be one a step, " + levels.size() + ": " + first.size());
            }
        }

        /** @throws IllegalArgumentException if the step is not one of these, or has another noise level there */
        @Override
        public boolean atFirst(int step, double sigma) {
            check(levels, step, sigma);
            return first.get(step);
        }

        static void check(List<Double> levels, int step, double sigma) {
            double level = step < levels.size() ? levels.get(step) : Double.NaN;
            if (!(level == sigma || Math.abs(level - sigma) <= 1e-9 * Math.min(level, sigma))) {
                throw new IllegalArgumentException("the schedule of rounds is for another sampler: step " + step
                        + " of " + levels.size() + " is at sigma " + level + ", here at " + sigma);
            }
        }

        /** The numbers of the steps in brackets: it is given as a file. */
        @Override
        public String toString() {
            return IntStream.range(0, first.size())
                    .filter(first::get)
                    .mapToObj(Integer::toString)
                    .collect(Collectors.joining(" ", "[", "]"));
        }
    }
}
