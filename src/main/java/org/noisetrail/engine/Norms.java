package org.noisetrail.engine;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.noisetrail.torch.Exchange;
import org.noisetrail.torch.Torch;
import org.noisetrail.torch.Unfinished;

/** The longest noise that each of some rows has had, kept on the device until it is asked for. */
public final class Norms implements AutoCloseable {
    private final Selection selection;
    private final int rows;
    private final Exchange.Slice longest;
    private final Exchange.Slice now;

    Norms(Group group, Selection selection, int rows) {
        this.selection = selection;
        this.rows = rows;
        try (Unfinished parts = new Unfinished()) {
            longest = parts.add(group.exchange.put(new double[rows]));
            now = parts.add(group.exchange.doubles(rows));
            parts.finish();
        }
    }

    /** Looks at the rows' noise of a step. Does not wait for the device. */
    @SuppressWarnings("CheckReturnValue") // maximum_out gives back the tensor that it fills
    public void observe(Rows noise) {
        noise.need(rows);
        selection.lengths(noise, rows, now);
        longest.target();
        Tensor most = longest.tensor();
        Torch.run(() -> torch.maximum_out(most, most, now.tensor()));
    }

    /** The largest |row| / sqrt(d) seen, by row; 0 before the first. Waits for the device. */
    public double[] read() {
        return selection.relative(longest, rows);
    }

    @Override
    public void close() {
        longest.close();
        now.close();
    }
}
