"""What each optimising pass brings: a train step with all passes against one with all but it.

`python -m benchmarks.passes.gains --rounds 9` writes the table of README.md. The steps of all
variants are timed in turns, so that whatever else the machine does hits them alike.
"""

from __future__ import annotations

import time
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np

from odt_core.graph import describe, lower
from odt_core.graph.flatbuffer import read
from odt_core.graph.operators import inputs_of, name_of
from odt_core.graph.passes.optimise import PASSES, Pass
from odt_core.runtime.interpreter import Interpreter

ROOT = Path(__file__).parents[2]
MODELS = (
    ROOT / "assets" / "models" / "digits.tflite",
    ROOT / "assets" / "models" / "photos.tflite",
    ROOT / "tests" / "runtime" / "models" / "tiny_adam.tflite",
    ROOT / "tests" / "models" / "flutter_litert__training_model_flex.tflite",
)
BATCHES = (1, 32)
SLICE = 0.02  # seconds of one variant in a round


def step_of(path: Path, batch: int, passes: tuple[Pass, ...]) -> Callable[[], None]:
    """One train step of a model, lowered with these passes, on the same random batch."""
    data = lower(path.read_bytes(), passes=passes).data
    interpreter = Interpreter(data, 1)
    signature = interpreter.signature("train")
    rng, feeds = np.random.default_rng(0), {}
    for tensor in describe(data).signature("train").inputs:
        shape = [batch if size is None else size for size in tensor.shape]
        feeds[tensor.name] = (rng.random(shape) / 100).astype(tensor.dtype)

    def step(kept: Interpreter = interpreter) -> None:  # a signature alone does not keep it alive
        signature.invoke(feeds)

    return step


def times(steps: list[Callable[[], None]], rounds: int) -> list[list[float]]:
    """Milliseconds of a step, for each variant the fastest of each round."""
    found: list[list[float]] = [[] for _ in steps]
    for step in steps:
        step()
    for _ in range(rounds):
        for step, results in zip(steps, found, strict=True):
            took, end = [], time.perf_counter() + SLICE
            while time.perf_counter() < end or len(took) < 3:
                began = time.perf_counter()
                step()
                took.append(time.perf_counter() - began)
            results.append(1000 * min(took))
    return found


def trainable(path: Path) -> bool:
    """Whether the model's train signature says all but its batch size."""
    signature = describe(lower(path.read_bytes()).data).signature("train")
    return all(None not in tensor.shape[1:] for tensor in signature.inputs)


def operators(path: Path, passes: tuple[Pass, ...]) -> int:
    """How many ops the train signature of a model has."""
    model = read(lower(path.read_bytes(), passes=passes).data)
    (train,) = (s for s in model.signatureDefs if s.signatureKey == b"train")
    ops = model.subgraphs[train.subgraphIndex].operators
    return sum(bool(inputs_of(operator)) and bool(name_of(model, operator)) for operator in ops)


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    print("# What each pass brings\n")
    print(
        "Time of a train step without the pass divided by that with all passes (one thread; median "
        f"[quartiles] of the fastest step in each of {rounds} rounds in turns; above 1: the pass "
        "makes it faster; common subexpressions were shared when the bundled models were built). "
        "Made by `python -m benchmarks.passes.gains`.\n"
    )
    names = [one.name for one in PASSES]
    print("| model | batch | ops, none → all | ms | all passes | " + " | ".join(names) + " |")
    print("|---" * (len(names) + 5) + "|")
    for path in filter(trainable, MODELS):
        for batch in BATCHES:
            variants = [PASSES, (), *(tuple(p for p in PASSES if p is not one) for one in PASSES)]
            best, *others = times([step_of(path, batch, v) for v in variants], rounds)
            cells = []
            for other in others:
                low, middle, high = np.percentile(np.divide(other, best), [25, 50, 75])
                cells.append(f"{middle:.2f} [{low:.2f}–{high:.2f}]")
            counts = f"{operators(path, ())} → {operators(path, PASSES)}"
            row = (path.stem, str(batch), counts, f"{median(best):.3f}", *cells)
            print("| " + " | ".join(row) + " |", flush=True)


if __name__ == "__main__":
    main()
