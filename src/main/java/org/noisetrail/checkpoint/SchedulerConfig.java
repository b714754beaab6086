package org.noisetrail.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.noisetrail.NoisetrailException;

/**
 * A {@code scheduler_config.json}: the noising process that a network was trained with, and how its samplers choose timesteps. A key that is
 * absent has the value that diffusers' {@code DDIMScheduler.from_config} gives it. Options of a class's own solver are not read. Outdated
 * files of Stable Diffusion 1.x and 2.x are corrected as diffusers' {@code StableDiffusionPipeline} does it, which is logged. Immutable.
 *
 * @param className diffusers' scheduler, e.g. {@code PNDMScheduler}
 * @param timesteps how many the network was trained with, 2 to 100000
 * @param betaSchedule how betas run from timestep to timestep
 * @param betaStart the first beta, 0 < betaStart <= betaEnd; not used by COSINE or where betas were trained
 * @param betaEnd the last beta, < 1
 * @param trainedBetas each timestep's beta; empty where the schedule gives them
 * @param prediction what the network gives: {@code epsilon}, {@code v_prediction} or {@code sample}
 * @param timestepSpacing {@code leading}, {@code trailing} or {@code linspace}, as the samplers' setting has it; empty where the file does not say, as diffusers' classes differ then
 * @param stepsOffset added to the timesteps of leading spacing, 0 to timesteps - 1
 * @param setAlphaToOne whether the last step goes to a clean image instead of to timestep 0's level
 * @param zeroTerminalSnr whether betas are rescaled so that the last state is noise alone
 */
