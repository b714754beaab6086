package org.noisetrail.report;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.noisetrail.NoisetrailException;
import org.noisetrail.engine.StepEngine;
import org.noisetrail.files.PngFile;
import org.noisetrail.model.Condition;
import org.noisetrail.model.ImageShape;
import org.noisetrail.model.Pipeline;
import org.noisetrail.reward.Image;
import org.noisetrail.reward.Reward;
import org.noisetrail.reward.RewardText;
import org.noisetrail.search.ImageResult;
import org.noisetrail.search.Search;
import org.noisetrail.search.SearchCancelledException;
import org.noisetrail.search.Trail;
import org.noisetrail.torch.OutOfMemory;

/**
 * Draws pictures again from their trails, one plain trajectory's network evaluations each, and says whether pixels and rewards are the claimed ones. What a picture says is not
 * trusted: a reward that names files of its own is made only of those that the caller names.
 */
public final class Verification {
    /**
     * How it is done.
     *
     * @param reward what the searched reward is, where the trail does not say it or its files are elsewhere; null to go by the trail
     * @param heldOut likewise
     * @param levels by how much values of pixels may differ, 0 to 255: another processor's may round otherwise
     * @param error by how much rewards may, relative to the claimed one where that is above 1; one that is infinite must be found as it is
     * @param maxBatch the most rows in one network call
     * @param decodeBatch the most images that are decoded and judged at once
     */
    public record Options(
            @Nullable RewardText reward,
            @Nullable RewardText heldOut,
            int levels,
            double error,
            int maxBatch,
            int decodeBatch) {
        /** To the last bit, but for rewards' last digits. */
        public static final Options DEFAULT = new Options(null, null, 0, 1e-6, 64, StepEngine.DECODE_BATCH);

        public Options {
            if (levels < 0 || levels > 255) {
                throw new IllegalArgumentException("levels must be from 0 to 255: " + levels);
            }
            if (!(error >= 0)) {
                throw new IllegalArgumentException("error must be >= 0: " + error);
            }
        }
    }

    /** A stranger's trail may ask for more than anybody's search: what ascent by image asks for is what it has cost. */
    private static final long MOST_TRANSITIONS = 1 << 16;

    private final Pipeline pipeline;
    private final Options options;

    /** @param pipeline that the pictures claim to be drawn with, asked as their trails say; stays the caller's to close */
    public Verification(Pipeline pipeline, Options options) {
        this.pipeline = pipeline;
        this.options = options;
    }

    /**
     * @return one a picture, in their order
     * @throws SearchCancelledException if the thread is interrupted
     */
    public List<Verdict> of(List<Certificate> pictures) {
        Map<Trail, List<Certificate>> runs = new LinkedHashMap<>();
        Map<Certificate, Verdict> verdicts = new LinkedHashMap<>();
        for (Certificate picture : pictures) {
            ImageShape shape = picture.pixels().shape();
            refused(picture.file(), picture.trail(), shape.height(), shape.width())
                    .ifPresentOrElse(
                            verdict -> verdicts.put(picture, verdict),
                            () -> runs.computeIfAbsent(picture.trail().with(List.of()), run -> new ArrayList<>())
                                    .add(picture));
        }
        runs.forEach((run, some) -> run(run, some, verdicts));
        SearchCancelledException.check();
        return pictures.stream().map(verdicts::get).map(Objects::requireNonNull).toList();
    }

    /**
     * What is found of a picture before its pixels are unpacked and before it is drawn: that it is of another model or size, or that drawing it would take longer than anybody's search.
     *
     * @return empty where nothing is wrong so far
     * @throws NoisetrailException if it is no picture of ours, or broken
     */
    public Optional<Verdict> refused(Path picture) {
        PngFile head = Png.head(picture);
        return refused(picture, Certificate.trail(picture, head), head.height(), head.width());
    }

