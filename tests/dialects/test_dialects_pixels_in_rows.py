"""What black and white are to a model that takes a picture's pixels in one row."""

from __future__ import annotations

from dataclasses import replace

import pytest

from odt_core.dialects import Contract, propose
from odt_core.graph import SignatureDescription, TensorDescription

PIXELS, SIGNED = (0.0, 255.0), (-1.0, 1.0)


def contract_of(size: int, pixels: tuple[float, float]) -> Contract:
    x = TensorDescription("x", "float32", (None, size), pixels=pixels)
    output = TensorDescription("output", "float32", (None, 4))
    return propose([SignatureDescription("infer", (x,), (output,))])


@pytest.mark.parametrize("size", [8 * 8, 28 * 28, 32 * 32 * 3])
@pytest.mark.parametrize("pixels", [PIXELS, SIGNED])
def test_row_that_may_be_a_picture_has_its_black_and_white(size, pixels):
    assert contract_of(size, pixels).pixel_range == pixels


@pytest.mark.parametrize("size", [7 * 7, 28 * 28 * 2, 1_000])
def test_row_that_is_no_picture_has_neither(size):
    assert contract_of(size, PIXELS).pixel_range == ()


def test_row_of_pixels_is_told_as_what_it_may_be():
    notes = contract_of(28 * 28, PIXELS).notes
    told = "This model takes numbers from 0 to 255. If a sample is a picture laid out in a row, "
    assert [note for note in notes if "picture" in note] == [
        f"{told}these are its pixels as they are."
    ]


def test_nothing_is_told_of_a_row_that_may_as_well_be_a_sound():
    assert not any("picture" in note for note in contract_of(32 * 32, SIGNED).notes)


@pytest.mark.parametrize(
    ("size", "pixels", "told"),
    [
        (28 * 28, PIXELS, True),
        (28 * 28, SIGNED, False),
        (128 * 128, SIGNED, False),
    ],
)
def test_scales_of_pictures_are_spoken_of_where_a_row_may_be_one(size, pixels, told):
    """A quantised `infer` beside a `train` of any numbers."""
    x = TensorDescription("x", "float32", (None, size))
    y = TensorDescription("y", "int32", (None,))
    loss = TensorDescription("loss", "float32", ())
    output = TensorDescription("output", "float32", (None, 4))
    contract = propose(
        [
            SignatureDescription("train", (x, y), (loss,)),
            SignatureDescription("infer", (replace(x, pixels=pixels),), (output,)),
        ]
    )
    assert contract.trainable
    assert any("on different scales" in note for note in contract.notes) is told
