"""Which label stands for which output of the model, when either of the two changes.

Pure functions, as those of `changes`: the old manifest in, the new one out.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import replace
from itertools import zip_longest
from types import MappingProxyType

from odt_core.errors import LabelError, WorkspaceError
from odt_core.samples import Labels
from odt_core.samples.labels import same_label, unlike
from odt_core.workspace.manifest import LabelEntry, LeftModel, Manifest, ModelEntry


def with_model(manifest: Manifest, model: ModelEntry, ids: Iterable[str]) -> Manifest:
    """Another model: its labels, and of the old labels those that have samples.

    A model that was chosen before has its labels on the outputs where they were, and its settings.
    Else a label whose name the model knows keeps its samples; others that have samples take free
    outputs in order, or those of a file that names none of its own, such as the next version of the
    one before; or they stay without an output, disabled. One whose samples the model cannot take
    rests: it holds no output, and its name is free. `ids` yields ids for new labels.
    Your model is the base model again. An uploaded model that is left is remembered, to be chosen
    again.
    """
    if model.key == (manifest.model.key if manifest.model else None):
        return with_description(manifest, model, ids)
    left = _left(manifest)
    before = next((one for one in left if one.key == model.key), None)
    manifest = _rested(manifest, model)
    used = {sample.label for sample in manifest.samples}
    kept = [label for label in manifest.labels if label.id in used]
    labels, free = _standing(model, before.labels if before else (), kept, ids)
    standing = {one.id for one in labels}
    kept = [label for label in kept if label.id not in standing]
    if kept:
        labels, kept = _on_numbers(model, labels, kept, used)
    for label in kept:
        output_left = free.pop(0) if free else None
        labels.append(replace(label, output=output_left, enabled=output_left is not None))
    return replace(
        manifest,
        model=model,
        models=tuple(
            one
            for one in (manifest.model, *manifest.models)
            if one and one.sha256 and one.key != model.key
        ),
        labels=tuple(labels),
        head=None,
        settings=before.settings if before else MappingProxyType({}),
        left=left,
    )


def _left(manifest: Manifest) -> tuple[LeftModel, ...]:
    """The models that were left, the present one among them."""
    model = manifest.model
    if model is None:
        return manifest.left
    used = {sample.label for sample in manifest.samples}
    labels = tuple(
        label
        for label in manifest.labels
        if label.output is not None
        and (label.id in used or not label.enabled or label.name != model.outputs[label.output])
    )
    others = (one for one in manifest.left if one.key != model.key)
    return (LeftModel(model.key, labels, manifest.settings), *others)


def _standing(
    model: ModelEntry,
    before: Iterable[LabelEntry],
    kept: Sequence[LabelEntry],
    ids: Iterable[str],
) -> tuple[list[LabelEntry], list[int]]:
    """The labels of a model's outputs, and the outputs that are left free. before: those that it
    was left with; kept: labels that have samples.
    """
    fresh = iter(ids)
    present = {one.id: one for one in kept}
    was = {one.output: replace(one, name=present.get(one.id, one).name) for one in before}
    own = {one.id for one in was.values()}  # which go to their outputs, whatever they are called
    others = [one for one in kept if one.id not in own]
    its_own = set(enumerate(model.outputs))
    renamed = [one for one in was.values() if (one.output, one.name) not in its_own]
    labels: list[LabelEntry] = []
    free: list[int] = []
    for output, named in enumerate(model.outputs):
        old = was.get(output)
        name = old.name if old else named
        if name is None:
            free.append(output)
            continue
        known = old if old and old.id in present else label_called(others, name)
        if known in others:
            others.remove(known)
        if known is None and any(one is not old and same_label(name, one.name) for one in renamed):
            free.append(output)  # a label of another output bears that name by now
            continue
        entry = known or LabelEntry(next(fresh), name, output)
        labels.append(replace(entry, output=output, enabled=old.enabled if old else True))
    return labels, free


def _on_numbers(
    model: ModelEntry, labels: list[LabelEntry], kept: list[LabelEntry], used: Set[str]
) -> tuple[list[LabelEntry], list[LabelEntry]]:
    """The labels of a model whose file names no output, with all those that were kept where they
    were on the model before, else in their order; and what is left of these. used: ids of labels
    that have samples.

    Where a label that stands has some, numbers mean outputs, but for those that are turned off.
    """
    begun = any(one.id in used for one in labels)
    off = labels if begun else [replace(one, enabled=False) for one in labels]
    idle = [
        one.output
        for one in off
        if one.id not in used and not one.enabled and one.name == model.outputs[one.output or 0]
    ]
    room = len(idle) if begun or len(idle) == len(model.outputs) else 0
    if not model.unnamed or len(kept) > room:
        return labels, kept
    places = [label.output for label in kept]
    if not set(places) <= set(idle):
        places = idle[: len(kept)]
    new = [
        replace(label, output=place, enabled=label.enabled or label.output is None)
        for label, place in zip(kept, places, strict=True)
    ]
    rest = [one for one in off if one.output not in places]
    return sorted([*new, *rest], key=lambda one: one.output or 0), []


def with_description(manifest: Manifest, model: ModelEntry, ids: Iterable[str]) -> Manifest:
    """The same model described otherwise: other names of outputs, another use of signatures.

    A label goes on standing for its output, under the output's new name, with its samples. Where
    that is the name of another label, this one comes to the output. A label whose output is gone,
    or another's now, stays with its samples, disabled; without samples it goes. One whose samples
    the model cannot take any more rests. Weights and settings stay.
    """
    old = manifest.model
    if old is None or model.key != old.key:
        raise WorkspaceError("Another model was chosen in the meantime. Reload the page.")
    rested = _rested(manifest, model)
    if model.outputs == old.outputs and rested is manifest:
        return replace(manifest, model=model)
    manifest = rested
    used = {sample.label for sample in manifest.samples}
    came = _come(manifest, model, used)
    coming = {label.id for label in came.values()}
    at = {label.output: label for label in manifest.labels if label.id not in coming}
    fresh = iter(ids)
    labels: list[LabelEntry] = []
    for output, (own, name) in enumerate(_renamings(old, model)):
        label = came.get(output, at.get(output))
        if label is not None and name is not None:
            # A label that the person renamed keeps that name unless the output's own one changed.
            kept = label.name if own == name else name
            enabled = label.enabled or label.output is None
            labels.append(replace(label, name=kept, output=output, enabled=enabled))
        elif label is not None and (label.id in used or own is None):
            labels.append(label)  # it has samples, or the person put it on a free output
        elif name is not None and all(name != other.name for other in manifest.labels):
            labels.append(LabelEntry(next(fresh), name, output))
    standing = {label.id for label in labels}
    taken = [label.name for label in labels]
    for label in manifest.labels:
        if label.id in standing or label.id not in used:
            continue
        name, count = label.name, 2
        while any(same_label(name, other) for other in taken):
            name, count = f"{label.name[:30]} ({count})", count + 1
        taken.append(name)
        labels.append(replace(label, name=name, output=None, enabled=False))
    return replace(manifest, model=model, labels=tuple(labels))


def _renamings(old: ModelEntry, model: ModelEntry) -> list[tuple[str | None, str | None]]:
    """Of each output of `model` the name that it had and the one that it is given."""
    return list(zip_longest(old.outputs, model.outputs))[: len(model.outputs)]


def _come(manifest: Manifest, model: ModelEntry, used: Set[str]) -> dict[int, LabelEntry]:
    """The labels that come to an output for its name, by output: any, where the name is new there;
    else one that has no output, unless the output's own label has samples.
    """
    old = manifest.model
    assert old is not None
    at = {label.output: label for label in manifest.labels}
    rest = list(manifest.labels)
    came: dict[int, LabelEntry] = {}
    for output, (own, name) in enumerate(_renamings(old, model)):
        if name is None:
            continue
        can = [one for one in rest if one.name == name or one.name not in model.outputs]
        if own == name:
            taken = output in at and at[output].id in used
            can = [one for one in can if one.output is None and not taken]
        label = label_called(can, name)
        if label is not None:
            rest.remove(label)
            came[output] = label
    return came


def with_outputs_named(manifest: Manifest, names: Iterable[str]) -> Manifest:
    """Those of the names that no label has, in their order, on outputs that nobody has named:
    whose names are the model's own numbers, none of which stands for samples. The labels of such
    outputs that are left over are turned off. As it is where no name is new, where a number is
    among the names and so means an output (Labels.named_after), or is the name of an output that is
    left over, or where there are fewer such outputs than names.
    """
    model, given = manifest.model, set(names)
    idle = _unnamed(manifest)
    new = unlike(name for name in given if label_called(manifest.labels, name) is None)
    if model is None or not new or len(new) > len(idle):
        return manifest
    named: Sequence[str | None] = new
    if len(idle) == len(model.outputs) >= len(given):  # -1 and 1 are names of two, too
        named = Labels(model.outputs).named_after(given).names
    elif given & {label.name for label in idle}:
        return manifest
    taken = {label.id: name for label, name in zip_longest(idle, named) if label}
    if any(label.name in named for label in idle if not taken[label.id]):
        return manifest  # two labels would have one name
    return replace(
        manifest,
        labels=tuple(
            label
            if label.id not in taken
            else replace(label, name=taken[label.id] or label.name, enabled=bool(taken[label.id]))
            for label in manifest.labels
        ),
    )


def with_labels_at(
    manifest: Manifest, names: Mapping[int, str | None], ids: Iterable[str]
) -> Manifest:
    """Labels of these names on just these outputs, on which no label with samples stands; None: the
    output is nobody's. One that is there without an output comes to it with its samples.
    LabelError where one stands for another output.
    """
    used, fresh = {sample.label for sample in manifest.samples}, iter(ids)
    labels = [one for one in manifest.labels if one.output not in names or one.id in used]
    for output, name in names.items():
        if name is None:
            continue
        known = label_called(labels, name)
        if known is not None and known.output is not None:
            raise LabelError(f"There is a label {known.name!r} already. Use another name.")
        if known is not None:
            labels.remove(known)
        entry = known or LabelEntry(next(fresh), name, output)
        labels.append(replace(entry, output=output, enabled=True))
    return replace(manifest, labels=tuple(labels))


def label_called(labels: Sequence[LabelEntry], name: str) -> LabelEntry | None:
    """The label of exactly that name, else one that a person would take for it, else None."""
    alike = [label for label in labels if same_label(label.name, name)]
    exact = [label for label in alike if label.name == name]
    return next(iter(exact + alike), None)


def free_output(manifest: Manifest, name: str, trained: Sequence[str | None]) -> int:
    """The output for a new label: that which the model itself calls so, else that which was called
    so in training, else the first free one that has learnt no other label, else the first free one.
    LabelError where none is left. trained: per output its name in training; empty: not known.
    """
    model = manifest.model
    outputs = model.outputs if model else ()
    learnt = {
        output: was
        for output, (was, known) in enumerate(zip(trained, outputs, strict=False))
        if was is not None and was != known
    }
    taken = {label.output for label in manifest.labels}
    own = [
        output
        for output, known in enumerate(outputs)
        if known is not None and output not in taken and same_label(known, name)
    ]
    nameless = model is not None and model.unnamed  # its numbers are nobody's names
    free = [
        output
        for output, known in enumerate(outputs)
        if (known is None or nameless) and output not in taken
    ]
    if not own and not free:
        raise LabelError(
            f"The model tells {len(outputs)} labels apart and has no output left for {name!r}. Use "
            f"fewer labels, or give the outputs other names (Label names on the Model page)."
        )
    again = [output for output in free if same_label(learnt.get(output, ""), name)]
    fresh = [output for output in free if output not in learnt]
    return (own or again or fresh or free)[0]


def _unnamed(manifest: Manifest) -> list[LabelEntry]:
    """Labels of outputs that nobody has named; none where one of the numbers has samples."""
    model = manifest.model
    if model is None or not model.unnamed:
        return []
    idle = [
        label
        for label in manifest.labels
        if label.output is not None and label.name == model.outputs[label.output]
    ]
    ids = {label.id for label in idle}
    return [] if any(sample.label in ids for sample in manifest.samples) else idle


def _rested(manifest: Manifest, model: ModelEntry) -> Manifest:
    """Labels none of whose samples the model can take are set aside; those that were, and of which
    it can take some, are back, without an output. Where a label of that name came in between, the
    two become one.
    """
    taken, held = set(), set()
    for sample in manifest.samples:
        held.add(sample.label)
        if model.takes(sample):
            taken.add(sample.label)
    labels = [one for one in manifest.labels if one.id in taken or one.id not in held]
    resting = [one for one in manifest.labels if one.id in held - taken]
    joined: dict[str, str] = {}
    for label in manifest.resting:
        if label.id not in taken:
            resting += [label] if label.id in held else []
            continue
        known = label_called(labels, label.name)
        if known is None:
            labels.append(replace(label, output=None, enabled=False))
        elif known.id in held:
            joined[label.id] = known.id
        else:
            labels[labels.index(known)] = replace(label, output=known.output, enabled=True)
    if (tuple(labels), tuple(resting)) == (manifest.labels, manifest.resting):
        return manifest
    samples = (replace(one, label=joined.get(one.label, one.label)) for one in manifest.samples)
    return replace(
        manifest,
        labels=tuple(labels),
        resting=tuple(replace(one, output=None, enabled=False) for one in resting),
        samples=tuple(samples) if joined else manifest.samples,
    )
