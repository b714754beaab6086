package org.noisetrail.evaluation;

import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.noisetrail.engine.Screened;
import org.noisetrail.search.BestOfN;
import org.noisetrail.search.ImageRequest;
import org.noisetrail.search.Method;

/**
 * What methods have come to for one reward.
 *
 * @param ids of the rewards by name: {@link org.noisetrail.reward.Reward#id}
 * @param seconds that methods, and the best-of-n they are set beside, were sized for; null where it is the best-of-n of the same network evaluations
 * @param against the label of the contender that all others of the same target are set beside, in place of best-of-n; null for none
 */
public record ComparisonTable(
        Comparison.Aim aim,
        Map<String, String> ids,
        List<Row> rows,
        @Nullable Double seconds,
        @Nullable String against) {
    public ComparisonTable {
        ids = Map.copyOf(ids);
        rows = List.copyOf(rows);
    }

    /** What the table is of, in a line. */
    public String title() {
        Comparison.Judge heldOut = aim.heldOut();
        Comparison.Judge second = aim.secondHeldOut();
        return "reward " + aim.reward() + (heldOut == null ? "" : ", held out " + heldOut)
                + (second == null ? "" : " and " + second);
    }

    /**
     * A method beside another on the same images, with the same seeds. Differences are taken image by image, so that what images have in common cancels out; where both drew the same picture,
     * the difference is 0 and it is a tie, whatever a network's rounding says.
     *
     * @param label of the method that is subtracted
     * @param networkEvaluations its mean of an image
     * @param reward differences in the searched reward
     * @param heldOut likewise
     * @param secondHeldOut likewise
     * @param better how likely an image is better than one of the other's that was asked to be the same; 1/2: neither is
     * @param won images whose searched reward is higher than the other's
     * @param tied exactly as high
     * @param lost lower
     * @param verdict 1 where the searched reward is told to be higher, -1 where lower, 0 where neither: as to the interval and a sign-flip test at 5 % of what was asked; of fewer than
     *     {@link Interval#FEWEST_GROUPS} always 0
     */
    public record Difference(
            String label,
            double networkEvaluations,
            Interval reward,
            Interval heldOut,
            Interval secondHeldOut,
            Interval better,
            int won,
            int tied,
            int lost,
            int verdict) {}

    /**
     * A method with its results. Numbers are means over images and seeds; intervals are by bootstrap over what was asked (prompts, classes), all images of which are resampled
     * together.
     */
    public static final class Row {
        private final String label;
        private final Method method;
        private final @Nullable ContenderScreen screen;
        private final @Nullable Long target;
        private final List<CellResult> cells;
        private final @Nullable Difference difference;
        private final @Nullable Difference toUnscreened;
        private final Interval reward;
        private final Interval heldOut;
        private final Interval secondHeldOut;
        private final Interval interquartileMean;
        private final Groups groups;

        /** @param cells one a seed */
        Row(
                String label,
                Method method,
                @Nullable ContenderScreen screen,
                @Nullable Long target,
                List<CellResult> cells,
                @Nullable Difference difference,
                @Nullable Difference toUnscreened) {
            this.label = label;
            this.method = method;
            this.screen = screen;
            this.target = target;
            this.cells = List.copyOf(cells);
            this.difference = difference;
            this.toUnscreened = toUnscreened;
            groups = Groups.of(drawn().map(image -> new ImageRequest(image.id(), image.condition()))
                    .toList());
            reward = Interval.of(values(CellResult.Drawn::reward), groups);
            heldOut = Interval.of(values(CellResult.Drawn::heldOut), groups);
            secondHeldOut = Interval.of(values(CellResult.Drawn::secondHeldOut), groups);
            interquartileMean = Interval.of(values(CellResult.Drawn::reward), groups, Statistics::interquartileMean);
        }

        /** This row, set beside another of the same images. */
        public Row against(Row other) {
            return new Row(label, method, screen, target, cells, to(other), toUnscreened);
        }

        /** This row, set beside the same method all of whose candidates were judged. */
        public Row againstUnscreened(Row other) {
            return new Row(label, method, screen, target, cells, difference, to(other));
        }

        private Difference to(Row other) {
            double[] own = values(CellResult.Drawn::reward);
            double[] others = other.beside(this, CellResult.Drawn::reward);
            Statistics.Tally tally = Statistics.Tally.of(own, others);
            double[] differences = Interval.differences(own, others);
            Interval reward = Interval.of(differences, groups);
            return new Difference(
                    other.label,
                    other.networkEvaluations(),
                    reward,
                    minus(other, CellResult.Drawn::heldOut),
                    minus(other, CellResult.Drawn::secondHeldOut),
                    Statistics.probabilityOfImprovement(own, others, groups),
                    tally.won(),
                    tally.tied(),
                    tally.lost(),
                    Statistics.verdict(reward, differences, groups));
        }

        private Interval minus(Row other, ToDoubleFunction<CellResult.Drawn> value) {
            return Interval.ofDifferences(values(value), other.beside(this, value), groups);
        }

        /** Its values, but those of another row where the pictures are that row's: a network says of one picture what differs in the last digits with the batch it is judged in. */
        private double[] beside(Row other, ToDoubleFunction<CellResult.Drawn> value) {
            List<CellResult.Drawn> own = drawn().toList();
            List<CellResult.Drawn> others = other.drawn().toList();
            double[] values = values(value);
            for (int i = 0; i < values.length; i++) {
                double same = value.applyAsDouble(others.get(i));
                // An image that was not finite is shown as one that is black, and is not it.
                boolean rounded = Double.isFinite(values[i]) && Double.isFinite(same);
                values[i] = rounded && own.get(i).shows(others.get(i)) ? same : values[i];
            }
            return values;
        }

        /** The method in words; a table has each once for each target. */
        public String label() {
            return label;
        }

        /** Tells a sweep's rows of one method apart. */
        public String title() {
            return target == null || method instanceof BestOfN ? label : label + " at " + target;
        }

        /** The method as it ran, sized. */
        public Method method() {
            return method;
        }

        /** The network evaluations it was sized to cost, if it was. */
        public @Nullable Long target() {
            return target;
        }

        /** One a seed. */
        public List<CellResult> cells() {
            return cells;
        }

        /** To the row that it is set beside; null for none. */
        public @Nullable Difference difference() {
            return difference;
        }

        /** How its candidates are screened; null where all are judged. */
        public @Nullable ContenderScreen screen() {
            return screen;
        }

        /** To the same method without a screen; null where there is none in the table, or nothing is screened. */
        public @Nullable Difference toUnscreened() {
            return toUnscreened;
        }

        /** What the screen did, over all images and seeds; null where nothing is screened. */
        public @Nullable Screened screened() {
            return screen == null
                    ? null
                    : drawn().map(CellResult.Drawn::screened)
                            .flatMap(Stream::ofNullable)
                            .reduce(Screened.NONE, Screened::plus);
        }

        /** How many prompts, or classes, or images where all were asked to be the same, its numbers are of. */
        public int groups() {
            return groups.size();
        }

        /** The mean of final rewards, with its interval over images. */
        public Interval reward() {
            return reward;
        }

        /** The mean of held-out rewards, with its interval; NaN throughout where none was named. */
        public Interval heldOut() {
            return heldOut;
        }

        /** As {@link #heldOut}, of the second held-out reward. */
        public Interval secondHeldOut() {
            return secondHeldOut;
        }

        /** Of the reward: the mean of the middle half, which single images move less than they do the mean. */
        public Interval interquartileMean() {
            return interquartileMean;
        }

        /** Mean decoded latents of an image. */
        public double decoderCalls() {
            return mean(image -> image.costs().decoderCalls());
        }

        /** Mean calls of the searched reward for an image. */
        public double rewardCalls() {
            return mean(image -> image.costs().rewardCalls());
        }

        /** The most memory of the process while one of its searches ran; NaN where that is not known. */
        public double peakBytes() {
            return cells.stream().mapToDouble(CellResult::peakBytes).max().orElse(Double.NaN);
        }

        /** Mean network evaluations of an image. */
        public double networkEvaluations() {
            return mean(image -> image.costs().networkEvaluations());
        }

        /** Mean reverse steps of an image, as the paper counts. */
        public double transitions() {
            return mean(image -> image.costs().transitions());
        }

        /** Mean of the images' largest |p| / sqrt(d); 1 is where normals live. */
        public double pivotNorm() {
            return mean(CellResult.Drawn::pivotNorm);
        }

        /** Of one image, where all were drawn together. */
        public double secondsPerImage() {
            return cells.stream().mapToDouble(CellResult::seconds).sum() / images();
        }

        /** NaN where there is no classifier. */
        public double diversity() {
            return cells.stream().mapToDouble(CellResult::diversity).average().orElse(Double.NaN);
        }

        /** The mean reward of clean estimates after each step, over the images that were judged there; NaN where none was. */
        public double[] byStep() {
            double[] means = new double[cells.get(0).images().get(0).byStep().length];
            for (int step = 0; step < means.length; step++) {
                int at = step;
                means[step] = drawn().mapToDouble(image -> image.byStep()[at])
                        .filter(Double::isFinite)
                        .average()
                        .orElse(Double.NaN);
            }
            return means;
        }

        private int images() {
            return cells.stream().mapToInt(cell -> cell.images().size()).sum();
        }

        private double mean(ToDoubleFunction<CellResult.Drawn> value) {
            double sum = 0;
            for (double each : values(value)) {
                sum += each;
            }
            return sum / images();
        }

        private double[] values(ToDoubleFunction<CellResult.Drawn> value) {
            return drawn().mapToDouble(value).toArray();
        }

        private Stream<CellResult.Drawn> drawn() {
            return cells.stream().flatMap(cell -> cell.images().stream());
        }
    }
}
