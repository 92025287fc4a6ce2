"""What is said where a model that tells labels apart is given samples without one."""

from __future__ import annotations

import numpy as np

from odt_core.errors import SampleError
from odt_core.samples.types import RawSamples

CORRECT_FIRST = (
    "correct what it is taken for first: the task is 'values' (choose 'Numbers' under Learns on "
    "the Model page, or say --use task=values)."
)


def check_labelled(raw: RawSamples, outputs: int) -> None:
    """Raise SampleError, with the first of them, where samples have no label. outputs: how many the
    model tells apart.
    """
    bare = [at for at, label in enumerate(raw.labels) if not label.strip()]
    if not bare:
        return
    given = raw.targets or (None,) * len(raw)
    taken = f"this model is taken for one that tells {outputs} labels apart"
    for at in bare:
        said = _no_label(given[at])
        if said:
            raise SampleError(
                f"{raw.names[at]} has {said}, and {taken}. Give each sample one whole number or "
                f"name. If the model learns such numbers, {CORRECT_FIRST}"
            )
    raise SampleError(
        f"{raw.names[bare[0]]} has no label, and {taken}. Give each sample one (the name of its "
        "folder, y of the .npz, the last column of the .csv). If the model learns numbers, correct "
        "what it is taken for first: the task is 'values' (--use task=values)."
    )


def _no_label(target: np.ndarray | None) -> str:
    """What a target is that is no label; "" for one that may be, and for none."""
    if target is None or not target.size:
        return ""
    if target.size > 1:
        return "several numbers for a label, such as several labels that are right at once"
    value = float(target.reshape(-1)[0])
    return "" if value.is_integer() else f"{value:g} for a label"
