"""What each optimising pass brings: a train step without it, divided by one with all passes.

`python -m benchmarks.passes` prints the table; `--json FILE` writes the figures. The steps of all
variants take turns in one process, and ratios are taken within a turn, so that whatever else the
machine does hits them alike. mlp, strided, cnn and head are authored by odt_core from Keras; the
others are files as they came.
"""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from benchmarks.machine import machine
from benchmarks.passes.models import model_files
from odt_core.graph import describe
from odt_core.graph.alone import subgraph_of
from odt_core.graph.flatbuffer import read
from odt_core.graph.lowering import lower_with
from odt_core.graph.passes.optimise import PASSES, Pass
from odt_core.runtime.interpreter import Interpreter
from odt_core.runtime.model import shaped_by_data

_TURN = 0.02  # seconds of one variant in a turn


@dataclass(frozen=True)
class Gain:
    """ratio: median and quartiles, over the turns, of the step's time to that with all passes."""

    without: str
    ratio: float
    low: float
    high: float


@dataclass(frozen=True)
class Row:
    """One model at one batch size. ms: a step with all passes, the median over the turns."""

    model: str
    batch: int
    ms: float
    ops: int
    ops_without_passes: int
    gains: tuple[Gain, ...]


def variants() -> dict[str, tuple[Pass, ...]]:
    """What is left out -> the passes that run; nothing is left out of the first."""
    rest = {one.name: tuple(other for other in PASSES if other is not one) for one in PASSES}
    return {"nothing": PASSES, "all": (), **rest}


def measured(name: str, data: bytes, batch: int, turns: int) -> Row:
    """Lower a model once for each variant, and time a train step of each, in turns."""
    lowered = {left_out: lower_with(data, p).data for left_out, p in variants().items()}
    steps = [_step(one, batch) for one in lowered.values()]
    times = np.array([[_best_ms(step) for step in steps] for _ in range(turns + 1)])[1:]
    ratios = times[:, 1:] / times[:, :1]
    low, middle, high = np.percentile(ratios, [25, 50, 75], axis=0)
    gains = zip(list(lowered)[1:], middle.tolist(), low.tolist(), high.tolist(), strict=True)
    return Row(
        name,
        batch,
        float(np.median(times[:, 0])),
        _operators(lowered["nothing"]),
        _operators(lowered["all"]),
        tuple(Gain(*gain) for gain in gains),
    )


def _step(data: bytes, batch: int) -> Callable[[], None]:
    """One train step on a random batch, always the same."""
    interpreter = Interpreter(data, 1, delegates=not shaped_by_data(describe(data)))
    signature = interpreter.signature("train")
    rng, feeds = np.random.default_rng(0), {}
    for key, (dtype, shape) in signature.inputs.items():
        sizes = [batch if size == -1 else size for size in shape]
        feeds[key] = (rng.random(sizes) / 100).astype(dtype)

    def step(kept: Interpreter = interpreter) -> None:  # a signature alone does not keep it alive
        signature.invoke(feeds)

    return step


def _best_ms(step: Callable[[], None]) -> float:
    """The fastest step of a turn: what else the machine does only ever adds."""
    took: list[float] = []
    end = time.perf_counter() + _TURN
    while time.perf_counter() < end or len(took) < 3:
        began = time.perf_counter()
        step()
        took.append(time.perf_counter() - began)
    return 1000 * min(took)


def _operators(data: bytes) -> int:
    """How many ops the train signature has."""
    model = read(data)
    return len(model.subgraphs[subgraph_of(model, "train")].operators)


def _line(row: Row) -> str:
    gains = [f"{gain.ratio:.2f} [{gain.low:.2f}–{gain.high:.2f}]" for gain in row.gains]
    ops = f"{row.ops_without_passes} → {row.ops}"
    return "| " + " | ".join([row.model, str(row.batch), ops, f"{row.ms:.3f}", *gains]) + " |"


def main() -> None:
    parser = ArgumentParser(prog="python -m benchmarks.passes", description=__doc__)
    parser.add_argument("--turns", type=int, default=15)
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 32])
    parser.add_argument("--json", type=Path, help="write the figures here")
    options = parser.parse_args()
    columns = ["model", "batch", "ops", "ms", *[f"without {name}" for name in variants()][1:]]
    print("| " + " | ".join(columns) + " |")
    print("|---" * len(columns) + "|")
    rows = []
    for name, data in model_files().items():
        for batch in options.batches:
            rows.append(measured(name, data, batch, options.turns))
            print(_line(rows[-1]), flush=True)
    if options.json:
        found = {
            "machine": machine() | {"threads": 1},
            "turns": options.turns,
            "rows": [asdict(row) for row in rows],
        }
        options.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
