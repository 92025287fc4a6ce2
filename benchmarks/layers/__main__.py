"""A train step of many kinds of layers, by odt beside TensorFlow: python -m benchmarks.layers.

Every net is authored by odt_core from a Keras model and trained with the same weights on the same
batch by a tf.function. The two run in processes of their own and take turns; the ratio is that of
the medians within a turn, its median and quartiles those over the turns.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machine import machine

_WORKER = "benchmarks.layers.worker"
_RANDOM = ("dropout", "flips", "one wide", "movements, convolutions", "LSTM")  # other draws


@dataclass(frozen=True)
class Row:
    """One net. Milliseconds a step, medians over the turns; ratio: odt's to TensorFlow's; apart:
    how far the losses of five steps are apart, relative; None where the net draws random numbers.
    """

    net: str
    odt: float
    tensorflow: float
    ratio: float
    low: float
    high: float
    apart: float | None


class Engine:
    """A worker that trains one net at a time."""

    def __init__(self, name: str, folder: Path, threads: int) -> None:
        command = [sys.executable, "-m", _WORKER, name, str(folder), str(threads)]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def ask(self, order: str) -> Any:
        """What the worker answers. Raises EOFError when it has died."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(order + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise EOFError(f"The worker died of: {order}")
        return json.loads(answer)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


def make(folder: Path, name: str, batch: int) -> None:
    """The net as .keras and as .tflite, and a batch for it."""
    import keras

    from benchmarks.layers.nets import NETS
    from odt_core.authoring import to_trainable_tflite

    keras.utils.set_random_seed(0)
    model = NETS[name]()
    draw = np.random.default_rng(0)
    shape, classes = (batch, *model.input_shape[1:]), model.output_shape[1:]
    if model.inputs[0].dtype == "int32":
        x = draw.integers(0, 3000, shape).astype(np.int32)
    else:
        x = draw.normal(size=shape).astype(np.float32)
    if model.output_shape == model.input_shape:
        loss, y = keras.losses.MeanSquaredError(), x
    else:
        loss = keras.losses.CategoricalCrossentropy(from_logits=True)
        labels = draw.integers(0, classes[-1], (batch, *classes[:-1]))
        y = np.eye(classes[-1], dtype=np.float32)[labels]
    model.compile(keras.optimizers.SGD(0.01), loss)
    folder.mkdir()
    model.save(folder / "model.keras")
    (folder / "model.tflite").write_bytes(to_trainable_tflite(model))
    np.savez(folder / "batch.npz", x=x, y=y)


def measure(engines: list[Engine], name: str, number: int, turns: int, seconds: float) -> Row:
    """Both engines, turn by turn."""
    losses = [np.array(engine.ask(f"net {number}")) for engine in engines]
    apart = float(np.max(np.abs(losses[0] - losses[1]) / np.abs(losses[1])))
    times = np.array([[one.ask(f"turn {seconds}") for one in engines] for _ in range(turns)])
    low, ratio, high = np.percentile(times[:, 0] / times[:, 1], [25, 50, 75])
    ours, theirs = np.median(times, 0)
    is_random = any(part in name for part in _RANDOM)
    return Row(name, ours, theirs, ratio, low, high, None if is_random else apart)


def main() -> None:
    parser = ArgumentParser(prog="python -m benchmarks.layers", description=__doc__)
    parser.add_argument("--turns", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=0.2, help="of a turn (%(default)s)")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--nets", default="", help="those with one of these words in their name")
    parser.add_argument("--json", type=Path, help="write the figures there")
    args = parser.parse_args()
    from benchmarks.layers.nets import NETS

    wanted = [part for part in args.nets.split(",") if part]
    names = [name for name in NETS if not wanted or any(part in name for part in wanted)]
    print(f"{machine()}; batch {args.batch}, threads {args.threads}, {args.turns} turns\n")
    print("| net | odt, ms | tf.function, ms | ratio [quartiles] | losses apart |")
    print("|---|---|---|---|---|")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for number, name in enumerate(names):
            make(Path(folder) / str(number), name, args.batch)
        engines = [Engine(name, Path(folder), args.threads) for name in ("odt", "tf.function")]
        for number, name in enumerate(names):
            row = measure(engines, name, number, args.turns, args.seconds)
            rows.append(row)
            apart = "–" if row.apart is None else f"{row.apart:.0e}"
            print(
                f"| {name} | {row.odt:.3g} | {row.tensorflow:.3g} | "
                f"{row.ratio:.2f} [{row.low:.2f}–{row.high:.2f}] | {apart} |",
                flush=True,
            )
        for engine in engines:
            engine.close()
    print(f"\nMedian of the ratios: {np.median([row.ratio for row in rows]):.2f}")
    if args.json:
        document = {"machine": machine(), "rows": [asdict(row) for row in rows]}
        args.json.write_text(json.dumps(document, indent=1))


if __name__ == "__main__":
    main()
