#!/usr/bin/env python3
"""Milliseconds of diffusers' own networks, for a table beside `benchmarks/run text-to-image`; needs torch and diffusers, and the threads both are given.

    python3 benchmarks/diffusers_speed.py FOLDER [THREADS]

FOLDER is a Stable Diffusion 1.x or 2.x folder (src/main/resources/org/noisetrail/model/fashion-scenes is one). Prints milliseconds a row, the median of five calls after
two, for guided UNet evaluations of 1 to 16 images and for decoding, in float32 on the CPU.
"""
import json
import pathlib
import statistics
import sys
import time

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel


def median(call):
    call(), call()
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def main():
    folder = sys.argv[1]
    torch.set_num_threads(int(sys.argv[2]) if len(sys.argv) > 2 else 2)
    unet = UNet2DConditionModel.from_pretrained(folder, subfolder="unet").float().eval()
    vae = AutoencoderKL.from_pretrained(folder, subfolder="vae").float().eval()
    size = unet.config.sample_size
    text_config = json.loads((pathlib.Path(folder) / "text_encoder" / "config.json").read_text())
    tokens = text_config["max_position_embeddings"]
    print("images  guided UNet ms/image  decode ms/image")
    with torch.inference_mode():
        for images in (1, 2, 4, 8, 16):
            rows = 2 * images
            x = torch.randn(rows, unet.config.in_channels, size, size)
            text = torch.randn(rows, tokens, unet.config.cross_attention_dim)
            network = median(lambda: unet(x, torch.full((rows,), 500), text))
            decode = median(lambda: vae.decode(x[:images]))
            print(f"{images:6}  {1e3 * network / images:20.2f}  {1e3 * decode / images:15.2f}")


if __name__ == "__main__":
    main()
