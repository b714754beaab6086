package org.noisetrail.evaluation;

import com.fasterxml.jackson.databind.JsonNode;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.noisetrail.files.Numbers;
import org.noisetrail.kernels.Natives;
import org.noisetrail.model.Classifier;
import org.noisetrail.model.Denoiser;
import org.noisetrail.reward.HostImages;
import org.noisetrail.reward.Image;
import org.noisetrail.reward.Reward;
import org.noisetrail.sampler.Schedule;
import org.noisetrail.search.BestOfN;
import org.noisetrail.search.ImageRequest;
import org.noisetrail.search.ImageResult;
import org.noisetrail.search.Method;
import org.noisetrail.search.Methods;
import org.noisetrail.search.Screening;
import org.noisetrail.search.Search;
import org.noisetrail.search.SearchListener;
import org.noisetrail.search.SearchResult;
import org.noisetrail.settings.Setting;
import org.noisetrail.torch.Torch;
import org.noisetrail.torch.Unfinished;
import org.noisetrail.trace.Progress;

/** One run of a comparison: its searches one after another, those that are known already left out. */
final class ComparisonRun {
    private static final int PILOT_IMAGES = 4;

    /** A method in a table, before it has run. */
    private record Entry(
            String label,
            Method method,
            Cell.@Nullable Screen screen,
            @Nullable Long target,
            @Nullable Long cap,
            boolean searches) {
        /** Another that chooses on nothing. */
        static Entry best(String label, BestOfN method, @Nullable Long target) {
            return new Entry(label, method, null, target, null, false);
        }
    }

    /**
     * A search that was made here.
     *
     * @param pngs its images as files, which are let go when they are kept
     */
    private record Made(CellResult result, List<byte[]> pngs) {}

    private final Comparison comparison;
    private final Thumbnails thumbnails;
    private final Map<String, @Nullable Object> common = new LinkedHashMap<>();
    /** Made at the first cell that asks, closed at the end: loading one may take longer than a cell. */
    private final Map<Comparison.Judge, Reward> rewards = new LinkedHashMap<>();

    private final Map<Comparison.Aim, Planner> planners = new HashMap<>();

    private final Schedule schedule;
    private final int factor;
    private int cell;
    private int cells;
    /** What was drawn to warm up, and who has judged it. */
    private List<Image> plain = List.of();

    private final Set<Comparison.Judge> warm = new HashSet<>();

    ComparisonRun(Comparison comparison) {
        Natives.require();
        this.comparison = comparison;
        Comparison.Drawn drawn = comparison.drawn;
        schedule = comparison.schedule();
        Denoiser denoiser = drawn.networks().denoiser();
        factor = denoiser.evaluations();
        // Beside each search stands one best-of-n at most.
        thumbnails = Thumbnails.of(
                drawn.networks().decoder().image(),
                comparison.images.size(),
                2L
                        * comparison.aims.size()
                        * comparison.contenders.size()
                        * targets().size());
        common.put("noisetrail", Version.NOISETRAIL);
        common.put("denoiser", denoiser.id());
        common.put("decoder", drawn.networks().decoder().id());
        common.put("previewDecoder", drawn.networks().previewId());
        common.put("modelSettings", drawn.settings());
        Classifier features = comparison.features;
        common.put("features", features == null ? null : features.id());
        // Results do not depend on these, but seconds do.
        common.put("device", denoiser.device().isCuda() ? "cuda" : "cpu");
        common.put("maxBatch", comparison.maxBatch);
        common.put("decodeBatch", comparison.decodeBatch);
        common.put("threads", Torch.threads());
        common.putAll(asked(comparison.images));
    }

    private static Map<String, Object> asked(List<ImageRequest> images) {
        return Map.of(
                "images",
                images.stream().map(ImageRequest::image).toList(),
                "conditions",
                images.stream().map(image -> image.condition().toString()).toList());
    }

    List<ComparisonTable> run() {
        int budgets = Math.max(1, comparison.budgets.size());
        cells = comparison.aims.size() * comparison.seeds.size() * comparison.contenders.size() * budgets;
        List<ComparisonTable> tables = new ArrayList<>();
        try {
            if (comparison.runner != null) {
                elsewhere(comparison.runner, foreseen());
            }
            for (Comparison.Aim aim : comparison.aims) {
                tables.add(table(aim));
            }
        } finally {
            close();
        }
        return tables;
    }

