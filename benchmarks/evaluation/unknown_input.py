"""Which out-of-distribution score tells scribbles from digits best, on the bundled model.

    python -m benchmarks.evaluation.unknown_input

Prints one JSON object: for each score and group of strange input the AUROC against the frozen base
test set, and the share answered with "not sure" at the threshold that keeps 95 % of that set.
"""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw

import odt_core as odt
from odt_core.bundled import bundled_models
from odt_core.evaluation import Strangeness, auroc, fit_unknown

COUNT = 200  # pictures a group
SIDE = 224  # pixels of the sheet

Stroke = list[tuple[float, float]]

# Symbols that are no digits, as strokes in a unit square; "I", "O", "S" and the like are left out.
SYMBOLS: tuple[list[Stroke], ...] = (
    [[(0, 1), (0.5, 0), (1, 1)], [(0.2, 0.6), (0.8, 0.6)]],  # A
    [[(1, 0), (0, 0), (0, 1), (1, 1)], [(0, 0.5), (0.8, 0.5)]],  # E
    [[(1, 0), (0, 0), (0, 1)], [(0, 0.5), (0.8, 0.5)]],  # F
    [[(0, 0), (0, 1)], [(1, 0), (1, 1)], [(0, 0.5), (1, 0.5)]],  # H
    [[(0, 0), (0, 1)], [(1, 0), (0, 0.5), (1, 1)]],  # K
    [[(0, 1), (0, 0), (0.5, 0.6), (1, 0), (1, 1)]],  # M
    [[(0, 1), (0, 0), (1, 1), (1, 0)]],  # N
    [[(0, 1), (0, 0), (0.8, 0.1), (0.8, 0.4), (0, 0.5), (1, 1)]],  # R
    [[(0, 0), (1, 0)], [(0.5, 0), (0.5, 1)]],  # T
    [[(0, 0), (0.5, 1), (1, 0)]],  # V
    [[(0, 0), (0.25, 1), (0.5, 0.3), (0.75, 1), (1, 0)]],  # W
    [[(0, 0), (1, 1)], [(1, 0), (0, 1)]],  # X
    [[(0, 0), (0.5, 0.5), (1, 0)], [(0.5, 0.5), (0.5, 1)]],  # Y
    [[(0.5, 1), (0, 0.4), (0.1, 0), (0.5, 0.25), (0.9, 0), (1, 0.4), (0.5, 1)]],  # heart
    [[(0.2, 1), (0.5, 0), (0.8, 1), (0, 0.4), (1, 0.4), (0.2, 1)]],  # star
    [[(0, 1), (0.5, 0), (1, 1), (0, 1)]],  # triangle
    [[(0, 1), (0, 0.4), (0.5, 0), (1, 0.4), (1, 1), (0, 1)]],  # house
    [[(0.5, 0), (0.5, 1)], [(0, 0.5), (1, 0.5)]],  # plus
)


def drawn(strokes: list[Stroke], width: int) -> np.ndarray:
    """uint8 [SIDE, SIDE], black on white; strokes in pixels."""
    image = Image.new("L", (SIDE, SIDE), 255)
    pen = ImageDraw.Draw(image)
    for stroke in strokes:
        pen.line(stroke, fill=0, width=width, joint="curve")
    return np.asarray(image)


def zigzag(rng: np.random.Generator) -> np.ndarray:
    points = rng.uniform(30, SIDE - 30, (rng.integers(8, 30), 2))
    return drawn([[(x, y) for x, y in points]], int(rng.integers(4, 10)))


def loops(rng: np.random.Generator) -> np.ndarray:
    t = np.linspace(0, rng.uniform(6, 30), 300)
    a, phase = rng.uniform(0.5, 3, 4), rng.uniform(0, 6, 4)
    x = 112 + 70 * np.sin(a[0] * t + phase[0]) * np.cos(a[1] * t / 3 + phase[1])
    y = 112 + 70 * np.sin(a[2] * t + phase[2]) * np.cos(a[3] * t / 3 + phase[3])
    return drawn([list(zip(x, y, strict=True))], int(rng.integers(4, 10)))


def symbol(rng: np.random.Generator) -> np.ndarray:
    strokes, scale = SYMBOLS[rng.integers(len(SYMBOLS))], rng.uniform(90, 140)
    shaken = [
        [(40 + scale * (x + dx), 40 + scale * (y + dy)) for (x, y), (dx, dy) in zip(s, d)]  # noqa: B905
        for s, d in ((s, rng.normal(0, 0.03, (len(s), 2))) for s in strokes)
    ]
    return drawn(shaken, int(rng.integers(6, 14)))


def noise(rng: np.random.Generator) -> np.ndarray:
    return rng.integers(0, 256, (SIDE, SIDE), np.uint8)


GROUPS: dict[str, Callable[[np.random.Generator], np.ndarray]] = {
    "zigzag scribbles": zigzag,
    "loops": loops,
    "letters and symbols": symbol,
    "pixel noise": noise,
}


def main() -> None:
    model = odt.load_model(bundled_models()[0])
    session, used = model.session(), model.labels.used
    known = model.card.load_base_test()
    assert known is not None
    inside = session.infer(known.x)
    outside = {}
    for name, draw in GROUPS.items():
        rng = np.random.default_rng(0)
        pictures = [model.preprocessing.apply(draw(rng)) for _ in range(COUNT)]
        outside[name] = session.infer(np.stack(pictures))
    blank = session.infer(np.zeros((1, *model.contract.input_shape), np.float32))
    result: dict[str, object] = {"known": len(known), "strange": COUNT}
    for method in Strangeness:
        unknown = fit_unknown(inside, method=method, used=used)
        figures = {
            name: {
                "auroc": round(auroc(unknown.score(inside), unknown.score(scores)), 3),
                "not sure": float(unknown.is_unknown(scores).mean()),
            }
            for name, scores in outside.items()
        }
        mean = float(np.mean([figure["auroc"] for figure in figures.values()]))
        result[method.value] = {
            **figures,
            "mean auroc": round(mean, 3),
            "empty sheet is not sure": bool(unknown.is_unknown(blank)[0]),
        }
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
