package org.noisetrail.architecture;

import java.nio.file.Path;
import java.util.List;
import org.noisetrail.checkpoint.ModelFiles;
import org.noisetrail.checkpoint.Safetensors;
import org.noisetrail.engine.StepEngine;
import org.noisetrail.evaluation.Comparison;
import org.noisetrail.kernels.Cuda;
import org.noisetrail.kernels.Device;
import org.noisetrail.kernels.Kernels;
import org.noisetrail.kernels.Lane;
import org.noisetrail.kernels.Natives;
import org.noisetrail.kernels.ProposeArgs;
import org.noisetrail.kernels.UpdateArgs;
import org.noisetrail.model.Condition;
import org.noisetrail.model.GaussianMixture;
import org.noisetrail.model.ImageShape;
import org.noisetrail.model.Pipeline;
import org.noisetrail.model.script.TorchScriptModule;
import org.noisetrail.reward.RewardText;
import org.noisetrail.sampler.EdmSampler;
import org.noisetrail.sampler.Schedule;
import org.noisetrail.search.ImageRequest;
import org.noisetrail.search.Search;
import org.noisetrail.testing.Nets;
import org.noisetrail.torch.ScriptFunction;
import org.noisetrail.torch.Tensors;
import org.noisetrail.torch.Torch;
import org.noisetrail.trace.Ledger;

/** What a program may do first that needs natives. */
public enum NativeDoors implements Runnable {
    LANE(() -> Lane.open(new Device(0))),
    KERNELS(() -> Kernels.on(Device.CPU)),
    COMPILED(Kernels::cudaCompiled),
    CUDA(Cuda::ask),
    LIBRARY(() -> Natives.isFound("libm.so.6")),
    PROPOSE(ProposeArgs::new),
    UPDATE(UpdateArgs::new),
    THREADS(() -> Torch.setThreads(1)),
    TENSOR(() -> Tensors.floats(Device.CPU, 1)),
    MAPPED(() ->
            Safetensors.open(Nets.FASHION.resolve("model.safetensors")).tensor("model.dec.14x14_block0.affine.bias")),
    SCRIPT(() -> new ScriptFunction(Device.CPU, "", List.of())),
    MODULE(() -> new TorchScriptModule(ModelFiles.folder(Nets.FASHION), "classifier.pt", Device.CPU)),
    CLASSES(() -> Pipeline.load("fashion-mnist", Device.CPU)),
    PROMPTS(() -> Pipeline.load("fashion-scenes", Device.CPU)),
    MIXTURE(NativeDoors::mixture),
    REWARD(() -> RewardText.parse(
                    "torchscript:" + Path.of("src/main/resources/org/noisetrail/model/fashion-mnist/classifier.pt"))
            .build(Device.CPU)),
    SEARCH(() -> Search.builder(denoiser()).build().run(ImageRequest.of(0, 1))),
    WORKERS(() -> Search.builder(denoiser()).workers(2).build().run(ImageRequest.of(0, 2))),
    COMPARISON(() -> Comparison.builder(denoiser())
            .methods("naive")
            .reward("brightness")
            .build()
            .run());

    private final Runnable first;

    NativeDoors(Runnable first) {
        this.first = first;
    }

    private static void mixture() {
        GaussianMixture mixture = denoiser();
        Schedule schedule = EdmSampler.DEFAULT.withSteps(2).schedule(mixture.parameterisation());
        StepEngine.builder(mixture, schedule)
                .images(new long[] {0}, List.of(Condition.NONE), new Ledger(1))
                .build();
    }

    private static GaussianMixture denoiser() {
        return GaussianMixture.builder(new ImageShape(1, 1, 1), 0)
                .component(1, 1, 0)
                .build();
    }

    @Override
    public void run() {
        first.run();
    }
}
