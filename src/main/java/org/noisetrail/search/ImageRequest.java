package org.noisetrail.search;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.noisetrail.model.Condition;

/**
 * One image to draw.
 *
 * @param image its number, 0 to 2^32 - 1: with the seed it names all its noise
 * @param condition what it is asked to be
 */
public record ImageRequest(long image, Condition condition) {
    /** Of one list: what is told of so many images still fits a small heap. */
    private static final int MOST = 1 << 20;

    public ImageRequest {
        Checks.range("image", image, 0, 0xFFFFFFFFL);
        Objects.requireNonNull(condition, "condition");
    }

    /** @param label a class; -1 for none */
    public ImageRequest(long image, int label) {
        this(image, condition(label));
    }

    private static Condition condition(int label) {
        Checks.range("class", label, -1, Integer.MAX_VALUE);
        return label < 0 ? Condition.NONE : Condition.label(label);
    }

    /** {@code count} images numbered from {@code first}, their classes taken in turn from {@code classes} (none: nothing is asked). */
    public static List<ImageRequest> of(long first, int count, int... classes) {
        return of(
                first,
                count,
                Arrays.stream(classes).mapToObj(ImageRequest::condition).toList());
    }

    /** {@code count} images numbered from {@code first}, their prompts taken in turn. */
    public static List<ImageRequest> prompts(long first, int count, String... prompts) {
        return of(first, count, Arrays.stream(prompts).map(Condition::prompt).toList());
    }

    /**
     * {@code count} images numbered from {@code first}, their conditions taken in turn (none: nothing is asked).
     *
     * @param count 1 to 2^20
     */
    public static List<ImageRequest> of(long first, int count, List<? extends Condition> conditions) {
        Checks.range("images", count, 1, MOST);
        List<ImageRequest> requests = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            requests.add(new ImageRequest(
                    first + i, conditions.isEmpty() ? Condition.NONE : conditions.get(i % conditions.size())));
        }
        return List.copyOf(requests);
    }
}
