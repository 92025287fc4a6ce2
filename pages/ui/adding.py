"""The ways to add samples: draw, upload, photograph, or type numbers."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import streamlit as st

from odt_core.dialects.contract import Task
from odt_core.errors import LabelError, OdtError, SampleError
from odt_core.samples import (
    Form,
    RawSamples,
    Subset,
    check_ids,
    check_labelled,
    decode_files,
    decode_image,
    read_samples,
    sound,
    targets_of,
)
from odt_core.samples.folders import read_loose
from odt_core.samples.layout import HOW
from odt_core.samples.other_files import refuse_other_files
from odt_core.samples.table import ENDINGS
from odt_core.samples.windows import Window, window_of
from odt_core.words import inputs_in_words
from odt_core.workspace import LabelEntry, Manifest, Source
from pages.ui import pieces, trouble
from pages.ui.canvas import decode_drawing, sample_pad
from pages.ui.desk import Desk
from pages.ui.model_words import asked_numbers
from pages.ui.numbers import MOST, typed
from pages.ui.photograph import photograph
from pages.ui.say import count
from pages.ui.uploads import contents

ACTIVE = "samples_label"  # id of the label that new samples get
_FILES = "samples_files"  # changes with each upload that was taken, which empties the widget
_TARGET = "samples_target"
_TYPED_AT_MOST = 64  # numbers of a target
_TYPED = "samples_typed"
_FOLDERS = (".zip", ".tm")
_ARCHIVES = (*_FOLDERS, ".npz", ".npy", *ENDINGS)
_SOUND = 1_000  # numbers in a row from which they are rather a waveform than features
_NO_LABEL = "Add a label below first: what are your samples to be called?"


def ways(desk: Desk) -> tuple[str, ...]:
    """What can be done for this model."""
    if desk.answers_pictures or (desk.task is Task.VALUES and not _can_type(desk)):
        return ("Upload",)  # targets come in files alone
    if desk.sees_photos:
        return ("Upload", "Camera", "Draw")
    if desk.sees_pictures:
        return ("Draw", "Upload", "Camera")
    return ("Upload", "Type")


def add_by(desk: Desk, way: str, active: LabelEntry | None) -> None:
    """Draw the widgets of one way."""
    if desk.tells_labels and active is None and way != "Upload":
        pieces.note(_NO_LABEL)
        return
    {"Draw": _draw, "Upload": _upload, "Camera": _camera, "Type": _type}[way](desk, active)


# Draw


def _draw(desk: Desk, active: LabelEntry | None) -> None:
    _target_field(desk)
    name = active.name if active else "sample"
    sample_pad("pad", name, lambda said, url: _drawn(desk, active, said, url), size=176)


def _drawn(desk: Desk, active: LabelEntry | None, name: str, url: object) -> None:
    with trouble.caught("samples"):
        target = _label_called(desk.workspace.manifest, name) or active
        report = desk.workspace.add_samples(
            [decode_drawing(url)],
            target.id if target else "",
            Source.DRAW,
            targets=_targets(desk, 1),
        )
        if not report.added:
            trouble.say("samples", report.summary, "info")


# Upload


def _upload(desk: Desk, active: LabelEntry | None) -> None:
    turn = st.session_state.setdefault(_FILES, 0)
    if desk.sees_pictures:
        _target_field(desk)
    st.file_uploader(
        "Pictures, or a zip of label folders" if desk.sees_pictures else "Tables, sounds or arrays",
        accept_multiple_files=True,
        key=f"upload_{turn}",
        on_change=_uploaded,
        args=(desk, f"upload_{turn}"),
        label_visibility="collapsed",
    )
    if not desk.answers_pictures:  # of which it says how before
        pieces.note(_upload_hint(desk, active))


def _upload_hint(desk: Desk, active: LabelEntry | None) -> str:
    if desk.sees_pictures:
        if not desk.tells_labels:
            return "Pictures, a .zip of them, or an .npz with x" + (
                " and y, the target values." if desk.task is Task.VALUES else "."
            )
        where = f"'{active.name}'" if active else "the chosen label"
        return (
            f"Pictures go to {where}. A .zip of label folders (Teachable Machine's .tm too), a "
            "labels.csv beside pictures or an .npz brings its own labels."
        )
    size = int(np.prod(desk.card.input_shape))
    shape = " × ".join(str(n) for n in desk.card.input_shape)
    window = None if desk.contract.sample_inputs else window_of(desk.card.input_shape)
    if window is not None and (window.channels > 1 or window.length >= _SOUND):
        return _window_hint(desk, window, shape, active)
    columns = count(size, "column")
    last = {
        Task.VALUES: f", then {count(_target_size(desk), 'target column')}",
        Task.RECONSTRUCTION: "",
    }.get(desk.task, ", then the label")
    y = "" if desk.task is Task.RECONSTRUCTION else " and y"
    if desk.contract.sample_inputs:
        return (
            f"A .csv with {columns} of numbers{last}. A header says which are whose; without one "
            f"they stand in this order: {inputs_in_words(desk.contract.input_sizes)}. Or an .npz "
            f"with an array for each{y}. Several files at once are fine."
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
            where = f"'{active.name}'" if active else "the chosen label"
            goes = f", goes to {where}; a .zip of label folders brings its own labels"
        return (
            f"A .wav of {window.length:,} values, or of somewhat fewer{goes}. Or a .csv with a "
            f"row for each moment. {others}"
        )
    own = " Its label is its name (punch.csv), or in a .zip its folder (punch/01.csv)."
    return (
        f"A .csv of {window} for each sample, or for several below each other; a header and a "
        f"column of times are optional.{own if desk.tells_labels else ''} {others}"
    )


def _uploaded(desk: Desk, key: str) -> None:
    files = st.session_state.get(key) or []
    if not files:
        return
    st.session_state[_FILES] += 1
    with trouble.caught("samples"):
        said = add_files(desk, [contents(file) for file in files], st.session_state.get(ACTIVE))
        trouble.say("samples", said, "info")


def add_files(desk: Desk, files: Sequence[tuple[str, bytes]], label_id: str | None) -> str:
    """Add uploaded files, all or none.

    Pictures, and samples of a table without labels, get the label `label_id`; archives bring their
    own. Returns what happened in words.
    """
    try:
        return _add(desk, _read(desk, files, label_id))
    except OdtError as error:
        if len(files) > 1:
            raise type(error)(f"{error} Nothing was added.") from error
        raise


def _add(desk: Desk, raw: RawSamples) -> str:
    """Add what all files hold in one step; returns what happened in words."""
    if desk.tells_labels and desk.contract.labels_count == 0:
        numbers = [int(label) for label in raw.labels if label.isdecimal() and len(label) < 4]
        desk.number_labels(max(numbers, default=-1) + 1)
    before = desk.labels.names
    said = [desk.workspace.add_raw(raw, Source.UPLOAD).summary]
    if raw.notice:
        said.append(raw.notice)
    after = desk.labels.names
    own = desk.model.outputs  # not those of the labels, some of which may be named already
    unnamed = all(name is not None and name.isdecimal() for name in own)
    if not desk.model.bundled and after != before and unnamed:
        said.append(
            f"The model says nothing about the order of its labels; they are taken for "
            f"{', '.join(filter(None, after))}, in this order. Label names on the Model page "
            "change that."
        )
    if raw.targets and desk.task is Task.RECONSTRUCTION:
        said.append(
            "Its targets are kept, but not learnt: this model is taken for one that gives its "
            "input back. If it learns targets, choose 'Numbers' on the Model page."
        )
    return " ".join(said)


def _read(desk: Desk, files: Sequence[tuple[str, bytes]], label_id: str | None) -> RawSamples:
    """What all files hold, as the model wants it: first the pictures, then archives."""
    by_table = read_loose(files, "The upload", _form(desk), Subset.BOTH)
    if by_table is not None:
        return as_the_model_wants(desk, by_table, label_id)
    archives = [file for file in files if file[0].lower().endswith(_ARCHIVES)]
    sounds = [file for file in files if file[0].lower().endswith(sound.SUFFIXES)]
    pictures = [file for file in files if file not in archives and file not in sounds]
    for name, _ in pictures:
        refuse_other_files(name)
    if pictures and not desk.sees_pictures:
        raise SampleError(
            f"'{pictures[0][0]}' is no table, and this model takes numbers. Upload a .csv or "
            ".npz, or say on the Model page that its input is a picture."
        )
    raws = [
        read_samples(
            data,
            name,
            input_shape=None if desk.sees_pictures else desk.card.input_shape,
            target_shape=_target_shape(desk, name),
            inputs=desk.contract.input_sizes,
            subset=Subset.BOTH,
        )
        for name, data in archives
    ]
    for (name, _), raw in zip(archives, raws, strict=True):
        if desk.tells_labels and name.lower().endswith(_FOLDERS) and not any(raw.labels):
            raise SampleError(f"'{name}' does not tell by folders what its samples show. {HOW}")
    if sounds:
        loose = [("", name, data) for name, data in sounds]
        raws.append(decode_files(loose, "The upload", _form(desk)))
    if pictures and desk.answers_pictures:
        loose = [("", name, data) for name, data in pictures]
        raws.append(decode_files(loose, "The upload", _form(desk)))
        pictures = []
    if pictures and desk.tells_labels and label_id is None:
        raise LabelError("There is no label for these pictures yet. Add one first.")
    ready = [as_the_model_wants(desk, raw, label_id) for raw in raws]
    if not all(map(len, ready)):
        raise SampleError("The archive holds no pictures. Put them into one folder per label.")
    if pictures:
        ready.insert(0, _loose(desk, pictures, label_id))
    return RawSamples.together(ready)


def _form(desk: Desk) -> Form:
    """Of what the model takes; of a picture's input nothing, which has any size before it."""
    shape = None if desk.sees_pictures else desk.card.input_shape
    return Form(shape, _target_shape(desk, ".zip"), desk.contract.input_sizes)


