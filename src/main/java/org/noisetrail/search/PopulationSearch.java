package org.noisetrail.search;

/** One wave's way through a method that keeps a {@link Population}. */
abstract class PopulationSearch {
    final Wave wave;
    final Population population;
    final Ends ends;
    /** Of the schedule. */
    final int steps;

    /** @param population stays its maker's to close */
    PopulationSearch(Wave wave, Population population) {
        this.wave = wave;
        this.population = population;
        ends = new Ends(wave, population);
        steps = wave.schedule().size();
    }

    abstract Outcome run();
}
