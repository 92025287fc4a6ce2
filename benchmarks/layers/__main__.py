"""A train step of many kinds of layers, by odt beside TensorFlow: python -m benchmarks.layers.

Every net is authored by odt_core from a Keras model and trained with the same weights on the same
batch by a tf.function. The two run in processes of their own and take turns; the ratio is that of
the medians within a turn, its median and quartiles those over the turns.
"""

from __future__ import annotations

import json
import tempfile
from argparse import ArgumentParser
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from benchmarks.engines.environments import BENCH, Entrant
from benchmarks.engines.team import Engine, settle
from benchmarks.machine import machine


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


class LayersEntrant(Entrant):
    """odt or TensorFlow with one net at a time."""

    def command(self, threads: int) -> list[str]:
        return [str(self.python), "-m", "benchmarks.layers.worker", self.name, str(threads)]


ENTRANTS = (
    LayersEntrant("odt", "odt", None, "odt_core"),
    LayersEntrant("tf_function", "tf.function", None, "tensorflow"),
)


def make(folder: Path, name: str, batch: int) -> bool:
    """The net as .keras and as .tflite, and a batch for it; whether it draws random numbers."""
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
    return any(type(layer).__name__.startswith(("Dropout", "Random")) for layer in model.layers)


def measure(
    engines: list[Engine], name: str, folder: Path, turns: int, seconds: float, *, is_random: bool
) -> Row:
    """Both engines, turn by turn."""
    ours, theirs = (np.array(one.ask("open", folder=str(folder))["losses"]) for one in engines)
    apart = None if is_random else float(np.max(np.abs(ours - theirs) / np.abs(theirs)))
    pairs = np.zeros((turns, len(engines)))
    for turn in range(turns):
        for place in range(len(engines)):
            at = (turn + place) % len(engines)  # so that nobody always follows the other
            settle(engines)
            pairs[turn, at] = engines[at].ask("train", seconds=seconds)["median"]
    low, ratio, high = np.percentile(pairs[:, 0] / pairs[:, 1], [25, 50, 75])
    return Row(name, *np.median(pairs, 0), ratio, low, high, apart)


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
        folders = {name: Path(folder) / str(number) for number, name in enumerate(names)}
        random = {name: make(path, name, args.batch) for name, path in folders.items()}
        engines = [
            Engine(one, args.threads, BENCH / "logs" / f"layers-{one.name}.txt") for one in ENTRANTS
        ]
        for name, path in folders.items():
            row = measure(engines, name, path, args.turns, args.seconds, is_random=random[name])
            rows.append(row)
            apart = "–" if row.apart is None else f"{row.apart:.0e}"
            print(
                f"| {name} | {row.odt:.3g} | {row.tensorflow:.3g} | "
                f"{row.ratio:.2f} [{row.low:.2f}–{row.high:.2f}] | {apart} |",
                flush=True,
            )
        for engine in engines:
            engine.end()
    print(f"\nMedian of the ratios: {np.median([row.ratio for row in rows]):.2f}")
    if args.json:
        document = {"machine": machine(), "rows": [asdict(row) for row in rows]}
        args.json.write_text(json.dumps(document, indent=1))


if __name__ == "__main__":
    main()