    /** Plans for all images of one seed, at the comparison's own batches. */
    private Planner planner(Comparison.Aim aim) {
        return planners.computeIfAbsent(aim, asked -> {
            Comparison.Drawn drawn = comparison.drawn;
            Comparison.Judge other = asked.heldOut();
            Setup setup = new Setup(
                    drawn.networks(),
                    comparison.sampler,
                    reward(asked.reward()),
                    other == null ? null : reward(other),
                    comparison.images.stream().map(ImageRequest::condition).toList());
            return Planner.of(setup, comparison.images.size(), comparison.maxBatch, comparison.decodeBatch)
                    .with(comparison.profiles.apply(setup));
        });
    }

    private Reward reward(Comparison.Judge judge) {
        Reward reward = rewards.computeIfAbsent(judge, asked -> asked.make().get());
        comparison.ids.computeIfAbsent(judge, asked -> reward.id());
        return reward;
    }

    /** Makes what is not known of some searches. */
    void make(List<Cell> wanted) {
        try {
            drawAll(wanted);
        } finally {
            close();
        }
    }

    private void drawAll(List<Cell> wanted) {
        cells = wanted.size();
        for (Cell each : wanted) {
            String label = Methods.registry().text(each.method())
                    + (each.screen() == null ? "" : each.screen().how().text());
            cell(each, comparison.images, title(label, each), true);
        }
    }

    private void close() {
        Unfinished.closeAll(rewards.values());
    }

    /** Makes every {@code parts}-th search, from a place on. */
    int part(int place, int parts) {
        try {
            // Rehearsals for what methods cost load rewards, too.
            List<Cell> all = foreseen();
            List<Cell> own = IntStream.range(0, all.size())
                    .filter(i -> i % parts == place)
                    .mapToObj(all::get)
                    .toList();
            drawAll(own);
            return own.size();
        } finally {
            close();
        }
    }

    /** The searches that can be told before any has run: of all methods, and of best-of-n at the cost of those that say what they cost. */
    private List<Cell> foreseen() {
        Set<Cell> all = new LinkedHashSet<>();
        for (Comparison.Aim aim : comparison.aims) {
            List<Entry> entries = new ArrayList<>();
            for (@Nullable Long target : targets()) {
                comparison.contenders.forEach(contender -> entries.add(entry(aim, contender, target)));
            }
            entries.forEach(entry -> all.addAll(cells(aim, entry)));
            for (Entry entry : entries) {
                OptionalLong cost = entry.method().evaluations(schedule);
                // What a screen leaves of the cost is not known before.
                boolean told =
                        cost.isPresent() && entry.cap() == null && entry.screen() == null && comparison.seconds == null;
                if (entry.searches() && told && comparison.against == null) {
                    BestOfN best = BestOfN.costing(schedule, cost.getAsLong());
                    all.addAll(cells(aim, Entry.best("", best, entry.target())));
                }
            }
        }
        return List.copyOf(all);
    }

    /** Those that are not known yet, all at once. */
    private void elsewhere(CellRunner runner, List<Cell> wanted) {
        List<String> texts = wanted.stream()
                .filter(each -> comparison
                        .store
                        .find(key(each, common), expected(each, comparison.images))
                        .isEmpty())
                .map(Cell::text)
                .toList();
        if (!texts.isEmpty()) {
            runner.run(texts);
        }
    }

    private JsonNode key(Cell what, Map<String, @Nullable Object> shared) {
        return what.key(shared, judge -> reward(judge).id());
    }

    private CellResult.Expected expected(Cell what, List<ImageRequest> images) {
        return new CellResult.Expected(
                images,
                comparison.drawn.networks().decoder().image(),
                schedule.size(),
                what.screen() != null,
                // A row shows its first seed's.
                what.seed() == comparison.seeds.get(0) ? thumbnails : Thumbnails.NONE);
    }

    private List<Cell> cells(Comparison.Aim aim, Entry entry) {
        return comparison.seeds.stream()
                .map(seed -> new Cell(
                        aim.reward(),
                        aim.heldOut(),
                        aim.secondHeldOut(),
                        entry.method(),
                        entry.screen(),
                        comparison.sampler,
                        seed,
                        entry.cap()))
                .toList();
    }

