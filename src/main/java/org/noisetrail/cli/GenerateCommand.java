package org.noisetrail.cli;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.noisetrail.evaluation.Plan;
import org.noisetrail.evaluation.RunSettings;
import org.noisetrail.evaluation.Setup;
import org.noisetrail.files.Numbers;
import org.noisetrail.model.Pipeline;
import org.noisetrail.report.Png;
import org.noisetrail.report.RunFiles;
import org.noisetrail.reward.Reward;
import org.noisetrail.sampler.Sampler;
import org.noisetrail.sampler.Schedule;
import org.noisetrail.search.ImageRequest;
import org.noisetrail.search.Method;
import org.noisetrail.search.Search;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
        name = "generate",
        modelTransformer = RegistryOptions.Adder.class,
        description = "Draws images, searching for noise that a reward likes.",
        footerHeading = "%nRewards:%n",
        footer = {
            "${bundle:rewards.lines}",
            "  0.7*class+0.3*brightness       a weighted sum; also class-0.5*brightness",
            "",
            "Writes images/NNN.png, grid.png, trail.json and result.json to --out, and final.safetensors if asked to."
        })
final class GenerateCommand implements Callable<Integer> {
    @Spec
    private CommandSpec command;

    @Mixin
    private ModelOptions modelOptions;

    @Mixin
    private WorkerOptions workers;

    @Mixin
    private ConditionOptions asked = new ConditionOptions(10);

    @Mixin
    private SharedOptions.Seed seed;

    @Mixin
    private MethodOptions.Chosen methodOptions;

    @Mixin
    private RewardOptions rewards;

    @Mixin
    private RewardOptions.HeldOut heldOut;

    @Mixin
    private SamplerOptions samplerOptions;

    @Mixin
    private PlanOptions planOptions;

    @Option(
            names = "--graphs",
            description =
                    "On a card, give it the rounds of zero-order and eps-greedy as CUDA graphs: recorded once, then launched as a whole. The images are the same.")
    private boolean graphs;

    @Option(
            names = "--target-reward",
            paramLabel = "X",
            description = "Search an image no further once it has reached this reward.")
    private @Nullable Double targetReward;

    @Option(
            names = "--time-limit",
            paramLabel = "TIME",
            converter = Converters.TimeLimit.class,
            description =
                    "End the search when this time is over (90, 90s, 1.5m, 2h), and finish plainly what it has come to.")
    private @Nullable Duration timeLimit;

    @Mixin
    private ScreenOptions screen;

    @Mixin
    private GuardOptions guard;

    @Mixin
    private ShardOptions shards;

    @Mixin
    private DrawingJob.Options output;

    @Override
    public Integer call() {
        boolean isNamed = methodOptions.isNamed();
        boolean plans = planOptions.plans(isNamed);
        methodOptions.check();
        planOptions.check();
        if (planOptions.seconds() != null && timeLimit != null) {
            throw usage("--seconds and --time-limit both limit time: give one of them");
        }
        if (plans && (workers.areSeveral() || shards.keeps())) {
            throw usage(
                    "a plan is for one worker on one machine: give --method and its size with --devices, --shard and --resume");
        }
        // The settings would say null, as where there is no target: --resume would take images of the one for the
        // other's.
        if (targetReward != null && !(targetReward > Double.NEGATIVE_INFINITY)) {
            throw usage("--target-reward must be a number above minus infinity: " + targetReward);
        }
        screen.screening();
        if (plans && !isNamed && (screen.screens() || guard.guards())) {
            throw usage((screen.screens() ? "--screen" : "--guard")
                    + " needs --method where --seconds or --budget would choose one: give that, too");
        }
        guard.check(methodOptions.named());
        output.check(shards);
        workers.check();
        asked.check();
        modelOptions.check();
        try (Pipeline pipeline = modelOptions.load(workers.first(modelOptions::device))) {
            if (!Png.canShow(pipeline.decoder().image())) {
                throw usage("the model's images must have 1 or 3 channels to be written as PNG: "
                        + pipeline.decoder().image());
            }
            Sampler sampler = samplerOptions.sampler(pipeline);
            Method named = plans && !isNamed ? null : methodOptions.method(pipeline);
            List<ImageRequest> requests = asked.requests(pipeline);
            try (Reward searched = rewards.build(pipeline);
                    Reward judged = heldOut.build(pipeline);
                    Reward cheap = screen.build(pipeline);
                    Reward second = guard.build(pipeline);
                    WorkerOptions.Others others = workers.load(modelOptions, rewards, heldOut, screen, guard)) {
                Plan plan = plans ? plan(pipeline, sampler, named, searched, judged, requests) : null;
                Method method = plan == null ? Objects.requireNonNull(named) : plan.method();
                Search.Builder search = search(pipeline, sampler, method, searched, judged);
                if (plan != null) {
                    plan.apply(search);
                }
                warn(method, sampler.schedule(pipeline.denoiser().parameterisation()));
                screen.apply(search, cheap);
                guard.apply(search, second);
                workers.to(search, others);
                RunSettings settings = settings(pipeline, sampler, method, plan, requests, searched, judged, second)
                        .options(screen.settings(cheap))
                        .build();
                Shard shard = shards.shard();
                RunFiles.Run run = new RunFiles.Run(
                        shard == null ? requests : shard.of(requests),
                        search.build().trail(List.of()),
                        settings.imageHash(),
                        shard == null ? "" : shard.suffix());
                if (run.requests().isEmpty()) {
                    command.commandLine().getErr().println("noisetrail: shard " + shard + " has no image to draw");
                    return ExitCode.OK;
                }
                DrawingJob.Work work = new DrawingJob.Work(method.name(), run, settings.json(), shards.keeps());
                return new DrawingJob(output, "out", command.commandLine())
                        .run(
                                work,
                                (missing, listener) ->
                                        search.listener(listener).build().draw(missing));
            }
        }
    }