public record SchedulerConfig(
        String className,
        int timesteps,
        BetaSchedule betaSchedule,
        double betaStart,
        double betaEnd,
        List<Double> trainedBetas,
        String prediction,
        String timestepSpacing,
        int stepsOffset,
        boolean setAlphaToOne,
        boolean zeroTerminalSnr) {
    /** How betas run from the first to the last. */
    public enum BetaSchedule {
        /** Evenly (Ho et al. 2020). */
        LINEAR,
        /** Their roots evenly (Rombach et al. 2022). */
        SCALED_LINEAR,
        /** So that abar is a squared cosine (Nichol and Dhariwal 2021, equation 17). */
        COSINE
    }

    /** Where the file lies in a model's folder. */
    public static final String FILE = "scheduler/scheduler_config.json";

    /** Those that can clip their estimates, and whether they do unless told; the others never do. */
    private static final Map<String, Boolean> CLIPPING = Map.of(
            "DDIMParallelScheduler", true,
            "DDIMScheduler", true,
            "DDPMParallelScheduler", true,
            "DDPMScheduler", true,
            "HeunDiscreteScheduler", false,
            "LCMScheduler", false);

    /** It knows no steps_offset, so that a file without is not outdated. */
    private static final String WITHOUT_OFFSET = "DPMSolverSinglestepScheduler";

    private static final String LEADING = "leading";
    private static final String TRAILING = "trailing";

    /** Whatever their files say, they go down from the last timestep, in steps of {@code original_inference_steps}: trailing is nearest. */
    private static final Set<String> FROM_THE_LAST = Set.of("LCMScheduler", "TCDScheduler");

    private static final String[] CLASSES = {
        "DDIMScheduler",
        "DDIMParallelScheduler",
        "DDPMScheduler",
        "DDPMParallelScheduler",
        "DEISMultistepScheduler",
        "DPMSolverMultistepScheduler",
        "DPMSolverSDEScheduler",
        WITHOUT_OFFSET,
        "EulerAncestralDiscreteScheduler",
        "EulerDiscreteScheduler",
        "HeunDiscreteScheduler",
        "KDPM2AncestralDiscreteScheduler",
        "KDPM2DiscreteScheduler",
        "LCMScheduler",
        "LMSDiscreteScheduler",
        "PNDMScheduler",
        "TCDScheduler",
        "UniPCMultistepScheduler"
    };

    public SchedulerConfig {
        trainedBetas = List.copyOf(trainedBetas);
    }

    /**
     * @param xl whether it is Stable Diffusion XL's, in which nothing is outdated
     * @throws NoisetrailException of one line, if the file is missing or broken, or has a process or an option that is not supported
     */
    public static SchedulerConfig read(ModelFiles files, boolean xl) {
        return of(ConfigFile.read(files, FILE), xl);
    }

    /**
     * @param file where it was read, for messages
     * @throws NoisetrailException as {@link #read} does
     */
    public static SchedulerConfig parse(String file, byte[] json, boolean xl) {
        return of(ConfigFile.parse(file, json), xl);
    }

    private static SchedulerConfig of(ConfigFile keys, boolean xl) {
        if (!keys.has("_class_name")) {
            throw keys.wrong("_class_name", "there");
        }
        String className = keys.oneOf("_class_name", "", CLASSES);
        int timesteps = keys.integer("num_train_timesteps", 1000, 2, 100_000);
        requireUnclipped(keys, className, xl);
        keys.only("thresholding", "false");
        // Continuous ones are logarithms of EDM's levels.
        keys.only("timestep_type", "\"discrete\"");
        BetaSchedule schedule =
                switch (keys.oneOf("beta_schedule", "linear", "linear", "scaled_linear", "squaredcos_cap_v2")) {
                    case "linear" -> BetaSchedule.LINEAR;
                    case "scaled_linear" -> BetaSchedule.SCALED_LINEAR;
                    default -> BetaSchedule.COSINE;
                };
        double start = keys.positive("beta_start", 0.0001);
        double end = keys.positive("beta_end", 0.02);
        if (end >= 1) {
            throw keys.wrong("beta_end", "< 1");
        }
        if (start > end) {
            throw keys.wrong("beta_start", "<= beta_end (" + end + ")");
        }
        String said = keys.oneOf("timestep_spacing", "", LEADING, TRAILING, "linspace");
        String spacing = FROM_THE_LAST.contains(className) ? TRAILING : said;
        SchedulerConfig config = new SchedulerConfig(
                className,
                timesteps,
                schedule,
                start,
                end,
                betas(keys, timesteps),
                keys.oneOf("prediction_type", "epsilon", "epsilon", "v_prediction", "sample"),
                spacing,
                stepsOffset(keys, timesteps, !xl && (spacing.isEmpty() || spacing.equals(LEADING))),
                keys.flag("set_alpha_to_one", true),
                keys.flag("rescale_betas_zero_snr", false));
        requireFalling(keys, config.alphasCumprod());
        return config;
    }

    /** Diffusion of latents has no bounds to clip to; our samplers do not clip. */
    private static void requireUnclipped(ConfigFile keys, String className, boolean xl) {
        boolean usual = CLIPPING.getOrDefault(className, false);
        if (!keys.flag("clip_sample", usual) || !CLIPPING.containsKey(className)) {
            return;
        }
        if (xl) {
            throw keys.wrong("clip_sample", "false" + (usual ? " (absent, it is true for " + className + ")" : ""));
        }
        keys.logCorrected("clip_sample", "false");
    }

    /** @param corrected whether the offset counts and may be outdated: then it is 1 */
    private static int stepsOffset(ConfigFile keys, int timesteps, boolean corrected) {
        int offset = keys.integer("steps_offset", 0, 0, timesteps - 1);
        boolean known = keys.has("steps_offset") || !keys.text("_class_name").equals(WITHOUT_OFFSET);
        if (offset == 1 || !corrected || !known) {
            return offset;
        }
        keys.logCorrected("steps_offset", "1");
        return 1;
    }

    /** Many or extreme betas reach 0 before the last timestep, or leave 1 nowhere. */
    private static void requireFalling(ConfigFile keys, float[] alphas) {
        float before = 1;
        for (float alpha : alphas) {
            if (!(alpha < before)) {
                throw new NoisetrailException(
                        keys.file() + ": betas must be such that the products of 1 - beta fall from below 1"
                                + " in float32: " + alpha + " after " + before);
            }
            before = alpha;
        }
    }

    private static List<Double> betas(ConfigFile keys, int timesteps) {
        if (!keys.has("trained_betas")) {
            return List.of();
        }
        JsonNode node = keys.node("trained_betas");
        List<Double> betas = new ArrayList<>();
        node.forEach(each -> betas.add(each.isNumber() ? each.doubleValue() : Double.NaN));
        if (!node.isArray() || betas.size() != timesteps || !betas.stream().allMatch(b -> b > 0 && b < 1)) {
            throw keys.wrong("trained_betas", "a list of " + timesteps + " numbers between 0 and 1");
        }
        return betas;
    }

    /**
     * abar by timestep: the product of 1 - beta up to it, each rounded to float32 as torch has them, because networks were trained with those. The
     * same bits as torch's, but for zero terminal SNR: there each within 4e-6, because torch's square roots are not always the nearest float.
     *
     * @return [timesteps], falling, above 0 but for the last of a zero terminal SNR, which is 0
     */
    public float[] alphasCumprod() {
        float[] alphas = new float[timesteps];
        for (int t = 0; t < timesteps; t++) {
            alphas[t] = 1 - beta(t);
        }
        return products(zeroTerminalSnr ? rescaled(products(alphas)) : alphas);
    }

    private float beta(int t) {
        if (!trainedBetas.isEmpty()) {
            return trainedBetas.get(t).floatValue();
        }
        return switch (betaSchedule) {
            case LINEAR -> between((float) betaStart, (float) betaEnd, t);
            case SCALED_LINEAR -> {
                float root = between((float) Math.sqrt(betaStart), (float) Math.sqrt(betaEnd), t);
                yield root * root;
            }
            case COSINE -> (float) Math.min(1 - cosine(t + 1) / cosine(t), 0.999);
        };
    }

    /** torch.linspace in float32, which counts from the nearer end and rounds once: by fused multiplication and addition. */
    private float between(float start, float end, int t) {
        float step = (end - start) / (timesteps - 1);
        return t < timesteps / 2 ? Math.fma(step, t, start) : Math.fma(-step, timesteps - 1 - t, end);
    }

    private double cosine(int t) {
        double root = Math.cos(((double) t / timesteps + 0.008) / 1.008 * Math.PI / 2);
        return root * root;
    }

    /** torch.cumprod of float32, which on a CPU keeps its product in float64. */
    private static float[] products(float[] factors) {
        float[] products = new float[factors.length];
        double product = 1;
        for (int t = 0; t < factors.length; t++) {
            product *= factors[t];
            products[t] = (float) product;
        }
        return products;
    }

    /** 1 - beta after Lin et al. 2023, algorithm 1: roots of abar are shifted so that the last is 0, and scaled so that the first stays. */
    private static float[] rescaled(float[] products) {
        int count = products.length;
        float first = (float) Math.sqrt(products[0]);
        float last = (float) Math.sqrt(products[count - 1]);
        float scale = first / (first - last);
        float[] alphas = new float[count];
        float before = 1;
        for (int t = 0; t < count; t++) {
            float root = ((float) Math.sqrt(products[t]) - last) * scale;
            float abar = root * root;
            // Through beta, as diffusers goes.
            alphas[t] = 1 - (1 - abar / before);
            before = abar;
        }
        return alphas;
    }
}
