package org.noisetrail.engine;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.noisetrail.NoisetrailException;
import org.noisetrail.torch.Recording;
import org.noisetrail.torch.Torch;
import org.noisetrail.torch.Unfinished;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives a card whole rounds. Those that differ in nothing but what the device knows by itself (the tables of a step, the number of the round) are recorded once and launched again: the host
 * then tells a round in one call. The first recorded one is also made call by call, and must score alike. What cannot be recorded goes call by call, as ever, and one line says why.
 */
final class Recorder implements AutoCloseable {
    /** Rounds that go call by call before one is recorded: libraries choose and allocate in their first ones. */
    private static final int WARMING = 2;

    /** The most recordings, which hold memory as long as the recorder: rounds of yet other kinds, as where patience rolls over, go call by call. */
    private static final int MOST = 8;

    private static final Logger LOG = LoggerFactory.getLogger(Recorder.class);

    /** Why nothing was recorded, as far as this process has said it: each group of images has a recorder of its own. */
    private static final Set<String> SAID = ConcurrentHashMap.newKeySet();

    private final Group group;
    private final Recording.Pool pool;
    private final Map<List<Object>, Known> known = new HashMap<>();
    private boolean able = true;
    private int recordings;
    private int launches;

    /** What is known of rounds that are alike. */
    private static final class Known {
        int before;

        @Nullable
        Recording recording;

        /** What the host keeps account of in such a round. */
        List<Runnable> events = List.of();
    }

    Recorder(Group group) {
        this.group = group;
        pool = new Recording.Pool(group.device);
    }

    /** How often a recording was launched. */
    int launches() {
        return launches;
    }

    /**
     * A round.
     *
     * @param alike equal for two rounds if the host tells the device the same in both
     * @param compete makes and scores candidates
     * @param select chooses of them
     */
    void round(List<Object> alike, Candidates into, Runnable compete, Runnable select) {
        boolean more = able && recordings < MOST;
        Known round = more ? known.computeIfAbsent(alike, key -> new Known()) : known.get(alike);
        if (round != null && round.recording != null) {
            round.events.forEach(Runnable::run);
            launch(round.recording);
        } else if (round != null && more && round.before++ == WARMING) {
            first(round, into, compete, select);
        } else {
            compete.run();
            select.run();
        }
    }

    private void first(Known round, Candidates into, Runnable compete, Runnable select) {
        round.events = group.noting(compete);
        double[] one = into.scores(into.rows);
        try (Unfinished parts = new Unfinished()) {
            Recording recording = parts.add(Recording.record(
                    group.lane,
                    pool,
                    () -> group.muted(() -> {
                        compete.run();
                        select.run();
                    })));
            round.recording = parts.finish(recording);
            recordings++;
        } catch (RuntimeException e) {
            // Of a user's part that waits LibTorch's own; the same work has just been done without being recorded.
            able = false;
            String why = Torch.firstLine(e);
            if (SAID.add(why)) {
                LOG.warn("rounds are given to {} call by call: {}", group.lane, why);
            }
            // Again, for whatever of the attempt was done at once.
            group.muted(compete);
            select.run();
            return;
        }
        launch(round.recording);
        double[] whole = into.scores(into.rows);
        if (!Arrays.equals(one, whole)) {
            throw new NoisetrailException(
                    "a recorded round must score as its calls do one by one, and did not; search without graphs");
        }
    }

    private void launch(Recording recording) {
        // Scores, winners, what they have beaten: these may lie in several blocks.
        group.exchange.written();
        recording.launch();
        launches++;
    }

    @Override
    public void close() {
        for (Known round : known.values()) {
            if (round.recording != null) {
                round.recording.close();
            }
        }
    }
}
