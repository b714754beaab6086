package org.noisetrail.checkpoint;

import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What CompVis' latent-diffusion code calls the tensors that diffusers has other names for. Its U-Net numbers blocks throughout, where
 * diffusers numbers levels and the blocks in each: with L residual blocks a level, {@code input_blocks} 1 + i (L + 1) + j is level i's block
 * j, or what makes the map smaller for j = L; {@code output_blocks} i (L + 1) + j likewise, with one block more and what makes the map larger
 * inside the last.
 */
final class LdmNames {
    private static final Pattern DOWN = Pattern.compile("input_blocks\\.(\\d{1,4})\\.(\\d)\\.(.+)");
    private static final Pattern MIDDLE = Pattern.compile("middle_block\\.([012])\\.(.+)");
    private static final Pattern UP = Pattern.compile("output_blocks\\.(\\d{1,4})\\.(\\d)\\.(.+)");
    private static final Pattern DOWNSAMPLER = Pattern.compile("input_blocks\\.(\\d{1,4})\\.0\\.op\\.weight");
    private static final Pattern BLOCK = Pattern.compile(
            "(in_layers\\.0|in_layers\\.2|emb_layers\\.1|out_layers\\.0|out_layers\\.3|skip_connection)\\.(.+)");
    private static final Map<String, String> LAYERS = Map.of(
            "in_layers.0", "norm1",
            "in_layers.2", "conv1",
            "emb_layers.1", "time_emb_proj",
            "out_layers.0", "norm2",
            "out_layers.3", "conv2",
            "skip_connection", "conv_shortcut");
    private static final Map<String, String> ENDS = Map.of(
            "input_blocks.0.0.", "conv_in.",
            "time_embed.0.", "time_embedding.linear_1.",
            "time_embed.2.", "time_embedding.linear_2.",
            "label_emb.0.0.", "add_embedding.linear_1.",
            "label_emb.0.2.", "add_embedding.linear_2.",
            "out.0.", "conv_norm_out.",
            "out.2.", "conv_out.");

    private static final Pattern VAE_LEVEL = Pattern.compile(
            "(encoder\\.down|decoder\\.up)\\.(\\d{1,4})\\.(?:block\\.(\\d{1,4})|(downsample|upsample))\\.(.+)");
    private static final Pattern VAE_BLOCK = Pattern.compile("(encoder|decoder)\\.mid\\.block_([12])\\.(.+)");
    private static final Pattern VAE_ATTENTION =
            Pattern.compile("(encoder|decoder)\\.mid\\.attn_1\\.(norm|q|k|v|proj_out)\\.(.+)");
    private static final Map<String, String> ATTENTION =
            Map.of("norm", "group_norm", "q", "to_q", "k", "to_k", "v", "to_v", "proj_out", "to_out.0");

    private LdmNames() {}

    /** L, the residual blocks of a level on the way down, of a U-Net with these tensors. */
    static int layers(Set<String> names) {
        int first = Integer.MAX_VALUE;
        int last = 0;
        for (String name : names) {
            Matcher down = DOWNSAMPLER.matcher(name);
            if (down.matches()) {
                first = Math.min(first, Integer.parseInt(down.group(1)));
            }
            Matcher block = DOWN.matcher(name);
            if (block.matches()) {
                last = Math.max(last, Integer.parseInt(block.group(1)));
            }
        }
        return Math.max(1, first == Integer.MAX_VALUE ? last : first - 1);
    }

    /** How many levels an autoencoder with these tensors has. */
    static int levels(Set<String> names) {
        int last = 0;
        for (String name : names) {
            Matcher level = VAE_LEVEL.matcher(name);
            if (level.matches()) {
                last = Math.max(last, Integer.parseInt(level.group(2)));
            }
        }
        return last + 1;
    }

    /**
     * diffusers' name of a U-Net's tensor; the name itself where there is no rule for it.
     *
     * @param layers L
     */
    static String unet(String name, int layers) {
        for (Map.Entry<String, String> end : ENDS.entrySet()) {
            if (name.startsWith(end.getKey())) {
                return end.getValue() + name.substring(end.getKey().length());
            }
        }
        Matcher down = DOWN.matcher(name);
        if (down.matches()) {
            int at = Integer.parseInt(down.group(1)) - 1;
            int block = at % (layers + 1);
            String level = "down_blocks." + at / (layers + 1) + ".";
            return block < layers
                    ? level + inside(down.group(2), block, down.group(3))
                    : level + "downsamplers.0." + down.group(3).replaceFirst("^op\\.", "conv.");
        }
        Matcher middle = MIDDLE.matcher(name);
        if (middle.matches()) {
            boolean attention = middle.group(1).equals("1");
            int block = middle.group(1).equals("2") ? 1 : 0;
            return "mid_block." + inside(attention ? "1" : "0", block, middle.group(2));
        }
        Matcher up = UP.matcher(name);
        if (up.matches()) {
            int at = Integer.parseInt(up.group(1));
            String level = "up_blocks." + at / (layers + 1) + ".";
            return up.group(3).startsWith("conv.")
                    ? level + "upsamplers.0." + up.group(3)
                    : level + inside(up.group(2), at % (layers + 1), up.group(3));
        }
        return name;
    }

    /** @param which 0: a residual block; 1: the attention behind it */
    private static String inside(String which, int block, String rest) {
        if (which.equals("1")) {
            return "attentions." + block + "." + rest;
        }
        Matcher layer = BLOCK.matcher(rest);
        return "resnets." + block + "." + (layer.matches() ? LAYERS.get(layer.group(1)) + "." + layer.group(2) : rest);
    }

    /**
     * diffusers' name of an autoencoder's tensor; the name itself where there is no rule for it.
     *
     * @param levels of the autoencoder: diffusers counts those of the decoder from the coarsest
     */
    static String vae(String name, int levels) {
        Matcher level = VAE_LEVEL.matcher(name);
        if (level.matches()) {
            boolean encoder = level.group(1).equals("encoder.down");
            int number = Integer.parseInt(level.group(2));
            String blocks = encoder ? "encoder.down_blocks." + number : "decoder.up_blocks." + (levels - 1 - number);
            return blocks
                    + (level.group(3) == null
                            ? "." + level.group(4) + "rs.0." + level.group(5)
                            : ".resnets." + level.group(3) + "." + shortcut(level.group(5)));
        }
        Matcher block = VAE_BLOCK.matcher(name);
        if (block.matches()) {
            return block.group(1) + ".mid_block.resnets." + (Integer.parseInt(block.group(2)) - 1) + "."
                    + shortcut(block.group(3));
        }
        Matcher attention = VAE_ATTENTION.matcher(name);
        if (attention.matches()) {
            return attention.group(1) + ".mid_block.attentions.0." + ATTENTION.get(attention.group(2)) + "."
                    + attention.group(3);
        }
        return name.replaceFirst("^(encoder|decoder)\\.norm_out\\.", "$1.conv_norm_out.");
    }

    private static String shortcut(String layer) {
        return layer.replaceFirst("^nin_shortcut\\.", "conv_shortcut.");
    }
}
