package org.noisetrail.evaluation;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.noisetrail.model.Classifier;
import org.noisetrail.model.Pipeline;
import org.noisetrail.reward.Reward;
import org.noisetrail.reward.RewardText;
import org.noisetrail.sampler.Sampler;
import org.noisetrail.sampler.Schedule;
import org.noisetrail.search.BestOfN;
import org.noisetrail.search.ImageRequest;
import org.noisetrail.search.ImageResult;
import org.noisetrail.search.Method;
import org.noisetrail.search.Search;
import org.noisetrail.search.SearchListener;
import org.noisetrail.search.SearchResult;
import org.noisetrail.trace.Progress;

/** Runs methods on the same images, classes and initial noise, and best-of-n at what each search among them costs. */
public final class Comparison {
    private static final int PILOT_IMAGES = 4;

    /**
     * What draws and judges.
     *
     * @param features whose logits tell how images differ; null where there is none
     * @param rewards made anew for each search, which closes them
     */
    public record Bench(
            Pipeline pipeline,
            @Nullable Classifier features,
            Function<RewardText, Reward> rewards,
            int maxBatch,
            int decodeBatch,
            int threads) {}

    /** A reward to search for, with one that says what the search for it did to the image. */
    public record Aim(RewardText reward, @Nullable RewardText heldOut) {}

    /**
     * @param budgets network evaluations an image that methods are sized to cost; none: methods as they are
     */
    public record Plan(
            List<Contender> contenders,
            List<Aim> aims,
            List<Long> seeds,
            List<ImageRequest> images,
            Sampler sampler,
            List<Long> budgets) {
        public Plan {
            contenders = List.copyOf(contenders);
            aims = List.copyOf(aims);
            seeds = List.copyOf(seeds);
            images = List.copyOf(images);
            budgets = List.copyOf(budgets);
        }
    }

    /** Listens to a search of the comparison, until it is closed. */
    public interface Watch extends SearchListener, AutoCloseable {
        @Override
        void close();
    }

    /** Told what is under way. */
    public interface Watcher {
        /** The listener of a search that begins; it is closed when that ends. */
        Watch begin(int cell, int cells, String title);
    }

    /** A method in a table, before it has run. */
    private record Entry(
            String label,
            Method method,
            @Nullable Long target,
            @Nullable Long cap,
            boolean searches) {}

    private final Bench bench;
    private final Plan plan;
    private final CellStore store;
    private final Watcher watcher;
    private final Map<String, @Nullable Object> common = new LinkedHashMap<>();
    private final Schedule schedule;
    private final int factor;
    private int cell;
    private int cells;
    private boolean warm;

    public Comparison(Bench bench, Plan plan, CellStore store, Watcher watcher) {
        this.bench = bench;
        this.plan = plan;
        this.store = store;
        this.watcher = watcher;
        Pipeline pipeline = bench.pipeline();
        schedule = plan.sampler().schedule(pipeline.denoiser().parameterisation());
        factor = pipeline.denoiser().evaluations();
        common.put("noisetrail", Version.NOISETRAIL);
        common.put("denoiser", pipeline.denoiser().id());
        common.put("decoder", pipeline.decoder().id());
        common.put(
                "features", bench.features() == null ? null : bench.features().id());
        // Results do not depend on these, but seconds do.
        common.put("device", pipeline.device().toString());
        common.put("maxBatch", bench.maxBatch());
        common.put("threads", bench.threads());
        common.put("images", plan.images().stream().map(ImageRequest::image).toList());
        common.put(
                "conditions",
                plan.images().stream().map(image -> image.condition().toString()).toList());
    }

    /** A table for each reward. */
    public List<ComparisonTable> run() {
        int budgets = Math.max(1, plan.budgets().size());
        cells = plan.aims().size() * plan.seeds().size() * plan.contenders().size() * budgets;
        List<ComparisonTable> tables = new ArrayList<>();
        for (Aim aim : plan.aims()) {
            tables.add(table(aim));
        }
        return tables;
    }

    private ComparisonTable table(Aim aim) {
        List<Entry> entries = new ArrayList<>();
        List<ComparisonTable.Row> rows = new ArrayList<>();
        // Insertion order: chains by the first search that costs as much.
        Map<Integer, @Nullable Long> partners = new LinkedHashMap<>();
        for (@Nullable Long target : targets()) {
            for (Contender contender : plan.contenders()) {
                Entry entry = entry(aim, contender, target);
                if (entries.stream().anyMatch(other -> same(other, entry))) {
                    cells -= plan.seeds().size();
                    continue;
                }
                entries.add(entry);
                rows.add(row(aim, entry));
            }
        }
        for (int i = 0; i < entries.size(); i++) {
            if (entries.get(i).searches()) {
                partners.putIfAbsent(partner(rows.get(i)), entries.get(i).target());
            }
        }
        cells += partners.size() * plan.seeds().size();
        Map<Integer, ComparisonTable.Row> best = new HashMap<>();
        partners.forEach((chains, target) -> {
            Entry entry = new Entry("best-of-" + chains, new BestOfN(chains), target, null, false);
            Optional<ComparisonTable.Row> known = rows.stream()
                    .filter(row -> row.method().equals(entry.method()))
                    .findFirst();
            best.put(chains, known.orElseGet(() -> row(aim, entry)));
            if (known.isPresent()) {
                cells -= plan.seeds().size();
            }
        });
        List<ComparisonTable.Row> all = new ArrayList<>();
        for (int i = 0; i < rows.size(); i++) {
            ComparisonTable.Row row = rows.get(i);
            if (!entries.get(i).searches()) {
                if (!all.contains(row)) {
                    all.add(row);
                }
                continue;
            }
            ComparisonTable.Row partner = best.get(partner(row));
            all.add(partner == null ? row : row.against(partner));
        }
        best.values().stream()
                .filter(row -> !all.contains(row))
                .sorted((a, b) -> Double.compare(a.networkEvaluations(), b.networkEvaluations()))
                .forEach(all::add);
        return new ComparisonTable(aim, all);
    }

