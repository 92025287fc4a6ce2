"""What files a model's samples may come in, as the Upload way says it."""

from __future__ import annotations

from math import prod

from odt_core.dialects.contract import Task
from odt_core.samples.windows import Window, window_of
from odt_core.words import inputs_in_words
from odt_core.workspace import LabelEntry
from pages.ui.desk import Desk
from pages.ui.say import count

_SOUND = 1_000  # numbers in a row from which they are rather a waveform than features


def upload_hint(desk: Desk, active: LabelEntry | None) -> str:
    """active: the label that samples without one get; None: there is none yet."""
    if desk.sees_pictures:
        if not desk.tells_labels:
            return "Pictures, a .zip of them, or an .npz with x" + (
                " and y, the target values." if desk.task is Task.VALUES else "."
            )
        return (
            f"Pictures go to {_chosen(desk, active)}. Label folders or a .zip of them (Teachable "
            "Machine's .tm too), a labels.csv beside pictures or an .npz bring their own labels."
        )
    shape = " × ".join(str(n) for n in desk.card.input_shape)
    window = None if desk.contract.sample_inputs else window_of(desk.card.input_shape)
    if window is not None and (window.channels > 1 or window.length >= _SOUND):
        return _window_hint(desk, window, shape, active)
    columns = count(prod(desk.card.input_shape), "column")
    last = {
        Task.VALUES: f", then {count(prod(desk.contract.target_shape), 'target column')}",
        Task.RECONSTRUCTION: "",
    }.get(desk.task, ", then the label")
    y = "" if desk.task is Task.RECONSTRUCTION else " and y"
    if desk.contract.sample_inputs:
        return (
            f"A .csv with {columns} of numbers{last}. A header says which column belongs to which "
            f"input; without one, give the columns in this order: "
            f"{inputs_in_words(desk.contract.input_sizes)}. Or an .npz with an array for each "
            f"input{y}. Several files at once are fine."
        )
    return (
        f"A .csv with {columns} of numbers{last}; a header is optional. Or an .npz with "
        f"x [N, {shape}]{y}, or records as .json. Several files at once are fine."
        + " A .csv with a row for each moment of a window is read as well."
        * (window is not None)
    )


def _window_hint(desk: Desk, window: Window, shape: str, active: LabelEntry | None) -> str:
    """Of a model that takes windows of time."""
    y = "" if desk.task is Task.RECONSTRUCTION else " and y"
    others = f"Or .npy files of the same, or an .npz with x [N, {shape}]{y}."
    if window.channels == 1:
        goes = ""
        if desk.tells_labels:
            goes = f", goes to {_chosen(desk, active)}"
            goes += "; a .zip of label folders brings its own labels"
        return (
            f"A .wav of {window.length:,} values, or of somewhat fewer{goes}. Or a .csv with a "
            f"row for each moment. {others}"
        )
    own = " Its label is its name (punch.csv), or in a .zip its folder (punch/01.csv)."
    return (
        f"A .csv of {window} for each sample, or for several below each other; a header and a "
        f"column of times are optional.{own if desk.tells_labels else ''} {others}"
    )


def _chosen(desk: Desk, active: LabelEntry | None) -> str:
    how = "choose" if desk.workspace.manifest.labels else "add"
    return f"'{active.name}'" if active else f"a label that you {how} below first"
