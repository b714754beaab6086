package org.noisetrail.sampler;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A reverse process as a table: what every step multiplies with. Affine in the state, the network's outputs and the noise, so one kernel takes every step
 * of every sampler. What things take is counted in calls of the denoiser, of which a guided one is two network evaluations. Immutable.
 *
 * @param startScale the initial state is startScale * normal
 * @param steps T of them, 1 to 10000, in the order they are taken; all inject their noise at the same place
 */
public record Schedule(double startScale, List<Step> steps) {
    /** Floats of the kernels' nt_step. */
    public static final int FLOATS = 24;

    /**
     * @throws IllegalArgumentException if a number of the table overflows float32, in which it is computed; if a step's signal is not finite or its level is NaN; if a first stage uses
     *     what the second evaluation gives; or if, where the noise comes after the network, a step before another has no second stage, or one that asks the network otherwise than the
     *     next step's first, or a clean estimate of its first evaluation
     */
    public Schedule {
        steps = List.copyOf(steps);
        if (steps.isEmpty() || steps.size() > 10000) {
            throw new IllegalArgumentException("steps must be from 1 to 10000: " + steps.size());
        }
        NoiseAt at = steps.get(0).at();
        if (steps.stream().anyMatch(step -> step.at() != at)) {
            throw new IllegalArgumentException("all steps must inject their noise at the same place");
        }
        finite(startScale, "start");
        for (int i = 0; i < steps.size(); i++) {
            for (double value : numbers(steps.get(i))) {
                finite(value, "step " + i);
            }
            check(i, steps.get(i), i + 1 < steps.size() ? steps.get(i + 1) : null);
        }
    }

    /** What is taken of a table is all that it says: a number that no kernel reads is none that the sampler meant. */
    private static void check(int i, Step step, @Nullable Step following) {
        if (!Double.isFinite(step.signal()) || Double.isNaN(step.level())) {
            throw new IllegalArgumentException("step " + i + " must start from a finite signal and a level: signal "
                    + step.signal() + ", level " + step.level());
        }
        Stage first = step.first();
        Stage second = step.second();
        if (first.next().usesSecond() || first.clean().usesSecond()) {
            throw new IllegalArgumentException("step " + i
                    + " must multiply y and f2, which the second evaluation gives, with 0 in its first stage");
        }
        if (step.at() == NoiseAt.BEFORE) {
            return;
        }
        if (second == null && following != null) {
            throw new IllegalArgumentException(
                    "step " + i
                            + " must have a second stage, whose output the next step starts from: its noise comes after the network");
        }
        if (second != null && second.clean().usesFirst()) {
            throw new IllegalArgumentException(
                    "step " + i
                            + " must multiply x and f1 with 0 in the clean estimate of its second stage: its noise comes after the network");
        }
        if (second != null && following != null && !asksAs(second, following.first())) {
            throw new IllegalArgumentException("step " + i
                    + " must ask the network in its second stage as the next step does in its first: input scale "
                    + second.inputScale() + " and " + following.first().inputScale() + ", conditioning "
                    + second.conditioning() + " and " + following.first().conditioning());
        }
    }

    private static boolean asksAs(Stage one, Stage other) {
        return (float) one.inputScale() == (float) other.inputScale()
                && (float) one.conditioning() == (float) other.conditioning();
    }

    private static void finite(double value, String where) {
        if (!Float.isFinite((float) value)) {
            throw new IllegalArgumentException(
                    "the sampler's settings must give finite float32 numbers: " + where + " multiplies with " + value);
        }
    }

    /** T. */
    public int size() {
        return steps.size();
    }

    /** Step i, from 0. */
    public Step step(int i) {
        return steps.get(i);
    }

    /** Where all its steps inject noise. */
    public NoiseAt noiseAt() {
        return steps.get(0).at();
    }

    /** Whether step i injects no noise, so that nothing is searched there. */
    public boolean isDead(int i) {
        return steps.get(i).isDead();
    }

    /** The last step that injects noise; -1 where none does. */
    public int lastLive() {
        int live = size() - 1;
        while (live >= 0 && isDead(live)) {
            live--;
        }
        return live;
    }

    /** Calls of the denoiser that an initial state takes: its F is what the first step shares, where noise comes after. */
    public int startEvaluations() {
        return noiseAt() == NoiseAt.AFTER ? 1 : 0;
    }

    /** Calls of the denoiser that a candidate of step i takes. */
    public int evaluations(int i) {
        return steps.get(i).evaluations();
    }

    /** Whether a candidate of step i has a clean estimate before its transition is whole: a step of two evaluations has one after the first. */
    public boolean screens(int i) {
        return steps.get(i).at() == NoiseAt.BEFORE && steps.get(i).second() != null;
    }

    /** Calls of the denoiser that a candidate's first clean estimate takes. */
    public int screeningEvaluations(int i) {
        return screens(i) ? 1 : evaluations(i);
    }

    /** Calls of the denoiser that make a screened candidate's transition whole. */
    public int completion(int i) {
        return evaluations(i) - screeningEvaluations(i);
    }

    /** Calls of the denoiser on the way from the state before step i to the end. */
    public long evaluationsFrom(int i) {
        long sum = 0;
        for (int step = i; step < steps.size(); step++) {
            sum += evaluations(step);
        }
        return sum;
    }

    /** Calls of the denoiser of one plain trajectory, the initial state's included. */
    public long evaluations() {
        return startEvaluations() + evaluationsFrom(0);
    }

    /** The table as the kernels read it, {@link #FLOATS} a step. */
    public float[] table() {
        float[] table = new float[FLOATS * steps.size()];
        for (int i = 0; i < steps.size(); i++) {
            double[] numbers = numbers(steps.get(i));
            for (int k = 0; k < FLOATS; k++) {
                table[FLOATS * i + k] = (float) numbers[k];
            }
        }
        return table;
    }

    private static double[] numbers(Step step) {
        double[] numbers = new double[FLOATS];
        boolean after = step.at() == NoiseAt.AFTER;
        numbers[0] = step.gain();
        numbers[1] = after ? step.first().next().x() : 1;
        numbers[2] = after ? step.first().next().f1() : 0;
        put(numbers, 4, step.first());
        if (step.second() != null) {
            put(numbers, 14, step.second());
        }
        return numbers;
    }

    private static void put(double[] numbers, int at, Stage stage) {
        numbers[at] = stage.inputScale();
        numbers[at + 1] = stage.conditioning();
        put(numbers, at + 2, stage.next());
        put(numbers, at + 6, stage.clean());
    }

    private static void put(double[] numbers, int at, Affine affine) {
        numbers[at] = affine.x();
        numbers[at + 1] = affine.f1();
        numbers[at + 2] = affine.y();
        numbers[at + 3] = affine.f2();
    }
}
