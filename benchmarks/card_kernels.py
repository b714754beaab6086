#!/usr/bin/env python3
"""The group norm that networks call, on a card, beside its CPU form and float64: where there is a PyTorch for the card, but neither Java nor a network.

    cmake -S . -B BUILD -DNOISETRAIL_CUDA=ON && cmake --build BUILD --target noisetrail
    python3 benchmarks/card_kernels.py BUILD/lib/libnoisetrail.so [DEVICE]

DEVICE is cuda:0 by default; `cpu` compares the CPU form with float64 alone. One line a kind of map, and the largest difference in bounds: 1 is what docs/kernels.md allows between
devices (3e-6, and one rounding in half precision). Exits with 1 where one is larger. PyTorch 2.10 or newer.
"""
import ctypes
import itertools
import sys

import torch

SHAPES = [(2, 8, 64, 8), (3, 6, 49, 3), (2, 40, 36, 8), (2, 3000, 3, 2), (1, 96, 128, 32), (1, 8, 16500, 1), (2, 320, 4096, 32)]  # rows, channels, pixels, groups
ROUNDING = {torch.float32: 0, torch.float16: 2**-10, torch.bfloat16: 2**-7}


def load(library):
    kernels = ctypes.CDLL(library)
    kernels.nt_last_error.restype = ctypes.c_char_p
    if kernels.nt_torch_operators() != 0:
        sys.exit("card_kernels: " + kernels.nt_last_error().decode())


def in_bounds(expected, actual):
    a, b = expected.double().cpu(), actual.double().cpu()
    return ((a - b).abs() / (3e-6 + (3e-6 + ROUNDING[actual.dtype]) * a.abs())).max().item()


def plain(x, weight, bias, groups, silu):
    y = torch.nn.functional.group_norm(x.double(), groups, eps=1e-5)
    by_row = (-1, x.shape[1], 1, 1)
    y = y * weight.double().view(by_row) + bias.double().view(by_row)
    return torch.nn.functional.silu(y) if silu else y


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    device = torch.device(sys.argv[2] if len(sys.argv) == 3 else "cuda:0")
    if device.type == "cuda" and not torch.cuda.is_available():
        sys.exit("card_kernels: PyTorch sees no card")
    load(sys.argv[1])
    torch.manual_seed(1)
    worst = 0.0
    for dtype, last, silu, by_row in itertools.product(ROUNDING, (False, True), (False, True), (False, True)):
        differences = []
        for rows, channels, pixels, groups in SHAPES:
            x = (2 * torch.randn(rows, channels, pixels, 1) + 3).to(dtype)
            x = x.contiguous(memory_format=torch.channels_last) if last else x
            shape = (rows, channels, 1, 1) if by_row else (channels,)
            weight, bias = torch.randn(shape), torch.randn(shape)
            here = torch.ops.aten.noisetrail_group_norm(x, weight, bias, groups, 1e-5, silu)
            differences.append(in_bounds(plain(x, weight, bias, groups, silu), here))
            if device.type != "cpu":
                there = [t.to(device) for t in (x, weight, bias)]
                out = torch.ops.aten.noisetrail_group_norm(*there, groups, 1e-5, silu)
                differences.append(in_bounds(here, out))
                torch.ops.aten.noisetrail_group_norm_(*there, groups, 1e-5, silu)
                differences.append(in_bounds(here, there[0]))
        most = torch.tensor(differences, dtype=torch.float64).max().item()  # NaN where any is
        worst = most if not most <= worst else worst
        kind = [str(dtype)[6:], "channels last" if last else "channels second", "SiLU" if silu else "", "by row" if by_row else ""]
        print(f"{', '.join(filter(None, kind)):45} {most:.3f}")
    print(f"on {device}: the largest difference is {worst:.3f} of what is allowed")
    sys.exit(not worst <= 1)


if __name__ == "__main__":
    main()
