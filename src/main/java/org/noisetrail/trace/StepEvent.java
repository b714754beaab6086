package org.noisetrail.trace;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/**
 * A part of a reverse step as a JDK Flight Recorder event; off unless a recording enables it ({@code org.noisetrail.*}). On a CUDA device
 * the time is the host's, which launches work and goes on: a part that waits for the device pays for those before it.
 */
@Category("Noisetrail")
@StackTrace(false)
@Enabled(false)
public abstract class StepEvent extends Event implements AutoCloseable {
    @Label("Images")
    @Description("Images of the group")
    // Not private: the recorder passes over private fields of a superclass.
    int images;

    @Label("Rows")
    @Description("Images x candidates of the call")
    int rows;

    @Label("Step")
    @Description("Reverse step, from 0; -1 for initial states")
    int step;

    @Label("Round")
    @Description("Round of the search; 0 outside one")
    int round;

    private StepEvent() {}

    /** The denoising network. */
    public static StepEvent denoise(int images, int rows, int step, int round) {
        return new Denoise().start(images, rows, step, round);
    }

    /** Candidate noise and the noisy states it makes. */
    public static StepEvent noise(int images, int rows, int step, int round) {
        return new Noise().start(images, rows, step, round);
    }

    /** The sampler's arithmetic around the network. */
    public static StepEvent update(int images, int rows, int step, int round) {
        return new Update().start(images, rows, step, round);
    }

    /** From states to 8-bit images. */
    public static StepEvent decode(int images, int rows, int step, int round) {
        return new Decode().start(images, rows, step, round);
    }

    /** The rewards. */
    public static StepEvent score(int images, int rows, int step, int round) {
        return new Score().start(images, rows, step, round);
    }

    /** Choosing winners and copying what they keep. */
    public static StepEvent select(int images, int rows, int step, int round) {
        return new Select().start(images, rows, step, round);
    }

    final StepEvent start(int images, int rows, int step, int round) {
        this.images = images;
        this.rows = rows;
        this.step = step;
        this.round = round;
        begin();
        return this;
    }

    /** Ends the part; recorded if a recording asks for it. */
    @Override
    public void close() {
        commit();
    }

    @Name("org.noisetrail.Denoise")
    @Label("Denoise")
    private static final class Denoise extends StepEvent {}

    @Name("org.noisetrail.Noise")
    @Label("Noise")
    private static final class Noise extends StepEvent {}

    @Name("org.noisetrail.Update")
    @Label("Update")
    private static final class Update extends StepEvent {}

    @Name("org.noisetrail.Decode")
    @Label("Decode")
    private static final class Decode extends StepEvent {}

    @Name("org.noisetrail.Score")
    @Label("Score")
    private static final class Score extends StepEvent {}

    @Name("org.noisetrail.Select")
    @Label("Select")
    private static final class Select extends StepEvent {}
}
