"""SavedModel to .tflite: converted, freed of Flex ops, and checked against where it came from."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from odt_core.authoring.agreement import Agreement, agreement_of
from odt_core.authoring.backend import tf
from odt_core.baking.baked import bake
from odt_core.errors import AuthoringError, LoweringError, line_of
from odt_core.files import is_file
from odt_core.graph import GET_STATE, ModelDescription, describe, lower
from odt_core.graph.freezing.initial import initial_values
from odt_core.kinds import path_of

_OPS = re.compile(r"(?:Flex|Custom) ops:\s*([^\n]*)")
_WRONG = re.compile(r"error: (.*)")
_PLACE = re.compile(r'loc\(.*?"(\w+):", "([^"@]+).*?\): (.*)')  # op, its node, why


def convert_saved_model(saved_model_dir: str | Path) -> bytes:
    """The .tflite of a SavedModel, with all its signatures, running on plain LiteRT.

    Weights start as the SavedModel has them: the converter loses those that belong to a Keras 3
    model in it. Checked before it is returned: no Flex op is left, its signatures answer as the
    SavedModel's do, and what its signature `parameters` (where there is one) returns in a fresh
    interpreter equals what the SavedModel's returns.
    Raises AuthoringError when the SavedModel cannot be read or converted, naming the op that is in
    the way, or when the converted model does not hold the weights or answers otherwise.
    """
    lowered = convert(saved_model_dir).lowered
    _check_parameters(lowered, saved_model_dir)
    return lowered


class Converted(NamedTuple):
    """flex: as TensorFlow's converter makes it, Flex ops and all; phones run it with the
    Select-TF-ops library, no current Python runtime does. lowered: without Flex ops, and with all
    of the SavedModel's values. about: what `describe` says of it, as parsing it again takes seconds
    for a large model.
    """

    flex: bytes
    lowered: bytes
    about: ModelDescription


def convert(saved_model_dir: str | Path, *, must_lower: bool = True) -> Converted:
    """The .tflite of a SavedModel, which says what that says.

    Where the converter changes what the model computes, products are unfolded, which keeps it from
    that; a step of such a model is slower. must_lower: AuthoringError where a signature has no
    lowered form, too; else the lowered one lacks it. AuthoringError as `convert_saved_model`.
    """
    directory = path_of(saved_model_dir, "A SavedModel comes as its folder's path", AuthoringError)
    if not is_file(directory / "saved_model.pb", AuthoringError):
        raise AuthoringError(
            f"{directory} holds no SavedModel (no saved_model.pb). Write one with save_model first."
        )
    found: list[tuple[Agreement, Converted]] = []
    for unfold in (False, True):
        loaded = _loaded(directory)  # anew, since the steps that are compared change it
        converter = _converter(directory, list(loaded.signatures))
        converter.unfold_batchmatmul = unfold
        flex = run_converter(converter)
        runs = lower_converted(flex, must_lower=must_lower)
        lowered, about = _with_lost_values(*runs, loaded)
        _check_initial(about)
        with _quiet():
            agreement = agreement_of(lowered, about, loaded)
        found.append((agreement, Converted(flex, lowered, about)))
        if all(found[-1][0]):
            break
    agreement, converted = max(found, key=lambda one: one[0])
    if not agreement.answers:
        raise AuthoringError(
            "TensorFlow's converter changed this model: the file answers differently. Give the "
            "layers around its activations a bias."
        )
    return converted


def _loaded(directory: Path) -> Any:
    """A SavedModel with at least one signature."""
    with _reading(directory):
        loaded = tf.saved_model.load(str(directory))
    if not loaded.signatures:
        raise AuthoringError(
            f"The SavedModel in {directory} has no signatures. Name them as you save it: "
            "tf.saved_model.save(module, folder, signatures={'train': module.train, …})."
        )
    return loaded


def _converter(directory: Path, names: list[str]) -> Any:
    """TensorFlow's converter for all signatures of a SavedModel."""
    with _reading(directory):
        converter = tf.lite.TFLiteConverter.from_saved_model(str(directory), names[:1])
    # given them all, it would leave out all others where one is called "serve"
    converter._saved_model_exported_names = names
    return converter


@contextmanager
def _reading(directory: Path) -> Iterator[None]:
    """AuthoringError for a SavedModel that TensorFlow cannot read."""
    try:
        yield
    except Exception as error:  # TensorFlow raises whatever the files' content leads it to
        raise AuthoringError(
            f"TensorFlow cannot read the SavedModel in {directory} "
            f"({line_of(error).rstrip('.')[:200]}). Save it again."
        ) from error


