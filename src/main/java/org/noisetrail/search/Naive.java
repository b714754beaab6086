package org.noisetrail.search;

/** One trajectory with its own noise: the plain sampler. */
public record Naive() implements Method {
    @Override
    public String name() {
        return "naive";
    }
}