    private static String title(String label, Cell each) {
        return label + ", " + each.reward() + ", seed " + Long.toUnsignedString(each.seed());
    }

    private ComparisonTable table(Comparison.Aim aim) {
        List<Entry> entries = new ArrayList<>();
        List<ComparisonTable.Row> rows = new ArrayList<>();
        // By target, of the contender that all others are set beside, if one is.
        Map<@Nullable Long, ComparisonTable.Row> named = new HashMap<>();
        for (@Nullable Long target : targets()) {
            for (Contender contender : comparison.contenders) {
                Entry entry = entry(aim, contender, target);
                int known = IntStream.range(0, entries.size())
                        .filter(i -> same(entries.get(i), entry))
                        .findFirst()
                        .orElse(entries.size());
                if (known < entries.size()) {
                    cells -= comparison.seeds.size();
                } else {
                    entries.add(entry);
                    rows.add(row(aim, entry));
                }
                if (contender.label().equals(comparison.against)) {
                    named.put(target, rows.get(known));
                }
            }
        }
        List<ComparisonTable.@Nullable Row> others = comparison.against == null
                ? bestOfN(aim, entries, rows)
                : entries.stream().map(entry -> named.get(entry.target())).toList();
        List<ComparisonTable.Row> all = new ArrayList<>();
        for (int i = 0; i < rows.size(); i++) {
            ComparisonTable.Row own = rows.get(i);
            ComparisonTable.Row other = others.get(i);
            ComparisonTable.Row row = other == null || other == own ? own : own.against(other);
            int plain = entries.indexOf(unscreened(entries, entries.get(i)));
            all.add(plain < 0 ? row : row.againstUnscreened(rows.get(plain)));
        }
        others.stream()
                .flatMap(Stream::ofNullable)
                .distinct()
                .filter(row -> !rows.contains(row))
                .sorted(Comparator.comparingDouble(ComparisonTable.Row::networkEvaluations))
                .forEach(all::add);
        Map<String, String> ids = new LinkedHashMap<>();
        for (Comparison.@Nullable Judge judge : Arrays.asList(aim.reward(), aim.heldOut(), aim.secondHeldOut())) {
            if (judge != null) {
                ids.put(judge.name(), reward(judge).id());
            }
        }
        for (Entry entry : entries) {
            Comparison.Judge judge =
                    entry.screen() == null ? null : entry.screen().reward();
            if (judge != null) {
                ids.put(judge.name(), reward(judge).id());
            }
        }
        return new ComparisonTable(aim, ids, all, comparison.seconds, comparison.against);
    }

    /** For each row the best-of-n that costs as much, drawn unless it is one of the rows; null for those that do not search. */
    private List<ComparisonTable.@Nullable Row> bestOfN(
            Comparison.Aim aim, List<Entry> entries, List<ComparisonTable.Row> rows) {
        // Insertion order: chains by the first search that costs as much.
        Map<Integer, @Nullable Long> targets = new LinkedHashMap<>();
        List<@Nullable Integer> chains = new ArrayList<>();
        for (int i = 0; i < entries.size(); i++) {
            Entry entry = entries.get(i);
            Integer own = entry.searches() ? partner(aim, i, entries, rows) : null;
            chains.add(own);
            if (own != null) {
                targets.putIfAbsent(own, entry.target());
            }
        }
        cells += targets.size() * comparison.seeds.size();
        Map<@Nullable Integer, ComparisonTable.Row> best = new HashMap<>();
        targets.forEach((size, target) -> {
            Entry entry = Entry.best("best-of-" + size, new BestOfN(size), target);
            Optional<ComparisonTable.Row> known = rows.stream()
                    .filter(row -> row.method().equals(entry.method()))
                    .findFirst();
            best.put(size, known.orElseGet(() -> row(aim, entry)));
            if (known.isPresent()) {
                cells -= comparison.seeds.size();
            }
        });
        return chains.stream().map(best::get).toList();
    }