def _loose(desk: Desk, files: Sequence[tuple[str, bytes]], label_id: str | None) -> RawSamples:
    """Single pictures under the label `label_id`, or with the target that was typed."""
    label = desk.workspace.manifest.label(label_id or "") if desk.tells_labels else None
    if label_id and desk.tells_labels and label is None:
        raise LabelError("That label is not there any more. Reload the page.")
    items = tuple(decode_image(data, name) for name, data in files)
    names = tuple(name for name, _ in files)
    labels = (label.name if label else "",) * len(items)
    return RawSamples(items, labels, names, tuple(_targets(desk, len(items))))


def _target_shape(desk: Desk, name: str) -> tuple[int, ...] | None:
    """Of the targets that a file may hold; a table has them only where they are learnt."""
    table = not name.lower().endswith((".zip", ".npz"))
    learns = desk.task is Task.VALUES or (desk.task is Task.RECONSTRUCTION and not table)
    return desk.contract.target_shape if learns else None


def as_the_model_wants(desk: Desk, raw: RawSamples, label_id: str | None) -> RawSamples:
    """The samples of a file with labels or targets as the task has them; SampleError when one
    cannot be the model's input.
    """
    raw = desk.card.preprocessing.as_pictures(raw)
    for item, name in zip(raw.items, raw.names, strict=True):
        if item.dtype != np.uint8 or not desk.sees_pictures:
            try:
                desk.card.preprocessing.apply(item)
            except SampleError as error:
                raise SampleError(f"{name}: {error}") from error
    check_ids(raw, desk.contract.ids)
    unlabelled = ("",) * len(raw)
    if desk.task is Task.VALUES:
        contract = desk.contract
        targets = targets_of(
            raw,
            contract.target_shape,
            contract.scores_each,
            rows_are_one_hot=contract.rows_are_one_hot,
        )
        for target, name in zip(targets, raw.names, strict=True):
            _check_target(desk, target, f"The target of {name}")
        return replace(raw, labels=unlabelled, targets=targets)
    if desk.task is Task.RECONSTRUCTION:
        return replace(raw, labels=unlabelled, targets=_spare_targets(desk, raw))
    if raw.targets:  # of a file that says something of each: the chosen label is not meant
        check_labelled(raw, len(desk.labels))
    names = desk.labels.names
    active = desk.workspace.manifest.label(label_id or "")

    def named(label: str) -> str:
        if not label and active is not None:
            return active.name
        if not label:
            raise SampleError("These samples have no labels. Add a label below and choose it.")
        if label.isdecimal() and label not in names and int(label) < len(names):
            return names[int(label)] or label  # a number where outputs have names
        return label

    return replace(raw, labels=tuple(named(label) for label in raw.labels), targets=())