    private int partner(ComparisonTable.Row row) {
        return BestOfN.costing(schedule, row.networkEvaluations() / factor, false).candidates();
    }

    private List<@Nullable Long> targets() {
        return plan.budgets().isEmpty() ? Arrays.asList((Long) null) : new ArrayList<>(plan.budgets());
    }

    private boolean same(Entry one, Entry other) {
        return java.util.Objects.equals(one.cap(), other.cap())
                && one.method().equals(other.method());
    }

    private Entry entry(Aim aim, Contender contender, @Nullable Long target) {
        Method method = contender.method();
        Long cap = null;
        if (target != null) {
            method = method.sized(schedule, target / factor);
            if (method.evaluations(schedule).isEmpty()) {
                method = measured(aim, method, target);
                cap = target;
            }
        }
        String label = contender.label();
        if (method instanceof BestOfN best) {
            label = "best-of-" + best.candidates() + (best.sharedStart() ? ", shared start" : "");
        }
        return new Entry(label, method, method.needsReward() ? target : null, cap, method.choosesOnTheWay());
    }

    /** The size that costs the target, found on a few images, for a method whose cost depends on the rewards it meets. */
    private Method measured(Aim aim, Method guess, long target) {
        Method sized = guess;
        for (int trial = 0; trial < 2; trial++) {
            Cell pilot = new Cell(
                    aim.reward(), null, sized, plan.sampler(), plan.seeds().get(0), null);
            List<ImageRequest> few = plan.images()
                    .subList(0, Math.min(PILOT_IMAGES, plan.images().size()));
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

    private ComparisonTable.Row row(Aim aim, Entry entry) {
        List<CellResult> results = new ArrayList<>();
        for (long seed : plan.seeds()) {
            Cell each = new Cell(aim.reward(), aim.heldOut(), entry.method(), plan.sampler(), seed, entry.cap());
            String title = entry.label() + ", " + aim.reward() + ", seed " + Long.toUnsignedString(seed);
            results.add(cell(each, plan.images(), title, true));
        }
        return new ComparisonTable.Row(entry.label(), entry.method(), entry.target(), results, null);
    }

    private CellResult cell(Cell what, List<ImageRequest> images, String title, boolean counted) {
        Map<String, @Nullable Object> shared = new LinkedHashMap<>(common);
        if (!counted) {
            shared.put("images", images.stream().map(ImageRequest::image).toList());
            shared.put(
                    "conditions",
                    images.stream().map(image -> image.condition().toString()).toList());
        }
        JsonNode key = what.key(shared);
        cell += counted ? 1 : 0;
        Optional<CellResult> finished = store.find(key);
        if (finished.isPresent()) {
            return finished.get();
        }
        warmUp();
        try (Watch display = watcher.begin(cell, cells, title)) {
            CellResult result = search(what, images, display);
            store.put(key, result);
            return result;
        }
    }

    /** The first network calls of a process are slow: no method's seconds should hold them. */
    private void warmUp() {
        if (!warm) {
            warm = true;
            Search.builder(bench.pipeline())
                    .sampler(plan.sampler())
                    .build()
                    .run(plan.images().subList(0, 1));
        }
    }

    private CellResult search(Cell what, List<ImageRequest> images, SearchListener display) {
        Map<ImageRequest, double[]> byStep = new HashMap<>();
        SearchListener listener = new SearchListener() {
            @Override
            public void onProgress(Progress progress) {
                display.onProgress(progress);
            }

            @Override
            public void onStep(int step, List<ImageRequest> stepped, double[] rewards) {
                for (int i = 0; i < rewards.length; i++) {
                    byStep.computeIfAbsent(stepped.get(i), request -> unknown())[step] = rewards[i];
                }
            }
        };
        RewardText other = what.heldOut();
        try (Reward reward = bench.rewards().apply(what.reward());
                Reward heldOut = other == null ? null : bench.rewards().apply(other)) {
            Search.Builder search = Search.builder(bench.pipeline())
                    .sampler(what.sampler())
                    .method(what.method())
                    .reward(reward)
                    .heldOut(heldOut)
                    .seed(what.seed())
                    .maxBatch(bench.maxBatch())
                    .decodeBatch(bench.decodeBatch())
                    .listener(listener);
            Long budget = what.budget();
            if (budget != null) {
                search.budget(budget);
            }
            SearchResult result = search.build().run(images);
            Classifier features = bench.features();
            double diversity = features == null
                    ? Double.NaN
                    : Diversity.of(
                            features,
                            result.images().stream().map(ImageResult::pixels).toList(),
                            bench.maxBatch());
            return new CellResult(
                    result.elapsed().toNanos() / 1e9,
                    diversity,
                    result.images().stream()
                            .map(image -> CellResult.Drawn.of(image, byStep.getOrDefault(image.request(), unknown())))
                            .toList());
        }
    }

    private double[] unknown() {
        double[] values = new double[schedule.size()];
        Arrays.fill(values, Double.NaN);
        return values;
    }
}
