package org.noisetrail.model.diffusers;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.noisetrail.checkpoint.ConfigFile;

/**
 * The {@code config.json} of a {@code UNet2DConditionModel} as Stable Diffusion 1.x, 2.x and XL have it. Lists have one entry a level, from
 * the finest.
 *
 * @param inChannels of the states
 * @param outChannels of the result
 * @param sampleSize the states' usual height and width; 0 where the file does not say
 * @param channels each level's
 * @param attends whether a level has attention on its way down
 * @param attendsUp whether a level has attention on its way up
 * @param middle whether there are layers between the way down and the way up
 * @param blocks residual blocks of a level on its way down; one more on its way up
 * @param transformers transformer blocks in each of a level's attentions
 * @param heads of a level's attention (the file calls their number {@code attention_head_dim})
 * @param context channels of the text encoder's hidden states
 * @param groups of every group norm
 * @param epsilon of the residual blocks' norms
 * @param upcastAttention whether attention must be in float32
 * @param linearProjection whether the layers around a level's transformer blocks are stored as matrices
 * @param flip whether cosines come before sines in the embedding of numbers
 * @param frequencyShift what is taken off the number of frequencies in that embedding
 * @param sizeChannels what each of the six numbers of an image's size and crop is embedded in; 0 for a network without (all but XL's)
 * @param pooled channels of the pooled embedding of the text that such a network takes
 */