def _spare_targets(desk: Desk, raw: RawSamples) -> tuple[np.ndarray, ...]:
    """What a model that is taken for an autoencoder might learn instead, where a file brings it."""
    train = desk.contract.train
    with contextlib.suppress(SampleError):
        if raw.targets and train and train[0].labels:
            return targets_of(raw, desk.contract.target_shape)
    return ()


def _check_target(desk: Desk, target: np.ndarray, what: str) -> None:
    wrong = desk.contract.why_not_learnt(target)
    if wrong:
        raise SampleError(f"{what} has {wrong}.")


# Camera


def _camera(desk: Desk, active: LabelEntry | None) -> None:
    _target_field(desk)
    photograph(desk, active, _targets)


# Type


def _type(desk: Desk, active: LabelEntry | None) -> None:
    size = int(np.prod(desk.card.input_shape))
    if size > MOST:
        pieces.note(f"{size:,} numbers are too many to type. Upload a .csv or .npz.")
        return
    with st.form("type_sample", border=False):
        st.text_area(
            asked_numbers(desk),
            key=_TYPED,
            height=90,
            placeholder=", ".join(["0.5", "1.2", "−3"][:size]) + (" …" if size > 3 else ""),
        )
        with st.container(horizontal=True, vertical_alignment="bottom"):
            _target_field(desk)
            st.form_submit_button("Add", key="type_add", on_click=_add_typed, args=(desk,))
    if active is not None:
        pieces.note(f"The sample goes to '{active.name}'.")