    /** Chains of the best-of-n that costs as much: as many evaluations, or seconds where methods are sized for those. */
    private int partner(Comparison.Aim aim, int place, List<Entry> entries, List<ComparisonTable.Row> rows) {
        ComparisonTable.Row row = rows.get(place);
        if (comparison.seconds == null) {
            return BestOfN.costing(schedule, row.networkEvaluations() / factor).candidates();
        }
        Entry entry = entries.get(place);
        Planner planner = planner(aim);
        double seconds = planner.predicted(entry.method());
        if (entry.screen() != null) {
            // No rehearsal knows what a screen leaves.
            int plain = entries.indexOf(unscreened(entries, entry));
            seconds = plain < 0
                    ? row.secondsPerImage() * comparison.images.size()
                    : seconds * row.secondsPerImage() / rows.get(plain).secondsPerImage();
        }
        return planner.bestOfN(seconds).candidates();
    }

    private List<@Nullable Long> targets() {
        return comparison.budgets.isEmpty() ? Arrays.asList((Long) null) : new ArrayList<>(comparison.budgets);
    }

    private static boolean same(Entry one, Entry other) {
        return Objects.equals(one.screen(), other.screen()) && isSized(one, other);
    }

    private static boolean isSized(Entry one, Entry other) {
        return Objects.equals(one.cap(), other.cap()) && one.method().equals(other.method());
    }

    /** The same method and size, all of whose candidates are judged; null where it is not compared, or the entry is such a one. */
    private static @Nullable Entry unscreened(List<Entry> entries, Entry entry) {
        return entries.stream()
                .filter(other -> entry.screen() != null && other.screen() == null && isSized(other, entry))
                .findFirst()
                .orElse(null);
    }

    private Entry entry(Comparison.Aim aim, Contender contender, @Nullable Long target) {
        Method method = contender.method();
        Long cap = null;
        String suffix = "";
        Double seconds = comparison.seconds;
        if (seconds != null) {
            method = planner(aim).seconds(method, seconds).method();
            suffix = " in " + Setting.plain(seconds) + " s";
        }
        if (target != null) {
            method = method.sized(schedule, target / factor);
            OptionalLong cost = method.evaluations(schedule);
            if (cost.isEmpty()) {
                method = measured(aim, method, target);
            }
            // The smallest size may be too much: then it searches as long as is paid for.
            if (cost.orElse(Long.MAX_VALUE) > target / factor) {
                cap = target;
            }
        }
        String label = contender.label() + suffix;
        if (method instanceof BestOfN best) {
            label = "best-of-" + best.candidates() + (best.sharedStart() ? ", shared start" : "");
        }
        return new Entry(
                label,
                method,
                comparison.screen(contender),
                method.needsReward() ? target : null,
                cap,
                method.choosesOnTheWay());
    }

    /** The size that costs the target, found on a few images, for a method whose cost depends on the rewards it meets. */
    private Method measured(Comparison.Aim aim, Method guess, long target) {
        Method sized = guess;
        for (int trial = 0; trial < 2; trial++) {
            Cell pilot = new Cell(aim.reward(), null, sized, comparison.sampler, comparison.seeds.get(0), null);
            List<ImageRequest> few = comparison.images.subList(0, Math.min(PILOT_IMAGES, comparison.images.size()));
            CellResult result = cell(pilot, few, guess.name() + ", to find its size", false);
            double measured = result.mean(image -> image.costs().networkEvaluations()) / factor;
            Method better = sized.resized(schedule, measured, target / factor);
            if (better.equals(sized)) {
                return sized;
            }
            sized = better;
        }
        return sized;
    }

    private ComparisonTable.Row row(Comparison.Aim aim, Entry entry) {
        List<CellResult> results = new ArrayList<>();
        List<Cell> all = cells(aim, entry);
        if (comparison.runner != null) {
            elsewhere(comparison.runner, all);
        }
        for (Cell each : all) {
            results.add(cell(each, comparison.images, title(entry.label(), each), true));
        }
        Cell.Screen screen = entry.screen();
        return new ComparisonTable.Row(
                entry.label(),
                entry.method(),
                screen == null ? null : screen.how(),
                entry.target(),
                results,
                null,
                null);
    }

