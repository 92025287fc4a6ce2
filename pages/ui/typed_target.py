"""The target of samples that are added one by one: the field that it is typed into."""

from __future__ import annotations

from math import prod

import numpy as np
import streamlit as st

from odt_core.dialects.contract import Task
from odt_core.errors import SampleError
from pages.ui import pieces
from pages.ui.desk import Desk
from pages.ui.numbers import typed

_TARGET = "samples_target"
_AT_MOST = 64  # numbers


def can_type_target(desk: Desk) -> bool:
    """Whether the model's targets are few enough numbers to type, and no picture."""
    return prod(desk.contract.target_shape) <= _AT_MOST and not desk.answers_pictures


def target_field(desk: Desk) -> None:
    """Draw what the model is to answer for the samples that are added next, if that is said."""
    if desk.task is not Task.VALUES:
        return
    if not can_type_target(desk):
        pieces.note(_in_files(desk))
        return
    size = prod(desk.contract.target_shape)
    st.text_input(
        "Target" if size == 1 else f"{size:,} target values, with commas between",
        key=_TARGET,
        placeholder="what the model should answer",
        width=260,
    )


def typed_targets(desk: Desk, many: int) -> list[np.ndarray | None]:
    """What stands in the field, for so many samples: each float32 [*target_shape]; none for models
    that learn no values. SampleError when it cannot be their target.
    """
    if desk.task is not Task.VALUES:
        return []
    if not can_type_target(desk):
        raise SampleError(_in_files(desk))
    text = str(st.session_state.get(_TARGET, ""))
    target = typed(text, desk.contract.target_shape, "The target")
    check_target(desk, target, "The target")
    return [target] * many


def why_no_target(desk: Desk) -> str:
    """Why what stands in the field is no target, in words; "" where samples can be added."""
    try:
        typed_targets(desk, 1)
    except SampleError as error:
        return str(error)
    return ""


def check_target(desk: Desk, target: np.ndarray, what: str) -> None:
    """SampleError when the model cannot learn a target. what: which, as in "The target"."""
    wrong = desk.contract.why_not_learnt(target)
    if wrong:
        raise SampleError(f"{what} has {wrong}.")


def _in_files(desk: Desk) -> str:
    shape = ", ".join(map(str, desk.contract.target_shape))
    if desk.answers_pictures:
        return (
            "This model learns a picture of each sample, such as a mask. Upload the two together: "
            "NAME_mask.png beside NAME.jpg, or a .zip with folders images and masks; black, or the "
            "darker of two colours, is 0 and white 1, small numbers and the colours of an indexed "
            f"PNG are classes. Or an .npz with x and y [N, {shape}]."
        )
    return (
        f"This model learns {prod(desk.contract.target_shape):,} numbers of each sample, such as a "
        f"mask. Give them in a file: an .npz with x and y [N, {shape}], or a .zip with "
        f"NAME.target.npy beside each sample."
    )
