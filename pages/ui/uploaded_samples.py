"""Uploaded files as samples that the model can take, before anything of them is kept."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from odt_core.dialects.contract import Task
from odt_core.errors import LabelError, SampleError
from odt_core.samples import (
    Form,
    RawSamples,
    Subset,
    check_ids,
    check_labelled,
    decode_files,
    decode_pictures,
    read_samples,
    sound,
    targets_of,
)
from odt_core.samples.folders import read_given, read_loose
from odt_core.samples.layout import HOW, tell_labels
from odt_core.samples.other_files import refuse_other_files
from odt_core.samples.shapes import has_channels_first
from odt_core.samples.table import ENDINGS
from odt_core.words import count, sentences
from odt_core.workspace import LabelEntry
from pages.ui.desk import Desk
from pages.ui.typed_target import check_target, typed_targets

FOLDERS = (".zip", ".tm")
_ARCHIVES = (*FOLDERS, ".npz", ".npy", *ENDINGS)
_NAMED = 4  # labels in a sentence


def read_uploaded(desk: Desk, files: Sequence[tuple[str, bytes]], label_id: str) -> RawSamples:
    """What all files, of (name, content), hold, as the model wants it: first the pictures, then
    archives, then folders, whose files have paths for names. label_id: of what says nothing of
    itself, "" for none. Raises SampleError, LabelError.
    """
    by_table = read_loose(files, _form(desk))
    if by_table is not None:
        return _told(desk, as_the_model_wants(desk, by_table, label_id), [by_table])
    in_folders = [file for file in files if "/" in file[0]]
    files = [file for file in files if "/" not in file[0]]
    if desk.tells_labels and _is_one_folder([path for path, _ in in_folders]):
        files += [(path.rpartition("/")[2], data) for path, data in in_folders]
        in_folders = []
    archives = [file for file in files if file[0].lower().endswith(_ARCHIVES)]
    sounds = [file for file in files if file[0].lower().endswith(sound.SUFFIXES)]
    pictures = [file for file in files if file not in archives and file not in sounds]
    for name, _ in pictures:
        refuse_other_files(name)
    if pictures and not desk.sees_pictures:
        or_say = ", or say on the Model page that its input is a picture"
        raise SampleError(
            f"'{pictures[0][0]}' is no table, and this model takes numbers. Upload a .csv or "
            f".npz{'' if has_channels_first(desk.card.input_shape) else or_say}."
        )
    raws = [_of_archive(desk, name, data) for name, data in archives]
    for (name, _), raw in zip(archives, raws, strict=True):
        if name.lower().endswith(FOLDERS):
            _check_folders(desk, raw, name)
    if in_folders:
        outer = {path.partition("/")[0] for path, _ in in_folders}
        name = next(iter(outer)) if len(outer) == 1 else "The upload"
        raws.append(read_given(in_folders, name, _form(desk)))
        _check_folders(desk, raws[-1], name)
    if sounds:
        loose = [("", name, data) for name, data in sounds]
        raws.append(decode_files(loose, "The upload", _form(desk)))
    if pictures and desk.answers_pictures:
        loose = [("", name, data) for name, data in pictures]
        raws.append(decode_files(loose, "The upload", _form(desk)))
        pictures = []
    if pictures and desk.tells_labels:
        _chosen_label(desk, label_id)
    ready = [as_the_model_wants(desk, raw, label_id) for raw in raws]
    if not all(map(len, ready)):
        raise SampleError("The archive holds no pictures. Put them into one folder per label.")
    if pictures:
        ready.insert(0, _loose(desk, pictures, label_id, alone=not raws))
    return _told(desk, RawSamples.together(ready), raws)


def _told(desk: Desk, ready: RawSamples, raws: Sequence[RawSamples]) -> RawSamples:
    """`ready`, and what is to be known of labels that are numbers of outputs. raws: as given."""
    given = {label for raw in raws for label in raw.labels if label}
    if not (given and desk.tells_labels and desk.model.unnamed):
        return ready
    used = {sample.label for sample in desk.usable_samples()}
    known = {label.name for label in desk.workspace.manifest.labels if label.id in used}
    told = desk.labels.counted_from_0(given | known)
    if told:
        told += " If they count from 1, say so under Label names on the Model page."
    return replace(ready, notice=sentences(ready.notice, told))


def _of_archive(desk: Desk, name: str, data: bytes) -> RawSamples:
    """What it holds; without its test samples where a workspace has room for the others alone."""
    raw = read_samples(
        data,
        name,
        input_shape=None if desk.sees_pictures else desk.card.input_shape,
        target_shape=_target_shape(desk, name),
        inputs=desk.contract.input_sizes,
        labels=_known(desk),
        subset=Subset.BOTH,
    )
    most = desk.workspace.limits.samples
    others = [at for at, test in enumerate(raw.tests) if not test]
    if not len(raw) > most >= len(others) > 0:
        return raw
    said = (
        f"Left out {count(len(raw) - len(others), 'test sample')} of '{name}': with them there "
        f"would be more than {most:,}."
    )
    return replace(raw.take(others), tests=(), notice=sentences(raw.notice, said))


def _check_folders(desk: Desk, raw: RawSamples, name: str) -> None:
    """SampleError unless the folders in `name` say the label of every sample, where the model tells
    such apart: the chosen label is not meant for those of which others say theirs.
    """
    bare = [file for file, label in zip(raw.names, raw.labels, strict=True) if not label]
    if desk.tells_labels and (bare or not raw.labels):
        which = "its samples show" if len(bare) == len(raw) else f"'{bare[0]}' shows"
        said = f"The folders in '{name}' do not say what {which}."
        raise SampleError(sentences(said, raw.notice, HOW))


def _is_one_folder(paths: Sequence[str]) -> bool:
    """Whether all lie in one folder whose name tells no label, such as "images"."""
    return len({path.rpartition("/")[0] for path in paths}) == 1 and not tell_labels(paths, [])


def as_the_model_wants(desk: Desk, raw: RawSamples, label_id: str) -> RawSamples:
    """The samples of a file with labels or targets as the task has them; SampleError when one
    cannot be the model's input. The label `label_id` is for those without.
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
            check_target(desk, target, f"The target of {name}")
        return replace(raw, labels=unlabelled, targets=targets)
    if desk.task is Task.RECONSTRUCTION:
        return replace(raw, labels=unlabelled, targets=_spare_targets(desk, raw))
    if raw.targets:  # of a file that says something of each: the chosen label is not meant
        check_labelled(raw, len(desk.labels))
    labels = _named(desk, raw.labels, label_id)
    notice = sentences(raw.notice, _numbers_taken(raw.labels, labels))
    return replace(raw, labels=labels, targets=(), notice=notice)


