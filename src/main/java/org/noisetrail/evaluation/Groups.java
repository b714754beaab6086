package org.noisetrail.evaluation;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.noisetrail.search.ImageRequest;

/** Which values belong together. */
final class Groups {
    private final int[][] members;
    private final boolean alike;

    private Groups(int[][] members, boolean alike) {
        this.members = members;
        this.alike = alike;
    }

    /** Each value alone. */
    static Groups each(int count) {
        return new Groups(IntStream.range(0, count).mapToObj(i -> new int[] {i}).toArray(int[][]::new), true);
    }

    /**
     * Of images, in the order of their values: those of one condition; where all have the same, those of one number, whatever their seeds; of one image each alone, since one group
     * says nothing of how groups differ.
     */
    static Groups of(List<ImageRequest> images) {
        Groups conditions = by(images, false, ImageRequest::condition);
        if (conditions.size() > 1) {
            return conditions;
        }
        Groups numbers = by(images, true, ImageRequest::image);
        return numbers.size() > 1 ? numbers : each(images.size());
    }

    private static Groups by(List<ImageRequest> images, boolean alike, Function<ImageRequest, Object> key) {
        Map<Object, List<Integer>> groups = new LinkedHashMap<>();
        for (int i = 0; i < images.size(); i++) {
            groups.computeIfAbsent(key.apply(images.get(i)), k -> new ArrayList<>())
                    .add(i);
        }
        return new Groups(
                groups.values().stream()
                        .map(group -> group.stream().mapToInt(Integer::intValue).toArray())
                        .toArray(int[][]::new),
                alike);
    }

    /** Whether any value may stand beside any, of whatever group: all were asked to be the same. */
    boolean alike() {
        return alike;
    }

    int size() {
        return members.length;
    }

    /** The values of one group. */
    double[] of(int group, double[] values) {
        return IntStream.of(members[group]).mapToDouble(i -> values[i]).toArray();
    }

    /** Whether a value's group has an odd place. */
    boolean[] odd() {
        boolean[] odd = new boolean
                [Arrays.stream(members).mapToInt(group -> group.length).sum()];
        for (int g = 1; g < members.length; g += 2) {
            for (int i : members[g]) {
                odd[i] = true;
            }
        }
        return odd;
    }

    /** These groups as far as they hold some of the values, which then have the places that they have among those. */
    Groups only(boolean[] some) {
        int[] place = new int[some.length];
        int count = 0;
        for (int i = 0; i < some.length; i++) {
            place[i] = count;
            count += some[i] ? 1 : 0;
        }
        int[][] left = Arrays.stream(members)
                .map(group -> Arrays.stream(group)
                        .filter(i -> some[i])
                        .map(i -> place[i])
                        .toArray())
                .filter(group -> group.length > 0)
                .toArray(int[][]::new);
        return new Groups(left, alike);
    }

    /** The values of as many groups as there are, drawn with replacement. */
    double[] resample(double[] values, SplittableRandom random) {
        int[][] drawn = new int[members.length][];
        int count = 0;
        for (int g = 0; g < drawn.length; g++) {
            drawn[g] = members[random.nextInt(members.length)];
            count += drawn[g].length;
        }
        double[] sample = new double[count];
        int at = 0;
        for (int[] group : drawn) {
            for (int i : group) {
                sample[at++] = values[i];
            }
        }
        return sample;
    }
}
