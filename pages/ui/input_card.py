"""What the model sees: how pictures become its input, with one sample as the model gets it."""

from __future__ import annotations

from dataclasses import replace
from math import prod

import numpy as np
import streamlit as st

from odt_core.bundled import guessed_preprocessing
from odt_core.errors import SampleError
from odt_core.samples import Preprocessing
from odt_core.samples.shapes import SMALLEST, has_channels_first, pictures_of
from odt_core.workspace import SampleEntry
from pages.ui import pieces, trouble
from pages.ui.desk import Desk
from pages.ui.numbers import figure, typed
from pages.ui.previews import SIDE, series_uri
from pages.ui.thumbs import thumb_uri

_PLACE = "input"
_KINDS = {"image": "Photos", "ink": "Drawings", "none": "Numbers"}
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet's training pictures
_LARGEST = 2_048  # of a free axis
_OPEN = 96  # pixels a side, where the model takes any
_RANGES = ("0 … 1", "−1 … 1", "0 … 255", "ImageNet mean and deviation", "Other")


def input_of(desk: Desk) -> None:
    """Draw the card's content."""
    preprocessing = desk.card.preprocessing
    pieces.heading("What it sees", _shape_in_words(desk))
    trouble.show_said(_PLACE)
    options = _kinds(desk)
    if len(options) > 1:
        _set("input_kind", preprocessing.kind)
        st.segmented_control(
            "Its input is",
            options,
            key="input_kind",
            required=True,
            format_func=_KINDS.get,
            disabled=desk.busy,
            on_change=_kind_chosen,
            args=(desk,),
        )
    if preprocessing.kind == "none":
        _size(desk, preprocessing)
        first = has_channels_first(preprocessing.shape)
        pieces.note(
            "Numbers go to the model as they are: give them as it was trained with them."
            + " Channels come first, which odt turns no picture into: upload an .npz." * first
        )
    else:
        _size(desk, preprocessing)
        _values(desk, preprocessing)
    _preview(desk, preprocessing)


def _shape_in_words(desk: Desk) -> str:
    return f"input {' × '.join(str(n) for n in desk.card.input_shape)}"


def _kinds(desk: Desk) -> list[str]:
    shapes = [] if desk.contract.sample_inputs else _picture_shapes(_sized(desk))
    kinds = ["image"] if shapes else []
    if any(shape[0] == shape[1] for shape in shapes):
        kinds.append("ink")
    return [*kinds, "none"]


def _sized(desk: Desk) -> tuple[int, ...]:
    """The input's shape; height and width that the model leaves open and nobody chose get a size
    that pictures are recognised at.
    """
    shape = list(desk.card.input_shape)
    if not desk.model.bundled and len(shape) in (2, 3):
        for axis in desk.contract.free_axes:
            if axis < 2 and shape[axis] < SMALLEST:
                shape[axis] = _OPEN
    return tuple(shape)


