"""Every model that odt rewrites, on runtimes that phones still have: python -m tests.runtimes.

Trains the models of the oracle's drills and the bundled ones in today's LiteRT, has each older
runtime in `.runtimes/` do the same by the files alone, and names what fails or differs although
odt says that the model runs there. See README.md.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from drill import Call, Drill, Feed, Problem

from odt_core import OdtError, bake, load_model
from odt_core.bundled import bundled_models
from odt_core.graph.runtime_table import LITERT
from odt_core.runtime import Model
from tests.graph.test_graph_oracle import ALL, runner

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
ENVIRONMENTS = ROOT / ".runtimes"
WORK = ROOT / "build" / "runtimes"
TOLERANCE = 5e-3  # that of the oracle's weights: rounding grows over thirty steps
SECONDS = 120  # for one model
# Faults of a runtime's own, which the ones before and after it have not: README.md says what.
KNOWN = {
    "litert-1.0.1": frozenset({"federated_keras2"}),
    "litert-1.3.0": frozenset({"conditions_module", "mlp_accumulated_keras3"}),
}


def drills() -> Iterator[tuple[Model, Drill]]:
    """The models, lowered, with what is done with them."""
    for name, recording in ALL.items():
        drill = recording.drill
        if not (drill.expect or drill.random or drill.start):
            yield recording.model.with_name(name), drill
    for path in bundled_models():
        model = load_model(path)
        yield model.with_name(path.stem), _drill_of(model)


def _drill_of(model: Model) -> Drill:
    contract = model.contract
    train, infer, extract = contract.train[0], contract.infer, contract.extract
    samples = Feed("samples")
    x = Feed("bottleneck") if extract else samples
    step = Call(train.signature, {train.samples: x, train.labels: Feed("one hot")}, train.loss, 8)
    return Drill(
        Problem("classes", contract.input_shape, contract.outputs),
        (step,),
        (Call(infer.signature, {infer.samples: samples}, infer.prediction, 6),),
        extract=extract
        and Call(extract.signature, {extract.samples: samples}, extract.features, 8),
    )


def write(model: Model, drill: Drill) -> None:
    """The model's files, and what today's LiteRT makes of them."""
    session = model.session()
    run = runner(session)
    drill.prepare(run)
    losses = drill.losses(run)
    expected = {
        "drill": drill.to_json(),
        "losses": losses,
        "outputs": [array.tolist() for array in drill.outputs(run)],
        "tflite": model.description.runtime,
    }
    stem = WORK / model.name
    stem.with_suffix(".json").write_text(json.dumps(expected))
    stem.with_suffix(".tflite").write_bytes(model.data)
    with suppress(OdtError):  # models that do not predict have none
        small = bake(model.data, session.state(), inference_only=True)
        stem.with_suffix(".small.tflite").write_bytes(small)


def replayed(runtime: str, name: str) -> str:
    """What is wrong with a model there; nothing where all is as it should be."""
    command = [ENVIRONMENTS / runtime / "bin" / "python", HERE / "replay.py", WORK / name]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return f"took more than {SECONDS} s"
    if done.returncode:
        return (done.stderr.strip().splitlines() or [f"ended with {done.returncode}"])[-1]
    found = json.loads(done.stdout)
    return ", ".join(f"{what} by {by:.1e}" for what, by in found.items() if by > TOLERANCE)


def is_promised(runtime: str, first: tuple[int, ...]) -> bool:
    """Whether odt says that what needs this TensorFlow Lite runs there."""
    package, version = runtime.split("-")
    needed = (
        first if package == "tflite" else _numbers(LITERT[min(r for r in LITERT if r >= first)])
    )
    return _numbers(version) >= needed


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def main() -> int:
    """How many models are otherwise than odt says."""
    shutil.rmtree(WORK, ignore_errors=True)  # a file of before is of no model of today
    WORK.mkdir(parents=True)
    names = []
    for model, drill in drills():
        write(model, drill)
        names.append(model.name)
    wrong = 0
    for runtime in sorted(path.name for path in ENVIRONMENTS.iterdir() if path.is_dir()):
        right = 0
        for name in names:
            first = tuple(json.loads((WORK / f"{name}.json").read_text())["tflite"])
            fault = replayed(runtime, name)
            if not fault:
                right += 1
            elif is_promised(runtime, first):
                known = name in KNOWN.get(runtime, ())
                wrong += not known
                print(f"{runtime}: {name}: {fault}{' (known)' if known else ''}", flush=True)
        print(f"{runtime}: {right} of {len(names)} as in today's LiteRT", flush=True)
    return wrong


if __name__ == "__main__":
    sys.exit(min(main(), 1))