public record UNetConfig(
        int inChannels,
        int outChannels,
        int sampleSize,
        List<Integer> channels,
        List<Boolean> attends,
        List<Boolean> attendsUp,
        boolean middle,
        List<Integer> blocks,
        List<Integer> transformers,
        List<Integer> heads,
        int context,
        int groups,
        double epsilon,
        boolean upcastAttention,
        boolean linearProjection,
        boolean flip,
        int frequencyShift,
        int sizeChannels,
        int pooled) {
    /** How many numbers say an image's size and crop: original height and width, top and left, target height and width. */
    static final int SIZES = 6;

    private static final String DOWN = "DownBlock2D";
    private static final String CROSS_DOWN = "CrossAttnDownBlock2D";
    private static final String UP = "UpBlock2D";
    private static final String CROSS_UP = "CrossAttnUpBlock2D";

    /**
     * @param file where it was read, for messages
     * @throws org.noisetrail.NoisetrailException if it describes another network, or one with options that are not supported
     */
    public static UNetConfig parse(String file, byte[] json) {
        return read(ConfigFile.parse(file, json));
    }

    static UNetConfig read(ConfigFile keys) {
        keys.oneOf("_class_name", "UNet2DConditionModel", "UNet2DConditionModel");
        refuseOthers(keys);
        List<String> down = keys.has("down_block_types")
                ? keys.words("down_block_types", CROSS_DOWN, DOWN)
                : List.of(CROSS_DOWN, CROSS_DOWN, CROSS_DOWN, DOWN);
        List<String> up = keys.has("up_block_types")
                ? keys.words("up_block_types", CROSS_UP, UP)
                : List.of(UP, CROSS_UP, CROSS_UP, CROSS_UP);
        int levels = down.size();
        if (up.size() != levels) {
            throw keys.wrong("up_block_types", "a list of " + levels + ", as down_block_types");
        }
        List<Integer> channels = keys.has("block_out_channels") || levels != 4
                ? keys.integers("block_out_channels", List.of())
                : List.of(320, 640, 1280, 1280);
        int groups = keys.integer("norm_num_groups", 32, 1, 1 << 14);
        if (channels.size() != levels || channels.stream().anyMatch(each -> each % groups != 0)) {
            throw keys.wrong(
                    "block_out_channels", "a list of " + levels + " multiples of norm_num_groups (" + groups + ")");
        }
        if (channels.get(0) % 2 != 0) {
            throw keys.wrong("block_out_channels", "a list that begins with an even number");
        }
        List<Boolean> attends = down.stream().map(CROSS_DOWN::equals).toList();
        List<Boolean> attendsUp = reversed(up).stream().map(CROSS_UP::equals).toList();
        // Null is not the default: distilled networks (BK-SDM) go without.
        boolean middle = !keys.isNull("mid_block_type");
        List<Integer> heads = keys.integers("attention_head_dim", 8, levels);
        for (int level = 0; level < levels; level++) {
            boolean asked = attends.get(level) || attendsUp.get(level) || middle && level == levels - 1;
            if (asked && channels.get(level) % heads.get(level) != 0) {
                throw keys.wrong(
                        "attention_head_dim",
                        "numbers of heads that divide the channels of block_out_channels " + channels);
            }
        }
        boolean sizes = keys.oneOf("addition_embed_type", "", "text_time").equals("text_time");
        int sizeChannels = sizes ? keys.integer("addition_time_embed_dim", 2, 1 << 14) : 0;
        int added = sizes ? keys.integer("projection_class_embeddings_input_dim", 1, 1 << 20) : 0;
        if (sizeChannels % 2 != 0) {
            throw keys.wrong("addition_time_embed_dim", "an even number");
        }
        if (sizes && added <= SIZES * sizeChannels) {
            throw keys.wrong(
                    "projection_class_embeddings_input_dim", "more than " + SIZES + " times addition_time_embed_dim");
        }
        keys.ignore("addition_time_embed_dim", "projection_class_embeddings_input_dim");
        UNetConfig config = new UNetConfig(
                keys.integer("in_channels", 4, 1, 1 << 10),
                keys.integer("out_channels", 4, 1, 1 << 10),
                keys.integer("sample_size", 0, 1, 1 << 14),
                channels,
                attends,
                attendsUp,
                middle,
                keys.integers("layers_per_block", 2, levels),
                keys.integers("transformer_layers_per_block", 1, levels),
                heads,
                keys.integer("cross_attention_dim", 1280, 1, 1 << 14),
                groups,
                keys.positive("norm_eps", 1e-5),
                keys.flag("upcast_attention", false),
                keys.flag("use_linear_projection", false),
                keys.flag("flip_sin_to_cos", true),
                keys.integer("freq_shift", 0, 0, 1),
                sizeChannels,
                added - SIZES * sizeChannels);
        keys.requireAllKnown();
        return config;
    }

    private static void refuseOthers(ConfigFile keys) {
        keys.oneOf("mid_block_type", "", "UNetMidBlock2DCrossAttn");
        keys.oneOf("act_fn", "silu", "silu", "swish");
        keys.oneOf("time_embedding_type", "positional", "positional");
        keys.oneOf("resnet_time_scale_shift", "default", "default");
        keys.oneOf("attention_type", "default", "default");
        keys.only("conv_in_kernel", "3");
        keys.only("conv_out_kernel", "3");
        keys.only("downsample_padding", "1");
        keys.only("mid_block_scale_factor", "1", "1.0");
        keys.only("resnet_out_scale_factor", "1", "1.0");
        for (String option : List.of(
                "center_input_sample",
                "class_embeddings_concat",
                "dual_cross_attention",
                "mid_block_only_cross_attention",
                "only_cross_attention",
                "resnet_skip_time_act")) {
            keys.only(option, "false");
        }
        for (String option : List.of(
                "class_embed_type",
                "cross_attention_norm",
                "encoder_hid_dim",
                "encoder_hid_dim_type",
                "num_attention_heads",
                "num_class_embeds",
                "reverse_transformer_layers_per_block",
                "time_cond_proj_dim",
                "time_embedding_act_fn",
                "time_embedding_dim",
                "timestep_post_act")) {
            keys.only(option);
        }
        keys.ignore("addition_embed_type_num_heads", "dropout");
        // What EMAModel.save_pretrained adds: how the weights were averaged.
        keys.ignore(
                "decay", "inv_gamma", "min_decay", "optimization_step", "power", "update_after_step", "use_ema_warmup");
    }

    private static List<String> reversed(List<String> words) {
        List<String> copy = new ArrayList<>(words);
        Collections.reverse(copy);
        return copy;
    }

    public int levels() {
        return channels.size();
    }

    /** Whether the network takes a pooled embedding of the text and an image's sizes. */
    public boolean takesSizes() {
        return sizeChannels > 0;
    }
}