    /** What searches step by step draws plain images then, and says nothing else of it. */
    private void warn(Method method, Schedule schedule) {
        if (schedule.lastLive() < 0
                && method.needsReward()
                && method.evaluations(schedule).orElse(0) == schedule.evaluations()) {
            command.commandLine()
                    .getErr()
                    .println(
                            "noisetrail: no step of the sampler injects noise: " + method.name()
                                    + " has nothing to choose and draws plain images; best-of-n and x-t choose among initial noises");
        }
    }

    private Plan plan(
            Pipeline pipeline,
            Sampler sampler,
            @Nullable Method named,
            Reward searched,
            @Nullable Reward judged,
            List<ImageRequest> requests) {
        Setup setup = Setup.of(
                        pipeline,
                        searched,
                        requests.stream().map(ImageRequest::condition).toList())
                .withSampler(sampler)
                .withHeldOut(judged)
                .withGuard(guard.guards());
        PrintWriter err = command.commandLine().getErr();
        Plan plan = planOptions.plan(setup, requests.size(), modelOptions, named, err);
        if (!output.quiet()) {
            err.println("plan: " + plan);
            err.flush();
        }
        return plan;
    }

    private Search.Builder search(
            Pipeline pipeline, Sampler sampler, Method method, Reward searched, @Nullable Reward judged) {
        Search.Builder search = Search.builder(pipeline)
                .sampler(sampler)
                .method(method)
                .reward(searched)
                .heldOut(judged)
                .seed(seed.seed())
                .maxBatch(modelOptions.maxBatch())
                .decodeBatch(modelOptions.decodeBatch())
                .graphs(graphs);
        if (planOptions.budget() != null) {
            search.budget(planOptions.budget());
        }
        if (targetReward != null) {
            search.targetReward(targetReward);
        }
        if (timeLimit != null) {
            search.timeLimit(timeLimit);
        }
        return search;
    }

    private RunSettings.Builder settings(
            Pipeline pipeline,
            Sampler sampler,
            Method method,
            @Nullable Plan plan,
            List<ImageRequest> requests,
            Reward searched,
            @Nullable Reward judged,
            @Nullable Reward second) {
        RunSettings.Builder settings = modelOptions
                .settings("generate", pipeline)
                .seeds(seed.seed())
                .images(requests)
                .sampler(sampler)
                .reward(rewards.reward(pipeline).toString(), searched)
                .heldOut(String.valueOf(heldOut.reward()), judged)
                .options(methodOptions.settings(method))
                .options(guard.settings(second))
                .devices(workers.all(pipeline.device()))
                .option("budget", planOptions.budget())
                .option("plan", plan == null ? null : plan.json())
                .option("targetReward", targetReward == null ? null : Numbers.orNull(targetReward))
                .option("timeLimitSeconds", timeLimit == null ? null : Numbers.inSeconds(timeLimit));
        if (plan != null) {
            settings.batches(plan.maxBatch(), plan.decodeBatch());
        }
        return settings;
    }

    private ParameterException usage(String message) {
        return new ParameterException(command.commandLine(), message);
    }
}