    private CellResult cell(Cell what, List<ImageRequest> images, String title, boolean counted) {
        Map<String, @Nullable Object> shared = new LinkedHashMap<>(common);
        if (!counted) {
            shared.putAll(asked(images));
        }
        JsonNode key = key(what, shared);
        cell += counted ? 1 : 0;
        CellResult.Expected expected = expected(what, images);
        Optional<CellResult> finished = comparison.store.find(key, expected);
        if (finished.isPresent()) {
            return finished.get();
        }
        warmUp(what);
        try (Comparison.Watch display = comparison.watcher.begin(counted ? cell : 0, cells, title)) {
            Made made = search(what, expected, display);
            comparison.store.put(key, made.result(), made.pngs());
            return made.result();
        }
    }

    /** The first calls of a network in a process are slow, those of a reward, too: no method's seconds should hold them. */
    private void warmUp(Cell what) {
        if (plain.isEmpty()) {
            plain = comparison
                    .drawn
                    .search()
                    .get()
                    .sampler(comparison.sampler)
                    .build()
                    .run(comparison.images.subList(0, 1))
                    .images()
                    .stream()
                    .map(ImageResult::pixels)
                    .toList();
        }
        Cell.Screen screen = what.screen();
        // Of whole images alone: a reward of smaller looks need not judge these.
        Comparison.Judge look =
                screen != null && screen.how().screening().look() == Screening.Look.WHOLE ? screen.reward() : null;
        Stream.of(what.reward(), what.heldOut(), look)
                .filter(Objects::nonNull)
                .filter(warm::add)
                .forEach(judge -> score(judge, plain));
    }

    private double[] score(Comparison.Judge judge, List<Image> images) {
        return HostImages.scores(
                reward(judge), comparison.drawn.networks().denoiser().device(), images, comparison.decodeBatch);
    }

    private Made search(Cell what, CellResult.Expected expected, SearchListener display) {
        List<ImageRequest> images = expected.images();
        Map<ImageRequest, double[]> byStep = new HashMap<>();
        SearchListener listener = new SearchListener() {
            @Override
            public void onProgress(Progress progress) {
                display.onProgress(progress);
            }

            @Override
            public void onStep(int step, List<ImageRequest> stepped, double[] rewards) {
                for (int i = 0; i < rewards.length; i++) {
                    byStep.computeIfAbsent(stepped.get(i), request -> unknown(schedule.size()))[step] = rewards[i];
                }
            }
        };
        Comparison.Judge other = what.heldOut();
        Search.Builder search = comparison
                .drawn
                .search()
                .get()
                .sampler(what.sampler())
                .method(what.method())
                .reward(reward(what.reward()))
                .heldOut(other == null ? null : reward(other))
                .seed(what.seed())
                .maxBatch(comparison.maxBatch)
                .decodeBatch(comparison.decodeBatch)
                .listener(listener);
        Cell.Screen screen = what.screen();
        if (screen != null) {
            search.screening(screen.how().screening())
                    .screenReward(screen.reward() == null ? null : reward(screen.reward()));
        }
        Long budget = what.budget();
        if (budget != null) {
            search.budget(budget);
        }
        PeakMemory memory = PeakMemory.start();
        SearchResult result = search.build().run(images);
        double peak = memory.bytes();
        Comparison.Judge second = what.secondHeldOut();
        double[] judged = second == null
                ? unknown(images.size())
                : score(
                        second,
                        result.images().stream().map(ImageResult::pixels).toList());
        Classifier features = comparison.features;
        double diversity = features == null
                ? Double.NaN
                : Diversity.of(
                        features,
                        result.images().stream().map(ImageResult::pixels).toList(),
                        comparison.maxBatch);
        List<CellResult.Drawn> drawn = new ArrayList<>();
        List<byte[]> pngs = new ArrayList<>();
        for (int i = 0; i < images.size(); i++) {
            ImageResult image = result.images().get(i);
            double held = image.finite() || second == null ? judged[i] : Double.NEGATIVE_INFINITY;
            BufferedImage picture = image.pixels().toBufferedImage();
            pngs.add(CellResult.png(picture));
            drawn.add(CellResult.Drawn.of(
                    image,
                    held,
                    byStep.getOrDefault(image.request(), unknown(schedule.size())),
                    pngs.get(i),
                    expected.thumbnails().of(i, picture, image.request().condition())));
        }
        return new Made(new CellResult(Numbers.inSeconds(result.elapsed()), diversity, peak, drawn), pngs);
    }

    private static double[] unknown(int count) {
        double[] values = new double[count];
        Arrays.fill(values, Double.NaN);
        return values;
    }
}