def _add_typed(desk: Desk) -> None:
    with trouble.caught("samples"):
        text = str(st.session_state.get(_TYPED, ""))
        item = typed(text, desk.card.input_shape, "The sample")
        active = active_label(desk.workspace.manifest) if desk.tells_labels else None
        if desk.tells_labels and active is None:
            raise LabelError("There is no label for this sample yet. Add one first.")
        report = desk.workspace.add_samples(
            [item], active.id if active else "", Source.DRAW, ["typed"], _targets(desk, 1)
        )
        st.session_state[_TYPED] = ""
        trouble.say("samples", report.summary, "info")


# Targets


def _target_size(desk: Desk) -> int:
    return int(np.prod(desk.contract.target_shape))


def _can_type(desk: Desk) -> bool:
    return _target_size(desk) <= _TYPED_AT_MOST and not desk.answers_pictures


def _target_field(desk: Desk) -> None:
    """What the model is to answer for the samples that are added next."""
    size = _target_size(desk)
    if desk.task is Task.VALUES and not _can_type(desk):
        pieces.note(_targets_in_files(desk))
    elif desk.task is Task.VALUES:
        st.text_input(
            "Target" if size == 1 else f"{size:,} target values, with commas between",
            key=_TARGET,
            placeholder="what the model should answer",
            width=260,
        )


def _targets_in_files(desk: Desk) -> str:
    shape = ", ".join(map(str, desk.contract.target_shape))
    if desk.answers_pictures:
        return (
            "This model learns a picture of each sample, such as a mask. Upload the two together: "
            "NAME_mask.png beside NAME.jpg, or a .zip with folders images and masks; black, or the "
            "darker of two colours, is 0 and white 1, small numbers and the colours of an indexed "
            f"PNG are classes. Or an .npz with x and y [N, {shape}]."
        )
    return (
        f"This model learns {_target_size(desk):,} numbers of each sample, such as a mask. Give "
        f"them in a file: an .npz with x and y [N, {shape}], or a .zip with NAME.target.npy "
        f"beside each sample."
    )


def _targets(desk: Desk, many: int) -> list[np.ndarray | None]:
    if desk.task is not Task.VALUES:
        return []
    if not _can_type(desk):
        raise SampleError(_targets_in_files(desk))
    text = str(st.session_state.get(_TARGET, ""))
    target = typed(text, desk.contract.target_shape, "The target")
    _check_target(desk, target, "The target")
    return [target] * many


# Labels


def active_label(manifest: Manifest) -> LabelEntry | None:
    """The label that new samples get: the chosen one, else the first that the model can take."""
    wanted = manifest.label(st.session_state.get(ACTIVE, ""))
    if wanted is None or wanted.output is None:
        can = (label for label in manifest.labels if label.output is not None)
        wanted = next(can, wanted or next(iter(manifest.labels), None))
        if wanted is not None:
            st.session_state[ACTIVE] = wanted.id
    return wanted


def _label_called(manifest: Manifest, name: str) -> LabelEntry | None:
    return next((label for label in manifest.labels if label.name == name), None)