def _named(desk: Desk, labels: Sequence[str], label_id: str) -> tuple[str, ...]:
    """As the person's labels are called."""
    names = desk.labels.names

    def named(label: str) -> str:
        if not label:
            return _chosen_label(desk, label_id).name
        if label.isdecimal() and label not in names and int(label) < len(names):
            return names[int(label)] or label  # a number where outputs have names
        return label

    return tuple(map(named, labels))


def _chosen_label(desk: Desk, label_id: str) -> LabelEntry:
    """What samples get that say nothing of themselves. LabelError where there is none."""
    label = desk.workspace.manifest.label(label_id)
    if label is not None:
        return label
    if label_id and desk.workspace.manifest.labels:
        raise LabelError("The label that you chose is not there any more. Choose one below.")
    raise LabelError("There is no label for these samples yet. Add a label below first.")


def _numbers_taken(given: Sequence[str], taken: Sequence[str]) -> str:
    """What numbers were taken for, in a sentence; "" where there are none, or they are names."""
    both = {(one, name) for one, name in zip(given, taken, strict=True) if one and one != name}
    pairs = sorted({(int(one), name) for one, name in both if str(int(one)) != name})
    said = [f"{number} is '{name}'" for number, name in pairs[:_NAMED]]
    if len(pairs) > _NAMED:
        said.append("and so on")
    return f"Numbers were taken for the outputs in their order: {', '.join(said)}." if said else ""


def _spare_targets(desk: Desk, raw: RawSamples) -> tuple[np.ndarray, ...]:
    """What a model that is taken for an autoencoder might learn instead, where a file brings it."""
    train = desk.contract.train
    with contextlib.suppress(SampleError):
        if raw.targets and train and train[0].labels:
            return targets_of(raw, desk.contract.target_shape)
    return ()


def _loose(
    desk: Desk, files: Sequence[tuple[str, bytes]], label_id: str, *, alone: bool
) -> RawSamples:
    """Single pictures under the label `label_id`, or with the target that was typed. alone: whether
    there are no other samples beside.
    """
    label = _chosen_label(desk, label_id).name if desk.tells_labels else ""
    pictures, unread = decode_pictures(files, alone=alone)
    there = [
        (picture, name)
        for picture, (name, _) in zip(pictures, files, strict=True)
        if picture is not None
    ]
    items, names = zip(*there, strict=True) if there else ((), ())
    labels = (label,) * len(items)
    return RawSamples(items, labels, names, tuple(typed_targets(desk, len(items))), notice=unread)


def _form(desk: Desk) -> Form:
    """Of what the model takes; of a picture's input nothing, which has any size before it."""
    shape = None if desk.sees_pictures else desk.card.input_shape
    return Form(shape, _target_shape(desk, ".zip"), desk.contract.input_sizes, _known(desk))


def _known(desk: Desk) -> tuple[str, ...]:
    """Names that are labels already; none where they are but numbers of outputs."""
    return () if desk.model.unnamed else tuple(filter(None, desk.labels.names))


def _target_shape(desk: Desk, name: str) -> tuple[int, ...] | None:
    """Of the targets that a file may hold; a table has them only where they are learnt."""
    table = not name.lower().endswith((".zip", ".npz"))
    learns = desk.task is Task.VALUES or (desk.task is Task.RECONSTRUCTION and not table)
    return desk.contract.target_shape if learns else None
