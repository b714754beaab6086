#!/usr/bin/env python3
"""Turns a published EDM checkpoint (.pkl) into a model folder: config.json and model.safetensors.

EDM's checkpoints are Python pickles of the networks themselves: reading one runs the code inside it, so this tool belongs where
you trust the file, with PyTorch and NVlabs' EDM code (github.com/NVlabs/edm: its folders dnnlib and torch_utils must be importable):

    git clone https://github.com/NVlabs/edm
    python convert_edm.py --edm edm edm-imagenet-64x64-cond-adm.pkl imagenet-64

The folder then loads by its path: ./noisetrail generate --model imagenet-64 ...

To check a conversion, --check N also writes check.safetensors: N random x at random sigma with what the original network makes
of them. `./noisetrail denoise --model imagenet-64 --in imagenet-64/check.safetensors --out d.safetensors` should agree with its
tensor `expected` within 1e-4 of the norm.

Nothing is downloaded, and the safetensors package is not needed.
"""

import argparse
import json
import os
import pickle
import struct
import sys
import uuid

# EDMPrecond's and its networks' keyword arguments that decide the architecture; what only training reads is left out.
KEYS = {
    "DhariwalUNet": ("augment_dim", "model_channels", "channel_mult", "channel_mult_emb", "num_blocks", "attn_resolutions"),
    "SongUNet": (
        "augment_dim", "model_channels", "channel_mult", "channel_mult_emb", "num_blocks", "attn_resolutions",
        "embedding_type", "channel_mult_noise", "encoder_type", "decoder_type", "resample_filter",
    ),
}

DTYPES = {"float32": "F32", "float16": "F16", "bfloat16": "BF16", "float64": "F64", "int64": "I64", "int32": "I32", "uint8": "U8"}
SIZES = {"F32": 4, "F16": 2, "BF16": 2, "F64": 8, "I64": 8, "I32": 4, "U8": 1}


class ConversionError(Exception):
    """A fact the user should read, without a traceback."""


def config_of(network, provenance):
    """config.json's content for an unpickled EDMPrecond (anything with its attributes and init_kwargs)."""
    kind = type(network).__name__
    if kind != "EDMPrecond":
        raise ConversionError(f"the pickle holds a {kind}; only EDMPrecond (EDM's own preconditioning) can be converted")
    model = network.model
    model_type = type(model).__name__
    if model_type not in KEYS:
        raise ConversionError(f"the network is a {model_type}; known are {', '.join(KEYS)}")
    config = {
        "preconditioning": kind,
        "sigma_data": float(network.sigma_data),
        "img_resolution": int(network.img_resolution),
        "img_channels": int(network.img_channels),
        "label_dim": int(network.label_dim),
        "model_type": model_type,
    }
    arguments = dict(getattr(network, "init_kwargs", {}) or {})
    arguments.update(getattr(model, "init_kwargs", {}) or {})
    for key in KEYS[model_type]:
        if key in arguments:
            value = arguments[key]
            config[key] = [int(v) for v in value] if isinstance(value, (list, tuple)) else value
    if provenance:
        config["provenance"] = provenance
    return config


def write_whole(path, write):
    """Calls write(file) on a file beside path, then moves it there: path appears whole or not at all."""
    folder = os.path.dirname(os.path.abspath(path))
    temporary = os.path.join(folder, "." + uuid.uuid4().hex + ".tmp")
    # Not tempfile's: those are for nobody else to read, whatever the umask.
    handle = open(temporary, "xb")
    try:
        with handle as file:
            write(file)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def write_safetensors(path, tensors):
    """Writes {name: (dtype, shape, bytes or a function that returns them)}."""
    # Wide types first, so that each tensor lies on a multiple of its element's size.
    order = sorted(tensors.items(), key=lambda item: (-SIZES[item[1][0]], item[0]))
    header, offset = {}, 0
    for name, (dtype, shape, _) in order:
        size = SIZES[dtype]
        for dimension in shape:
            size *= dimension
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header, separators=(",", ":")).encode("utf-8")
    text += b" " * (-len(text) % 8)

    def write(file):
        file.write(struct.pack("<Q", len(text)))
        file.write(text)
        for name, (_, _, data) in order:
            content = data() if callable(data) else data
            begin, end = header[name]["data_offsets"]
            if len(content) != end - begin:
                raise ConversionError(f"tensor {name} has {len(content)} bytes, its shape needs {end - begin}")
            file.write(content)

    write_whole(path, write)


