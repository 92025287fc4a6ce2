"""What a person should know of a model's file before using it, in plain words."""

from __future__ import annotations

from collections.abc import Iterator

from odt_core.dialects.signatures import find_initialiser
from odt_core.graph import ModelDescription, SignatureDescription
from odt_core.graph.rules.stateful_random import PREFIX


def notes_of(description: ModelDescription) -> dict[str, list[str]]:
    """What `propose` is told of the file: what is missing, and what else a person should know."""
    # an op that stands in several places is missing for one reason
    missing: dict[tuple[str, str, str], str] = {}
    for one in description.missing:
        missing.setdefault((one.signature, one.op, one.reason), one.message)
    why_not = [*of_no_signatures(description), *missing.values()]
    return {"missing": why_not, "known": list(_known(description))}


def of_no_signatures(description: ModelDescription) -> Iterator[str]:
    """That a file had no signatures when it was converted, and what odt does about it."""
    if description.unsigned:
        yield (
            f"As it was converted, this model had no signatures, like those of Teachable Machine "
            f"and of older converters, so it cannot be trained. odt takes what it computes for one "
            f"that predicts, '{description.signatures[0].name}'. To train it, convert the Keras "
            f"model that it was made from: python -m odt_core build MODEL.keras OUT.tflite."
        )


def _known(description: ModelDescription) -> Iterator[str]:
    """What to know of the values in a file, in plain words."""
    yield from of_quantisation(description)
    for signature in description.signatures:
        yield from _of_idle(signature)
    # odt's own are seeded, whatever the file holds
    theirs = [v for v in description.variables if not v.name.startswith(PREFIX)]
    empty = [v.name for v in theirs if not v.has_initial_value]
    table = {one.name: one for one in description.signatures}
    first = find_initialiser(table)
    if first is not None and set(empty).intersection(table[first].assigns):
        yield (f"The signature '{first}' sets the first weights: odt calls it at the start.")
        empty = [name for name in empty if name not in table[first].assigns]
    if empty:
        yield (
            f"{len(empty)} of {len(theirs)} variables have no initial values in the "
            f"file ('{empty[0]}' for one), as happens when a Keras 3 model is converted directly: "
            f"the converter keeps the values of those variables alone that are attributes of the "
            f"tf.Module itself. Restore a checkpoint first, or convert the model again: its "
            f"SavedModel with odt_core.authoring.convert_saved_model, a Keras file with "
            f"python -m odt_core build MODEL.keras OUT.tflite."
        )
    if description.lost:
        yield (
            f"A ReLU or a limit is missing in this file: a matrix product bears its name "
            f"('{description.lost[0]}'), and none follows. TensorFlow's converter loses it where a "
            f"product of a variable has no bias. The file answers otherwise than the model that it "
            f"was made from, here as on any phone. Convert that model's SavedModel again with "
            f"odt_core.authoring.convert_saved_model, which compares the answers."
        )
    broken = [v.name for v in description.variables if not v.finite]
    if broken:
        yield (
            f"{len(broken)} of {len(description.variables)} variables hold values in the file that "
            f"are not finite numbers ('{broken[0]}' for one). A mask or a lowest loss so far may "
            f"be so; where weights are, its author's training went wrong before it was saved: "
            f"choose another file, or restore a checkpoint first."
        )


def _of_idle(signature: SignatureDescription) -> Iterator[str]:
    """That a signature takes a path and nothing comes of it, as where a Save has been left out."""
    if not signature.ops and any(one.dtype == "string" for one in signature.inputs):
        yield (
            f"The signature '{signature.name}' takes text and does nothing with it. If it is to "
            f"save a checkpoint, its Save was left out, as nothing that it returns waits for that: "
            f"return a tf.identity under tf.control_dependencies([save]), and convert the model "
            f"again."
        )


def of_quantisation(description: ModelDescription) -> Iterator[str]:
    """In which types a file takes, gives and holds numbers, where these are not float32."""
    pairs = zip(("took", "gave"), description.quantised, strict=False)
    ends = [f"{verb} {dtype}" for verb, dtype in pairs if dtype]
    if ends:
        yield (
            f"As it was converted, this model {' and '.join(ends)}; here, and as odt writes it, "
            f"these are the float32 numbers that they stand for."
        )
    for held, used in description.weights:
        kind = ""
        if held != "float16":
            kind = " (dynamic range)" if used == "float32" else " (fully quantised)"
        yield f"This file holds weights as {held} and computes with them as {used}{kind}."
