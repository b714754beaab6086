package org.noisetrail.search;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.noisetrail.model.ImageShape;
import org.noisetrail.sampler.EdmSampler;

class SearchMemoryTest {
    /** The last group may still be on the stack. */
    private static final int LAST = 1;

    private static Search.Builder search() {
        return Search.builder(new ExactMixture(new ImageShape(1, 8, 8), false, .2, -.4, .4))
                .sampler(EdmSampler.DEFAULT.withSteps(2))
                .maxBatch(1);
    }

    @Test
    void whatIsDrawnIsToldAndNotKept() {
        List<WeakReference<ImageResult>> told = new ArrayList<>();
        List<Long> alive = new ArrayList<>();
        search().listener(new SearchListener() {
                    @Override
                    public void onImages(List<ImageResult> images) {
                        alive.add(held(told));
                        images.forEach(image -> told.add(new WeakReference<>(image)));
                    }
                })
                .build()
                .draw(ImageRequest.of(0, 6));
        assertThat(told).hasSize(6);
        assertThat(alive).allMatch(count -> count <= LAST);
    }

    /** How many are held for good: the collector is asked more than once, for it need not take all at once. */
    private static long held(List<WeakReference<ImageResult>> told) {
        long held = Long.MAX_VALUE;
        for (int tries = 0; tries < 20 && held > LAST; tries++) {
            System.gc();
            held = told.stream().filter(each -> each.get() != null).count();
        }
        return held;
    }

    @Test
    void drawingTellsTheImagesThatRunGives() {
        List<ImageResult> told = new ArrayList<>();
        search().listener(new SearchListener() {
                    @Override
                    public void onImages(List<ImageResult> images) {
                        told.addAll(images);
                    }
                })
                .build()
                .draw(ImageRequest.of(0, 3));
        List<ImageResult> run = search().build().run(ImageRequest.of(0, 3)).images();
        assertThat(told).hasSize(3);
        for (int i = 0; i < 3; i++) {
            assertThat(told.get(i).state()).isEqualTo(run.get(i).state());
        }
    }
}
