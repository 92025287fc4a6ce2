"""Whether a converted model says what its SavedModel says, on numbers drawn for the purpose.

TensorFlow's converter (2.21) drops ops without a word: a ReLU after a product of variables that has
no bias, for one. Which ops stand how far apart by then only the converter knows; the answers tell.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from odt_core.authoring.backend import tf
from odt_core.graph import ModelDescription, SignatureDescription

# Of the largest number: float32 sums in another order differ by a hundredth of it.
TOLERANCE = 1e-3
_LARGEST = float(np.finfo(np.float32).max)  # which the converter writes for inf
_BATCH, _OPEN = 2, 32  # what open sizes are: of the first axis, and of the others
_Arrays = dict[str, np.ndarray]


class Agreement(NamedTuple):
    """answers: of signatures that change nothing, such as infer. results: of those that do, such as
    the loss of a train step, which may be drawn otherwise where there is dropout. What cannot be
    compared, agrees. limits: no ReLU is missing of which a name is left; the answers may be the
    same without it, and the gradients not.
    """

    answers: bool
    results: bool
    limits: bool = True


def agreement_of(data: bytes, about: ModelDescription, loaded: Any) -> Agreement:
    """What a lowered .tflite and its SavedModel, as loaded, agree in, each signature asked once:
    those that train change the latter.

    about: what `describe` says of `data`.
    """
    interpreter = Interpreter(model_content=data, num_threads=1)
    known = [one for one in about.signatures if one.name in loaded.signatures]
    changing = [one for one in known if one.assigns]  # last: others answer as it was saved
    return Agreement(
        answers=all(_agrees(one, loaded, interpreter) for one in known if not one.assigns),
        results=all(_agrees(one, loaded, interpreter) for one in changing),
        limits=not about.lost,
    )


def _agrees(about: SignatureDescription, loaded: Any, interpreter: Interpreter) -> bool:
    function = loaded.signatures[about.name]
    feeds = _feeds(function.structured_input_signature[1])
    if feeds is None:
        return True

    def original() -> _Arrays:
        said = function(**{name: tf.constant(value) for name, value in feeds.items()})
        return {name: value.numpy() for name, value in said.items()}

    expected = _tried(original)
    if expected is None or (not about.assigns and not _same(expected, _tried(original))):
        return True  # it takes no such numbers, or never says the same twice
    return _same(expected, _tried(lambda: interpreter.get_signature_runner(about.name)(**feeds)))


def _feeds(specs: Mapping[str, Any]) -> _Arrays | None:
    """Numbers for each input; None where there are no inputs, or others than numbers."""
    draw, feeds = np.random.default_rng(0), {}
    for name, spec in sorted(specs.items()):
        if spec.shape.rank is None or not (spec.dtype.is_floating or spec.dtype.is_integer):
            return None
        sizes = [size or (_OPEN if axis else _BATCH) for axis, size in enumerate(spec.shape)]
        values = draw.normal(size=sizes) if spec.dtype.is_floating else np.zeros(sizes)
        feeds[name] = values.astype(spec.dtype.as_numpy_dtype)
    return feeds or None


def _tried(run: Callable[[], _Arrays]) -> _Arrays | None:
    try:
        return run()
    except (ValueError, RuntimeError, tf.errors.OpError):
        return None


def _same(expected: _Arrays, given: _Arrays | None) -> bool:
    return given is not None and all(
        name in given and _near(value, given[name]) for name, value in expected.items()
    )


def _near(expected: np.ndarray, given: np.ndarray) -> bool:
    if expected.dtype.kind != "f":
        return expected.shape == given.shape
    expected, given = np.clip(expected, -_LARGEST, _LARGEST), np.clip(given, -_LARGEST, _LARGEST)
    sizes = np.abs(expected)
    most = TOLERANCE * float(sizes[sizes < _LARGEST].max(initial=1e-2))
    return expected.shape == given.shape and np.allclose(
        given, expected, rtol=0, atol=most, equal_nan=True
    )
