"""Samples of a model with several inputs: which columns or arrays of a file go to which of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from odt_core.errors import SampleError
from odt_core.words import inputs_in_words, some_of

_NUMBER_BACKWARDS = re.compile(r"\W*(\d{1,9})(?!\d)")  # from the end of x_1 or x[1]

Inputs = Mapping[str, int]  # how many of a sample's numbers each takes, in the samples' order


def columns_of(header: Sequence[str], inputs: Inputs, name: str) -> list[int]:
    """The columns of a table that hold a sample's numbers, in their order.

    A column is that of the input whose name it has; of one that takes several numbers each column
    has its name, alone or with a number behind it that says its place: x_1 or x[1]. name: of the
    file, for the SampleError that is raised where they do not all belong to one.
    """
    found: dict[str, dict[int, str]] = {one: {} for one in inputs}
    for at, cell in enumerate(header):
        owner = _owner(cell, inputs)
        if owner is not None:
            found[owner][at] = cell.strip().casefold()[len(owner.casefold()) :]
    wrong = [one for one, places in found.items() if len(places) != inputs[one]]
    if wrong:
        raise SampleError(
            f"'{name}' has {_columns(len(found[wrong[0]]))} named '{wrong[0]}', and this "
            f"model takes {inputs_in_words(inputs)}. Name the columns so, in any order, or leave "
            f"the header out and give them in this order."
        )
    return [at for one, ends in found.items() for at in in_order(ends, f"'{one}'", name)]


def in_order(ends: Mapping[int, str], what: str, name: str) -> list[int]:
    """The columns of one name by the numbers that end theirs, x_2 before x_10; as they stand where
    none has such. ends: column -> its name, or what stands behind the common one.

    One without a number comes first, as pandas has it: x, x.1, x.2. what, name: the columns and the
    file, for the SampleError that is raised where a number comes twice.
    """
    backwards = {at: _NUMBER_BACKWARDS.match(end[::-1]) for at, end in ends.items()}
    numbers = {at: int(found[1][::-1]) for at, found in backwards.items() if found}
    if not numbers:
        return [*ends]
    first = min(numbers.values()) - 1
    places = sorted(ends, key=lambda at: numbers.get(at, first))
    given = [numbers.get(at, first) for at in places]
    if len(set(given)) < len(given):
        raise SampleError(
            f"'{name}' numbers the columns of {what} {some_of(given)}. Give each a number of its "
            "own: that is their order."
        )
    return places


def _columns(count: int) -> str:
    return "no column" if not count else "one column" if count == 1 else f"{count} columns"


def _owner(cell: str, inputs: Inputs) -> str | None:
    text = cell.strip().casefold()
    for one in inputs:
        if text == one.casefold():
            return one
    for one in sorted(inputs, key=len, reverse=True):
        if inputs[one] > 1 and re.fullmatch(rf"{re.escape(one.casefold())}[\W_]*\d+\W*", text):
            return one
    return None


def joined(arrays: Mapping[str, np.ndarray], inputs: Inputs, name: str) -> np.ndarray:
    """[N, M] of the arrays [N, …] of each input, M numbers a sample. SampleError where they do not
    have what their inputs take.
    """
    counts = {len(array) if array.ndim else 0 for array in arrays.values()}
    rows = []
    for one, size in inputs.items():
        array = arrays[one]
        if len(counts) > 1 or not array.ndim or array.size != size * len(array):
            shapes = ", ".join(f"{key} {list(value.shape)}" for key, value in arrays.items())
            raise SampleError(
                f"'{name}' has the arrays {shapes}. This model takes {inputs_in_words(inputs)} of "
                f"each sample: give every array as many samples as the others, of so many numbers."
            )
        rows.append(array.reshape(len(array), size))
    return np.concatenate(rows, axis=1)
