"""How long a person waits for the photo model: 10 labels × 20 photos, by a desk and its worker.

    python -m benchmarks.photos.pressing

What is in the photos does not matter for the time: they are noise of 640 × 480 pixels. Features are
computed as the photos arrive; then Train is pressed, and once more after one photo more.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.machine import machine
from odt_core.training.settings import Settings
from odt_core.workspace import Source, Workspaces
from pages.ui.desk import Desk

LABELS, EACH, TIMES = 10, 20, 7


def photo(rng: np.random.Generator) -> np.ndarray:
    """Noise in large blocks, to be decoded and shrunk as a photo is: uint8 [480, 640, 3]."""
    blocks = rng.integers(0, 256, (30, 40, 3), np.uint8)
    return np.kron(blocks, np.ones((16, 16, 1), np.uint8))


def measure(folder: Path) -> dict[str, float]:
    """Seconds by name; of repeated things the median."""
    rng = np.random.default_rng(0)
    workspace = Workspaces(folder).create()
    desk = Desk(workspace)
    desk.choose_bundled("photos")
    settings = Settings(**desk.card.settings)
    for k in range(LABELS):
        label = workspace.add_label(f"thing {k}")
        workspace.add_samples([photo(rng) for _ in range(EACH)], label.id, Source.UPLOAD)
    desk.worker()
    seconds = {
        "all photos made ready, once": _timed(lambda: (desk.near_test(), desk.samples(None)))
    }

    def trained() -> None:
        desk.train(settings)
        assert desk.run is not None
        assert desk.run.wait(120)

    pressed, last = [], []
    for _ in range(TIMES):
        pressed.append(_timed(trained))
        began = time.perf_counter()
        workspace.add_samples([photo(rng)], label.id, Source.UPLOAD)
        desk.near_test()
        trained()
        last.append(time.perf_counter() - began)
    seconds["Train pressed to trained"] = statistics.median(pressed)
    seconds["last photo added to trained"] = statistics.median(last)
    seconds["an epoch"] = statistics.median(pressed) / settings.epochs
    desk.close()
    again = Desk(workspace)
    again.worker()
    seconds["the same photos after a restart"] = _timed(lambda: again.samples(None))
    again.close()
    return seconds


def _timed(do) -> float:
    began = time.perf_counter()
    do()
    return time.perf_counter() - began


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="odt-photos-") as folder:
        seconds = measure(Path(folder))
    print(json.dumps({"machine": machine(), "n": LABELS * EACH, "seconds": seconds}, indent=1))


if __name__ == "__main__":
    main()