def run_converter(converter: Any) -> bytes:
    """Runs TensorFlow's converter on builtin ops and on TensorFlow's own, to be lowered.

    Raises AuthoringError naming what stood in the way.
    """
    sets = tf.lite.OpsSet
    converter.target_spec.supported_ops = [sets.TFLITE_BUILTINS, sets.SELECT_TF_OPS]
    converter.allow_custom_ops = True  # lowering knows some ops that Flex does not
    converter.experimental_enable_resource_variables = True
    try:
        with _quiet():
            return bytes(converter.convert())
    except Exception as error:  # the converter raises whatever MLIR reports
        ops = sorted({op.strip() for found in _OPS.findall(str(error)) for op in found.split(",")})
        what = f"the ops {', '.join(ops)}" if ops else _in_the_way(error)
        raise AuthoringError(
            f"TensorFlow's converter cannot turn this model into .tflite: {what}. "
            "Build the model without the layer that needs this."
        ) from error


def _in_the_way(error: Exception) -> str:
    """What the converter's error says last went wrong, and with which op of which layer."""
    lines = _WRONG.findall(str(error))
    place = _PLACE.match(lines[-1]) if lines else None
    if place is None:
        return (lines[-1] if lines else line_of(error, -1))[:300]
    op, node, why = place.groups()
    return f"its op {op} in '{node}' is in the way ({why[:300]})"


def lower_converted(data: bytes, *, must_lower: bool) -> tuple[bytes, ModelDescription]:
    """A converted model without Flex ops, and what `describe` says of it.

    must_lower: AuthoringError naming every op that has no builtin form; else only where no
    signature is left, or an op is none of TensorFlow's.
    """
    try:
        lowered = lower(data)
    except LoweringError as error:
        raise AuthoringError(str(error)) from error
    about = lowered.describe()
    custom = describe(data).custom_ops if lowered.missing else ()
    problems = [one.message for one in lowered.missing if must_lower or one.op in custom]
    if problems:
        raise AuthoringError(" ".join(dict.fromkeys(problems)))
    return lowered.data, about


def _with_lost_values(
    data: bytes, about: ModelDescription, loaded: Any
) -> tuple[bytes, ModelDescription]:
    """The model with the SavedModel's values for variables that the converter left without one,
    where their names tell which is which.
    """
    variables = about.variables
    if all(variable.has_initial_value for variable in variables):
        return data, about
    saved: dict[str, list[Any]] = {}
    for signature in loaded.signatures.values():
        for variable in signature.variables:
            same = saved.setdefault(variable.name.removesuffix(":0"), [])
            if not any(variable is other for other in same):
                same.append(variable)
    state = {name: same[0].numpy() for name, same in saved.items() if len(same) == 1}
    state |= initial_values(data)
    if any(v.name not in state or state[v.name].shape != v.shape for v in variables):
        return data, about
    baked = bake(data, {variable.name: state[variable.name] for variable in variables})
    return baked, describe(baked)


def _check_parameters(data: bytes, saved_model_dir: str | Path) -> None:
    interpreter = Interpreter(model_content=data, num_threads=1)
    signatures = interpreter.get_signature_list()
    if "parameters" not in signatures or signatures["parameters"]["inputs"]:
        return
    loaded = tf.saved_model.load(str(saved_model_dir))
    check_values(
        interpreter.get_signature_runner("parameters")(),
        {name: value.numpy() for name, value in loaded.signatures["parameters"]().items()},
    )


def _check_initial(about: ModelDescription) -> None:
    """Raises AuthoringError when a signature that only reads variables has none to read."""
    empty = {v.name for v in about.variables if not v.has_initial_value}
    for signature in about.signatures:
        lost = sorted(empty.intersection(signature.reads))
        if lost and not signature.assigns and signature.name != GET_STATE:
            raise AuthoringError(
                f"The converted model has lost the initial value of {lost[0]}, which its signature "
                f"'{signature.name}' reads. Hold the weights in tf.Variables of the saved module "
                f"itself, not only in a Keras model."
            )


def state_of(data: bytes, about: ModelDescription) -> dict[str, np.ndarray]:
    """The variables of a lowered model, as described, in a fresh interpreter, by name."""
    interpreter = Interpreter(model_content=data, num_threads=1)
    values = interpreter.get_signature_runner(GET_STATE)()
    return {v.name: values[f"v{k}"] for k, v in enumerate(about.variables)}


def check_values(given: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> None:
    """Raises AuthoringError when a converted model's weights are not those it was made from."""
    for name, value in expected.items():
        if name not in given or not np.array_equal(given[name], value):
            raise AuthoringError(
                f"The converted model has lost the initial value of {name}. Hold the weights in "
                "tf.Variables of the saved module itself, not only in a Keras model."
            )


@contextmanager
def _quiet() -> Iterator[None]:
    """Sends what C++ prints during a conversion (its notes on Flex ops) nowhere."""
    saved, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(nowhere)
