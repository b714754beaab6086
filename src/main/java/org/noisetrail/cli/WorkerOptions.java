package org.noisetrail.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.noisetrail.kernels.Device;
import org.noisetrail.model.Pipeline;
import org.noisetrail.reward.Reward;
import org.noisetrail.search.Search;
import org.noisetrail.torch.Unfinished;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Several workers of one search. */
final class WorkerOptions {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    @Option(
            names = "--devices",
            paramLabel = "DEVICE",
            split = ",",
            converter = DeviceName.OfSeveral.class,
            description =
                    "In place of --device, one worker for each, with commas between: cuda:0,cuda:1 or cpu,cpu; all, or cuda"
                            + " alone, is every card. They share the images, those on one device a single image's candidates, too, and those on the"
                            + " CPU its threads.")
    private List<DeviceName> names = new ArrayList<>();

    private @Nullable List<Device> found;

    /** Refuses what cannot be, before anything slow is done. */
    void check() {
        if (!names.isEmpty() && command.commandLine().getParseResult().hasMatchedOption("--device")) {
            throw new ParameterException(
                    command.commandLine(), "--device and --devices both say where to draw: give one of them");
        }
    }

    /** Where each worker is; empty where none was named. To find every card loads LibTorch. */
    private List<Device> devices() {
        if (found == null) {
            found = DeviceName.devices(names);
        }
        return found;
    }

    /** Where the first worker is. */
    Device first(Supplier<Device> otherwise) {
        return devices().isEmpty() ? otherwise.get() : devices().get(0);
    }

    boolean areSeveral() {
        return devices().size() > 1;
    }

    /** Where each worker is. */
    List<Device> all(Device otherwise) {
        return devices().isEmpty() ? List.of(otherwise) : devices();
    }

    /** Loads what draws and judges on the devices after the first; the caller's to close. */
    Others load(
            ModelOptions model,
            RewardOptions rewards,
            RewardOptions.HeldOut heldOut,
            ScreenOptions screen,
            GuardOptions guard) {
        Others others = new Others();
        try {
            Set<Device> different = new LinkedHashSet<>(devices());
            different.remove(first(() -> Device.CPU));
            for (Device device : different) {
                others.add(
                        model.load(device), Collections.frequency(devices(), device), rewards, heldOut, screen, guard);
            }
            return others;
        } catch (Throwable t) {
            others.close();
            throw t;
        }
    }

    /** Gives a search of the first device's pipeline its other workers. */
    void to(Search.Builder search, Others others) {
        if (!devices().isEmpty()) {
            search.workers(Collections.frequency(devices(), devices().get(0)));
        }
        others.pipelines.forEach(each -> {
            for (int worker = 0; worker < each.workers; worker++) {
                search.worker(each.pipeline, each.searched, each.judged, each.cheap, each.guard);
            }
        });
    }

    /** The model and its rewards on other devices. */
    static final class Others implements AutoCloseable {
        private static final class There {
            final Pipeline pipeline;
            final int workers;

            @Nullable
            Reward searched;

            @Nullable
            Reward judged;

            @Nullable
            Reward cheap;

            @Nullable
            Reward guard;

            There(Pipeline pipeline, int workers) {
                this.pipeline = pipeline;
                this.workers = workers;
            }
        }

        private final List<There> pipelines = new ArrayList<>();

        private Others() {}

        private void add(
                Pipeline pipeline,
                int workers,
                RewardOptions rewards,
                RewardOptions.HeldOut heldOut,
                ScreenOptions screen,
                GuardOptions guard) {
            There there = new There(pipeline, workers);
            pipelines.add(there);
            there.searched = rewards.build(pipeline);
            there.judged = heldOut.build(pipeline);
            there.cheap = screen.build(pipeline);
            there.guard = guard.build(pipeline);
        }

        @Override
        public void close() {
            List<@Nullable AutoCloseable> all = new ArrayList<>();
            for (There there : pipelines) {
                all.addAll(Arrays.asList(there.guard, there.cheap, there.judged, there.searched, there.pipeline));
            }
            Unfinished.closeAll(all);
        }
    }
}
