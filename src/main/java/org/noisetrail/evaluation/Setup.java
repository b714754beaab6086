package org.noisetrail.evaluation;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.noisetrail.model.Condition;
import org.noisetrail.model.Denoiser;
import org.noisetrail.model.Networks;
import org.noisetrail.model.Pipeline;
import org.noisetrail.reward.Reward;
import org.noisetrail.sampler.Sampler;
import org.noisetrail.sampler.Samplers;
import org.noisetrail.sampler.Schedule;

/**
 * What images are drawn and judged with: what a plan is made for, and what a machine is timed with. Owns nothing.
 *
 * @param heldOut of the final images; null for none
 * @param conditions that are to be drawn, at least one: the first is what calls are timed with
 * @param guarded whether a second reward looks on at each step that is searched; its calls count as the reward's
 */
public record Setup(
        Networks networks,
        Sampler sampler,
        Reward reward,
        @Nullable Reward heldOut,
        List<? extends Condition> conditions,
        boolean guarded) {
    public Setup {
        conditions = List.copyOf(conditions);
        if (conditions.isEmpty()) {
            throw new IllegalArgumentException("conditions must be >= 1: 0");
        }
    }

    /** Without a guard. */
    public Setup(
            Networks networks,
            Sampler sampler,
            Reward reward,
            @Nullable Reward heldOut,
            List<? extends Condition> conditions) {
        this(networks, sampler, reward, heldOut, conditions, false);
    }

    /** Of a pipeline, with its own sampler. */
    public static Setup of(Pipeline pipeline, Reward reward, List<? extends Condition> conditions) {
        return new Setup(pipeline.networks(), Samplers.of(pipeline), reward, null, conditions);
    }

    /** Of a denoiser whose states are images. */
    public static Setup of(Denoiser denoiser, Sampler sampler, Reward reward) {
        return new Setup(Networks.of(denoiser), sampler, reward, null, List.of(Condition.NONE));
    }

    /** The same under another sampler. */
    public Setup withSampler(Sampler sampler) {
        return new Setup(networks, sampler, reward, heldOut, conditions, guarded);
    }

    /** The same, final images judged by another reward besides; null for none. */
    public Setup withHeldOut(@Nullable Reward heldOut) {
        return new Setup(networks, sampler, reward, heldOut, conditions, guarded);
    }

    /** The same, with a guard or without. */
    public Setup withGuard(boolean guarded) {
        return new Setup(networks, sampler, reward, heldOut, conditions, guarded);
    }

    Schedule schedule() {
        return sampler.schedule(networks.denoiser().parameterisation());
    }
}