def _picture_shapes(shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    """The pictures whose values the input could hold, as [height, width, channels]."""
    if len(shape) == 3 and shape[2] in (1, 3) and min(shape[:2]) > 1:
        return [shape]
    if has_channels_first(shape):
        return []  # in that order they would be mixed up
    if len(shape) == 2 and min(shape) >= SMALLEST:
        return [(*shape, 1)]
    return pictures_of(prod(shape))


def _kind_chosen(desk: Desk) -> None:
    kind = st.session_state["input_kind"]
    with trouble.caught(_PLACE):
        shape = desk.card.input_shape if kind == "none" else _sized(desk)
        found = [s for s in _picture_shapes(shape) if kind == "image" or s[0] == s[1]]
        if kind != "none" and not found:
            raise SampleError("Pictures do not fit this model's input.")
        # A picture's values in another form: one long row, say.
        flat = kind != "none" and found[0] != shape and found[0] != (*shape, 1)
        picture = found[0] if flat else ()
        contract = desk.contract
        desk.preprocess(
            guessed_preprocessing(kind, shape, contract.input_dtype, contract.pixel_range, picture)
        )


# Size, where the model leaves it open


def _size(desk: Desk, preprocessing: Preprocessing) -> None:
    free = [] if desk.model.bundled else list(desk.contract.free_axes)
    if not free or preprocessing.picture:
        return
    names = ("Height", "Width", "Channels")
    if preprocessing.kind == "none":
        names = ("Length",) if len(preprocessing.shape) == 1 else ()
    for column, axis in zip(st.columns(3, gap="small"), free, strict=False):
        key = f"input_axis_{axis}"
        _set(key, preprocessing.shape[axis])
        column.number_input(
            names[axis] if axis < len(names) else f"Size {axis + 1}",
            1,
            _LARGEST,
            key=key,
            disabled=desk.busy,
            on_change=_size_chosen,
            args=(desk, axis),
        )


def _size_chosen(desk: Desk, axis: int) -> None:
    with trouble.caught(_PLACE):
        preprocessing = desk.card.preprocessing
        shape = list(preprocessing.shape)
        size = int(st.session_state[f"input_axis_{axis}"])
        if not 1 <= size <= _LARGEST:  # the browser's word alone is not enough
            raise SampleError(f"A size of {size:,} cannot be used. Choose 1 to {_LARGEST:,}.")
        shape[axis] = size
        desk.preprocess(replace(preprocessing, shape=tuple(shape)))


# Range of values


def _values(desk: Desk, preprocessing: Preprocessing) -> None:
    present = _range_of(preprocessing)
    other = present == "Other" or st.session_state.get("input_other", False)
    _set("input_range", "Other" if other else present)
    left, right = st.columns([2, 1], gap="small", vertical_alignment="bottom")
    ranges = [one for one in _RANGES if one != _RANGES[3] or preprocessing.channels == 3]
    left.selectbox(
        "Values the model was trained with",
        ranges,
        key="input_range",
        disabled=desk.busy,
        on_change=_range_chosen,
        args=(desk,),
    )
    _set("input_invert", preprocessing.invert)
    right.checkbox(
        "Invert",
        key="input_invert",
        disabled=desk.busy,
        on_change=_inverted,
        args=(desk,),
        help="Dark and bright change places.",
    )
    if other:
        with st.form("input_numbers", border=False):
            scale, offset, mean, std = st.columns(4, gap="small")
            top = 1.0 if preprocessing.kind == "ink" else 255.0
            scale.text_input("Scale (× value)", f"{preprocessing.scale:.8g}", key="input_scale",
                             help=f"Values are 0 … {top:.0f} before it.")  # fmt: skip
            offset.text_input("Offset (+)", f"{preprocessing.offset:.8g}", key="input_offset")
            mean.text_input("Mean (−)", _joined(preprocessing.mean), key="input_mean",
                            placeholder="none", help="One number, or one a channel.")  # fmt: skip
            std.text_input("Deviation (÷)", _joined(preprocessing.std), key="input_std",
                           placeholder="none")  # fmt: skip
            st.form_submit_button("Use these", on_click=_numbers_given, args=(desk,))


def _range_of(one: Preprocessing) -> str:
    top = 1.0 if one.kind == "ink" else 255.0
    plain = not one.mean and not one.std
    known = {
        (1 / top, 0.0): _RANGES[0],
        (2 / top, -1.0): _RANGES[1],
        (255 / top, 0.0): _RANGES[2],
    }
    for (scale, offset), name in known.items():
        if np.isclose(one.scale, scale, rtol=1e-6) and np.isclose(one.offset, offset):
            if plain:
                return name
            if name == _RANGES[0] and (one.mean, one.std) == (_MEAN, _STD):
                return _RANGES[3]
    return "Other"


def _range_chosen(desk: Desk) -> None:
    chosen = st.session_state["input_range"]
    st.session_state["input_other"] = chosen == "Other"
    with trouble.caught(_PLACE):
        one = desk.card.preprocessing
        top = 1.0 if one.kind == "ink" else 255.0
        changes = {
            _RANGES[0]: {},
            _RANGES[1]: {"scale": 2 / top, "offset": -1.0},
            _RANGES[2]: {"scale": 255 / top},
            _RANGES[3]: {"mean": _MEAN, "std": _STD},
        }.get(chosen)
        if changes is not None:
            plain = {"scale": 1 / top, "offset": 0.0, "mean": (), "std": ()}
            desk.preprocess(replace(one, **{**plain, **changes}))


def _inverted(desk: Desk) -> None:
    with trouble.caught(_PLACE):
        invert = bool(st.session_state["input_invert"])
        desk.preprocess(replace(desk.card.preprocessing, invert=invert))


def _numbers_given(desk: Desk) -> None:
    with trouble.caught(_PLACE):
        one = desk.card.preprocessing

        def numbers(key: str, what: str) -> tuple[float, ...]:
            text = str(st.session_state.get(key, "")).replace("−", "-").strip()
            many = len(text.replace(",", " ").replace(";", " ").split())
            return tuple(float(v) for v in typed(text, (many,), what)) if text else ()

        scale, offset = numbers("input_scale", "The scale"), numbers("input_offset", "The offset")
        if len(scale) != 1 or len(offset) != 1:
            raise SampleError("Scale and offset are one number each.")
        desk.preprocess(
            replace(
                one,
                scale=scale[0],
                offset=offset[0],
                mean=numbers("input_mean", "The mean"),
                std=numbers("input_std", "The deviation"),
            )
        )


# Preview


def _preview(desk: Desk, preprocessing: Preprocessing) -> None:
    """One sample as it was given, and as the model gets it."""
    for sample in reversed(desk.workspace.manifest.samples):
        try:
            item = desk.workspace.sample_array(sample.id)
            ready = preprocessing.apply(item)
        except SampleError:
            continue
        _side_by_side(desk, sample, ready, preprocessing)
        return
    pieces.note("Add a sample on the Personalise page: here you see it as the model gets it.")


def _side_by_side(
    desk: Desk, sample: SampleEntry, ready: np.ndarray, preprocessing: Preprocessing
) -> None:
    shown = (
        thumb_uri(desk.workspace, sample, SIDE)
        if preprocessing.kind == "none"
        else series_uri(ready.reshape(preprocessing.picture_shape))
    )
    pieces.pictures(
        [
            ("Your sample", thumb_uri(desk.workspace, sample, SIDE), sample.origin),
            (
                "As the model gets it",
                shown,
                f"{' × '.join(str(n) for n in ready.shape)}, values {figure(float(ready.min()))} "
                f"to {figure(float(ready.max()))}, mean {figure(float(ready.mean()))}",
            ),
        ]
    )


def _joined(values: tuple[float, ...]) -> str:
    return ", ".join(f"{value:.6g}" for value in values)


def _set(key: str, value: object) -> None:
    """A widget shows what is true, also after undo or in another tab."""
    if st.session_state.get(key) != value:
        st.session_state[key] = value
