package org.noisetrail.search;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.noisetrail.model.ImageShape;
import org.noisetrail.sampler.EdmSampler;

class SearchMemoryTest {
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
                        System.gc();
                        alive.add(
                                told.stream().filter(each -> each.get() != null).count());
                        images.forEach(image -> told.add(new WeakReference<>(image)));
                    }
                })
                .build()
                .draw(ImageRequest.of(0, 6));
        assertThat(told).hasSize(6);
        // The last group may still be on the stack.
        assertThat(alive).allMatch(count -> count <= 1);
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
