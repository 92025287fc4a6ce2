"""One model on one runtime, in that runtime's environment: python replay.py FOLDER/NAME.

Numpy and the interpreter only. Prints as JSON how far losses, predictions and the predictions of
the file for inference alone are from what NAME.json holds.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import compress
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).parents[1] / "oracle"))

from drill import Drill, Run, relative

try:
    from ai_edge_litert.interpreter import Interpreter
except ImportError:  # as the package was called before
    from tflite_runtime.interpreter import Interpreter


def runner(interpreter: Interpreter) -> Run:
    """Calls the signatures of a file."""

    def run(signature: str, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        found = interpreter.get_signature_runner(signature)(**inputs)
        return {name: np.array(value) for name, value in found.items()}

    return run


def differences(model: Path) -> dict[str, float]:
    """By what was compared, the largest difference, relative to the largest magnitude expected."""
    expected = json.loads(model.with_suffix(".json").read_text())
    drill = Drill.from_json(expected["drill"])
    run = runner(Interpreter(str(model.with_suffix(".tflite")), num_threads=1))
    drill.prepare(run)
    found = {
        "losses": relative(drill.losses(run), expected["losses"]),
        "predictions": _all(drill.outputs(run), expected["outputs"]),
    }
    path = model.with_suffix(".small.tflite")
    if path.exists():
        small = Interpreter(str(path), num_threads=1)
        kept = [call.signature in small.get_signature_list() for call in drill.infer]
        drill = replace(drill, infer=tuple(compress(drill.infer, kept)))
        outputs = compress(expected["outputs"], kept)
        found["inference only"] = _all(drill.outputs(runner(small)), outputs)
    return found


def _all(given: Iterable[object], expected: Iterable[object]) -> float:
    return max(map(relative, given, expected), default=0.0)


if __name__ == "__main__":
    print(json.dumps(differences(Path(sys.argv[1]))))