    private Optional<Verdict> refused(Path picture, Trail trail, int height, int width) {
        String model = Search.builder(pipeline).build().modelId();
        ImageShape image = pipeline.decoder().image();
        long transitions = trail.images().get(0).recipe().transitions();
        String difference = null;
        if (!model.equals(trail.model())) {
            difference = "another model, or other settings of it: claimed " + trail.model() + ", found " + model;
        } else if (height != image.height() || width != image.width()) {
            difference = "pixels are of another size: claimed " + height + "x" + width + ", found " + image.height()
                    + "x" + image.width();
        } else if (transitions > MOST_TRANSITIONS) {
            difference = "its trail must ask for <= " + MOST_TRANSITIONS + " transitions to be verified: " + transitions
                    + "; replay draws it";
        }
        return Optional.ofNullable(difference).map(words -> Verdict.no(picture, words));
    }

    /** Pictures of one run: the same model, sampler, seed and rewards. */
    private void run(Trail run, List<Certificate> pictures, Map<Certificate, Verdict> verdicts) {
        try {
            verdicts.putAll(drawn(run, pictures, Search.builder(pipeline).decodeBatch(options.decodeBatch())));
        } catch (SearchCancelledException e) {
            throw e;
        } catch (IllegalArgumentException | NoisetrailException e) {
            failed(run, pictures, verdicts, String.valueOf(e.getMessage()));
        } catch (RuntimeException | OutOfMemoryError e) {
            if (e instanceof RuntimeException other && !OutOfMemory.is(e)) {
                throw other;
            }
            failed(run, pictures, verdicts, "out of memory: " + e.getMessage());
        }
    }

    private void failed(Trail run, List<Certificate> pictures, Map<Certificate, Verdict> verdicts, String why) {
        if (pictures.size() == 1) {
            Certificate picture = pictures.get(0);
            verdicts.put(picture, Verdict.no(picture.file(), "cannot be drawn again: " + why));
        } else {
            // One of them is at fault: the others are not to be taken for it.
            pictures.forEach(picture -> run(run, List.of(picture), verdicts));
        }
    }

    private Map<Certificate, Verdict> drawn(Trail run, List<Certificate> pictures, Search.Builder search) {
        Map<Certificate, Verdict> verdicts = new LinkedHashMap<>();
        List<Trail.Entry> entries = pictures.stream()
                .map(picture -> picture.trail().images().get(0))
                .toList();
        List<Condition> conditions =
                entries.stream().map(entry -> entry.request().condition()).toList();
        boolean claimsReward = pictures.stream().anyMatch(picture -> !Double.isNaN(picture.reward()));
        boolean claimsHeldOut = pictures.stream().anyMatch(picture -> !Double.isNaN(picture.heldOut()));
        try (Claim reward = claim("reward", run.reward(), options.reward(), claimsReward, conditions);
                Claim heldOut = claim("held-out", run.heldOut(), options.heldOut(), claimsHeldOut, conditions)) {
            if (reward.made() != null) {
                search.reward(reward.made());
            }
            search.heldOut(heldOut.made());
            List<ImageResult> drawn =
                    run.with(entries).replay(search, options.maxBatch()).images();
            for (int i = 0; i < drawn.size(); i++) {
                verdicts.put(pictures.get(i), verdict(pictures.get(i), drawn.get(i), reward, heldOut));
            }
        }
        return verdicts;
    }

    /**
     * A reward that pictures claim.
     *
     * @param made null where it cannot be made
     * @param difference what is wrong with it; null where nothing is
     */
    private record Claim(
            String role,
            String name,
            @Nullable Reward made,
            @Nullable String difference) implements AutoCloseable {
        @Override
        public void close() {
            if (made != null) {
                made.close();
            }
        }
    }

