package org.noisetrail.evaluation;

import java.util.List;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;
import org.noisetrail.search.BestOfN;
import org.noisetrail.search.Method;

/** What methods have come to for one reward. */
public record ComparisonTable(Comparison.Aim aim, List<Row> rows) {
    public ComparisonTable {
        rows = List.copyOf(rows);
    }

    /** What the table is of, in a line. */
    public String title() {
        Comparison.Judge heldOut = aim.heldOut();
        return "reward " + aim.reward() + (heldOut == null ? "" : ", held out " + heldOut);
    }

    /**
     * A difference in reward, image by image, so that what images have in common cancels out.
     *
     * @param label of the method that is subtracted
     */
    public record Difference(String label, Interval reward) {}

    /** A method with its results. All numbers are means over images and seeds; intervals are by bootstrap over these images. */
    public static final class Row {
        private final String label;
        private final Method method;
        private final @Nullable Long target;
        private final List<CellResult> cells;
        private final @Nullable Difference difference;
        private final Interval reward;
        private final Interval heldOut;

        /** @param cells one a seed */
        Row(
                String label,
                Method method,
                @Nullable Long target,
                List<CellResult> cells,
                @Nullable Difference difference) {
            this.label = label;
            this.method = method;
            this.target = target;
            this.cells = List.copyOf(cells);
            this.difference = difference;
            reward = Interval.of(values(CellResult.Drawn::reward));
            heldOut = Interval.of(values(CellResult.Drawn::heldOut));
        }

        /** This row, set beside another of the same images. */
        public Row against(Row other) {
            double[] own = values(CellResult.Drawn::reward);
            double[] others = other.values(CellResult.Drawn::reward);
            double[] differences = new double[own.length];
            for (int i = 0; i < own.length; i++) {
                differences[i] = own[i] - others[i];
            }
            return new Row(label, method, target, cells, new Difference(other.label, Interval.of(differences)));
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

        /** The mean of final rewards, with its interval over images. */
        public Interval reward() {
            return reward;
        }

        /** The mean of held-out rewards, with its interval; NaN throughout where none was named. */
        public Interval heldOut() {
            return heldOut;
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
                means[step] = cells.stream()
                        .flatMap(cell -> cell.images().stream())
                        .mapToDouble(image -> image.byStep()[at])
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
            return cells.stream()
                    .flatMap(cell -> cell.images().stream())
                    .mapToDouble(value)
                    .toArray();
        }
    }
}
