"""Inputs of a model that does not see pictures: numbers that are typed, or a sample of a file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import streamlit as st

from odt_core.dialects.contract import Task
from odt_core.samples import RawSamples, Subset, check_ids, read_samples
from odt_core.samples.windows import window_of
from pages.ui import pieces
from pages.ui.desk import Desk
from pages.ui.model_words import asked_numbers
from pages.ui.numbers import MOST, figure, parts_as_text, typed
from pages.ui.previews import series_uri
from pages.ui.say import count, plain
from pages.ui.uploads import contents

_READ = "numbers_read"  # what was read last
_MOST_KEPT = 2**22  # bytes of samples that are kept of a file; of a larger one only that in use


@dataclass(frozen=True)
class _Read:
    """Samples of a file, from one on."""

    of: object  # equal for the same file, read for the same model
    count: int  # samples in the file
    first: int  # which of them is the first of these
    samples: RawSamples


def can_type(desk: Desk) -> bool:
    """Whether an input has few enough numbers."""
    return int(np.prod(desk.card.input_shape)) <= MOST


def typed_numbers(desk: Desk, key: str) -> np.ndarray | None:
    """A text field and the input in it; SampleError while that is none."""
    text = st.text_area(plain(asked_numbers(desk)), key=key, height=90)
    return typed_input(desk, text, "The input") if text.strip() else None


def typed_input(desk: Desk, text: str, what: str) -> np.ndarray:
    """Typed numbers as an input of the model; SampleError where they are none. what: which, as in
    "The sample".
    """
    item = typed(text, desk.card.input_shape, what)
    _check_ids(desk, item, what)
    return item


def numbers_from_file(
    desk: Desk, key: str, row_key: str
) -> tuple[np.ndarray, np.ndarray | None] | None:
    """A sample of a table, a sound or arrays, and its target where the file says it."""
    file = st.file_uploader("A table, a sound or arrays", key=key, label_visibility="collapsed")
    if file is None:
        st.session_state.pop(_READ, None)
        return None
    read, at = _read(desk, file, st.session_state.get(row_key) or 1)
    if read.count > 1:
        asked = st.number_input(
            f"Which of the {count(read.count, 'sample')}", 1, read.count, key=row_key
        )
        read, at = _read(desk, file, asked)
    raw = read.samples
    target = fitting_target(desk, raw.targets[at] if raw.targets else None)
    item = raw.items[at].astype(np.float32)
    _check_ids(desk, item, raw.names[at] or "The sample")
    said = [f"By the file its label is '{raw.labels[at]}'."] if raw.labels[at] else []
    if said or raw.notice:
        pieces.note(" ".join([*said, raw.notice]).strip())
    return item, target


def _check_ids(desk: Desk, item: np.ndarray, name: str) -> None:
    check_ids(RawSamples((item,), ("",), (name,)), desk.contract.ids)


def _read(desk: Desk, file: Any, row: float) -> tuple[_Read, int]:
    """What a file holds, and the place in that of the sample asked for, from 1, or the nearest: the
    browser's word alone is not enough.
    """
    contract = desk.contract
    form = {
        "input_shape": desk.card.input_shape,
        "target_shape": contract.target_shape if desk.task is Task.VALUES else None,
        "inputs": contract.input_sizes,
    }
    of = (file.file_id, form)
    known: _Read | None = st.session_state.get(_READ)
    if known is not None and known.of == of:
        at = _place(row, known.count) - known.first
        if 0 <= at < len(known.samples):
            return known, at
    name, data = contents(file)
    raw = read_samples(data, name, **form, subset=Subset.BOTH)
    at = _place(row, len(raw))
    whole = sum(item.nbytes for item in raw.items) <= _MOST_KEPT
    read = _Read(of, len(raw), 0, raw) if whole else _Read(of, len(raw), at, _alone(raw, at))
    st.session_state[_READ] = read
    return read, at - read.first


def _place(row: float, most: int) -> int:
    return min(max(int(row), 1), most) - 1


def _alone(raw: RawSamples, at: int) -> RawSamples:
    """One of them, which keeps none of the others in memory."""
    one = raw.take([at])
    targets = tuple(None if target is None else target.copy() for target in one.targets)
    return replace(one, items=tuple(item.copy() for item in one.items), targets=targets)


def show_numbers(desk: Desk, item: np.ndarray) -> None:
    """The input as a curve, and in figures."""
    if window_of(item.shape) is None or desk.contract.sample_inputs:
        said = parts_as_text(item, desk.contract.input_sizes, 12)
    else:
        sizes = " × ".join(f"{size:,}" for size in item.shape)
        said = f"{sizes} values from {figure(float(item.min()))} to {figure(float(item.max()))}"
    pieces.pictures([("", series_uri(item), said)])


def fitting_target(desk: Desk, target: np.ndarray | None) -> np.ndarray | None:
    """The target, where this model could answer it."""
    if target is None or desk.task is not Task.VALUES:
        return None
    shape = desk.contract.target_shape
    return target.reshape(shape) if target.size == int(np.prod(shape)) else None