    private Claim claim(
            String role,
            Trail.@Nullable Judge judge,
            @Nullable RewardText asked,
            boolean claimed,
            List<Condition> conditions) {
        String name = judge == null ? "" : judge.name();
        if (!claimed) {
            return new Claim(role, name, null, null);
        }
        if (judge == null && asked == null) {
            return new Claim(
                    role,
                    name,
                    null,
                    role + " unknown: the trail does not name it (those of version 1 do not)"
                            + ", so that only pixels can be certified, or what --" + role + " names");
        }
        RewardText text = asked == null && judge != null ? known(judge.name()) : asked;
        if (text == null) {
            return new Claim(
                    role,
                    name,
                    null,
                    role + " unknown: " + name + " is made of files of its own or of code:" + " --" + role
                            + " says of which");
        }
        long scorings = text.scorings();
        if (asked == null && scorings > RewardText.MOST_SCORINGS) {
            return new Claim(
                    role,
                    name,
                    null,
                    role + " unknown: it scores an image " + scorings + " times, more than " + RewardText.MOST_SCORINGS
                            + " (shifted counts five): --" + role + " says that it may");
        }
        Reward made = null;
        try {
            made = text.build(() -> pipeline);
            made.check(pipeline.decoder().image(), conditions);
            String difference = judge == null || judge.id().equals(made.id())
                    ? null
                    : role + " is another one: claimed " + judge.name() + ", " + judge.id() + ", found " + made.id();
            return new Claim(role, text.toString(), made, difference);
        } catch (RuntimeException e) {
            if (made != null) {
                made.close();
            }
            if (e instanceof IllegalArgumentException || e instanceof NoisetrailException) {
                return new Claim(role, text.toString(), null, role + " cannot be computed: " + e.getMessage());
            }
            throw e;
        }
    }

    /** A reward that is made of the library and the model alone; null if it is not. */
    private static @Nullable RewardText known(String name) {
        try {
            RewardText text = RewardText.parse(name);
            return text.namesFile() ? null : text;
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    private Verdict verdict(Certificate picture, ImageResult drawn, Claim reward, Claim heldOut) {
        List<String> differences = new ArrayList<>();
        Verdict.Pixels pixels = pixels(picture.pixels(), drawn.pixels(), differences);
        Verdict.Score searched = score(reward, picture.reward(), drawn.reward(), differences);
        Verdict.Score judged = score(heldOut, picture.heldOut(), drawn.heldOut().orElse(Double.NaN), differences);
        return new Verdict(picture.file(), pixels, searched, judged, differences);
    }

    private Verdict.@Nullable Pixels pixels(Image claimed, Image found, List<String> differences) {
        if (!claimed.shape().equals(found.shape())) {
            differences.add("pixels are of another size: claimed " + claimed.shape() + ", found " + found.shape());
            return null;
        }
        byte[] one = claimed.pixels();
        byte[] other = found.pixels();
        int different = 0;
        int levels = 0;
        for (int i = 0; i < one.length; i++) {
            int apart = Math.abs((one[i] & 0xff) - (other[i] & 0xff));
            different += apart > 0 ? 1 : 0;
            levels = Math.max(levels, apart);
        }
        if (levels > options.levels()) {
            differences.add(
                    "pixels differ in " + different + " of " + one.length + " values, by up to " + levels + " levels");
        }
        return new Verdict.Pixels(one.length, different, levels);
    }

    private Verdict.@Nullable Score score(Claim claim, double claimed, double found, List<String> differences) {
        if (Double.isNaN(claimed)) {
            return null;
        }
        if (claim.difference() != null) {
            differences.add(claim.difference());
        }
        if (claim.made() == null) {
            return null;
        }
        boolean same = Double.compare(claimed, found) == 0
                // Of an infinite claim any error is a part.
                || Double.isFinite(claimed)
                        && Math.abs(claimed - found) <= options.error() * Math.max(1, Math.abs(claimed));
        if (!same) {
            differences.add(
                    claim.role() + " " + claim.name() + " is claimed to be " + claimed + " and found to be " + found);
        }
        return new Verdict.Score(claim.name(), claimed, found);
    }
}