def entry(tensor):
    """(dtype, shape, bytes) of a torch tensor."""
    dtype = str(tensor.dtype).removeprefix("torch.")
    if dtype not in DTYPES:
        raise ConversionError(f"tensors of {dtype} cannot be written")

    def data():
        import torch

        flat = tensor.detach().cpu().contiguous().reshape(-1)
        return flat.view(torch.uint8).numpy().tobytes() if flat.numel() else b""

    return DTYPES[dtype], tuple(tensor.shape), data


def write_folder(network, folder, provenance=""):
    config = config_of(network, provenance)
    tensors = {name: entry(tensor) for name, tensor in network.state_dict().items()}
    os.makedirs(folder, exist_ok=True)
    write_safetensors(os.path.join(folder, "model.safetensors"), tensors)
    text = json.dumps(config, indent=1).encode("utf-8") + b"\n"
    write_whole(os.path.join(folder, "config.json"), lambda file: file.write(text))
    return config, len(tensors)


def write_check(network, folder, count, seed):
    import torch

    generator = torch.Generator().manual_seed(seed)
    shape = (count, network.img_channels, network.img_resolution, network.img_resolution)
    sigma = torch.exp(torch.randn(count, generator=generator) * 1.2 - 1.2)
    x = torch.randn(shape, generator=generator) * (0.25 + sigma**2).sqrt().reshape(-1, 1, 1, 1)
    tensors = {"x": x, "sigma": sigma}
    labels = None
    if network.label_dim:
        index = torch.randint(network.label_dim, (count,), generator=generator)
        labels = torch.nn.functional.one_hot(index, network.label_dim).to(torch.float32)
        tensors["class_labels"] = labels
    with torch.no_grad():
        tensors["expected"] = network(x, sigma, labels, force_fp32=True)
    write_safetensors(os.path.join(folder, "check.safetensors"), {name: entry(tensor) for name, tensor in tensors.items()})


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pickle", help="the published .pkl file")
    parser.add_argument("folder", help="the folder to write")
    parser.add_argument("--edm", metavar="DIR", help="a clone of NVlabs' EDM code, if it is not on PYTHONPATH")
    parser.add_argument("--provenance", default="", help="a line for config.json: where the checkpoint comes from, its licence")
    parser.add_argument("--check", type=int, default=0, metavar="N", help="also write check.safetensors with N denoised samples")
    parser.add_argument("--seed", type=int, default=0, help="of --check's samples (default 0)")
    options = parser.parse_args(arguments)
    if options.edm:
        sys.path.insert(0, options.edm)
    try:
        import torch  # noqa: F401  (the pickle needs it)
    except ImportError:
        print("convert_edm: needs PyTorch: run it where `python -c 'import torch'` works", file=sys.stderr)
        return 1
    try:
        with open(options.pickle, "rb") as file:
            content = pickle.load(file)
        network = content["ema"] if isinstance(content, dict) else content
        network = network.eval().to("cpu").to(torch.float32)
        config, count = write_folder(network, options.folder, options.provenance)
        if options.check:
            write_check(network, options.folder, options.check, options.seed)
    except ModuleNotFoundError as error:
        print(f"convert_edm: {error}: give the EDM code with --edm DIR", file=sys.stderr)
        return 1
    except (ConversionError, OSError, pickle.UnpicklingError, KeyError) as error:
        print(f"convert_edm: {error}", file=sys.stderr)
        return 1
    print(f"{options.folder}: {config['model_type']}, {count} tensors, {config['img_channels']}x{config['img_resolution']}"
          f"x{config['img_resolution']}, {config['label_dim']} classes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
