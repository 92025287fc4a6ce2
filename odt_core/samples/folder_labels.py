"""Which of the folders that a sample lies in is its label, and how that is called.

It is the innermost one, unless the names that are labels already say otherwise, as of 3/monday and
7/tuesday. Where folders of one name lie in several others, such as 3/monday and 7/monday, these may
be labels, grouped by day, as well as days with a label each: what is not known is not guessed.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from odt_core.samples.labels import folded, in_order
from odt_core.samples.layout import is_test
from odt_core.words import some_of

# Ends the names of Teachable Machine's zips, "heart-samples.zip"; browsers number a second one.
_ZIPPED = re.compile(r"(?<=.)-samples( ?\(\d+\))?$")

_Folders = tuple[str, ...]  # that a sample lies in, outermost first


def folder_labels(samples: Sequence[str], known: Iterable[str] = ()) -> tuple[dict[str, str], str]:
    """(path -> label of the samples that lie in a folder, what is to be told of it): "" for the
    label of all of them where it cannot be told which folders are the labels.

    samples: paths with slashes. known: names that are labels already.
    """
    labels = {folded(name) for name in known}
    folders = {path: above for path, above in _above(samples, labels).items() if above}
    every = set(folders.values())
    outer = _outer(every, labels)
    if outer is None and (told := _either(every, labels)):
        return dict.fromkeys(folders, ""), told
    chosen = {one: one[-1] if outer is None else one[: outer + 1][-1] for one in every}
    told = "" if outer is None else _told(chosen)
    names = set(chosen.values())
    if len(names) > 1 and all(map(_ZIPPED.search, names)):
        chosen = {one: without_zipped(name) for one, name in chosen.items()}  # unpacked
    return {path: chosen[above] for path, above in folders.items()}, told


def without_zipped(name: str) -> str:
    """The label that one of Teachable Machine's zips is called after, by its name without .zip."""
    return _ZIPPED.sub("", name)


def _above(samples: Sequence[str], labels: set[str]) -> dict[str, _Folders]:
    """The folders of each sample that may be its label: those below one that says what it is for,
    and those around such a one where any of them is a label already, as in 3/test/anna.
    """
    around: dict[str, _Folders] = {}
    below: dict[str, _Folders] = {}
    for path in samples:
        parts = PurePosixPath(path).parts[:-1]
        roles = [at for at, folder in enumerate(parts[:-1]) if is_test([folder]) is not None]
        first = roles[-1] + 1 if roles else 0
        around[path] = tuple(one for at, one in enumerate(parts[:first]) if at not in roles)
        below[path] = parts[first:]
    if not _known({name for one in around.values() for name in one}, labels):
        return below
    return {path: around[path] + folders for path, folders in below.items()}


def _outer(every: set[_Folders], labels: set[str]) -> int | None:
    """How deep, from 0, the folders lie that are all labels already, while none further in is; None
    where there are none such, or but one.
    """
    for depth in reversed(range(max(map(len, every), default=1) - 1)):
        if _are_labels(every, depth, labels):
            within = {name for one in every for name in one[depth + 1 :]}
            return None if _known(within, labels) else depth
    return None


def _are_labels(every: set[_Folders], depth: int, labels: set[str]) -> bool:
    names = {one[depth] for one in every if len(one) > depth}
    return len(names) > 1 and _known(names, labels) == names


def _either(every: set[_Folders], labels: set[str]) -> str:
    """What is said where folders of one name lie in several others, and either may be the labels;
    "" where the innermost are.
    """
    around = defaultdict(set)
    for one in every:
        if len(one) > 1:
            around[one[-1]].add(one[:-1])
    again = [name for name, others in around.items() if len(others) > 1]
    depths = range(max(map(len, every), default=1) - 1)
    only_inner = _known({one[-1] for one in every}, labels) and not any(
        _are_labels(every, depth, labels) for depth in depths
    )
    if not again or only_inner:
        return ""
    others = [one[-1] for name in again for one in around[name]]
    return (
        f"Which folders are the labels cannot be told: those called {_quoted(again)} lie "
        f"in several others ({_quoted(others)}). If the outer ones are the labels, put the samples "
        "right into them. If the inner ones are, give each outer folder by itself."
    )


def _known(names: set[str], labels: set[str]) -> set[str]:
    return {name for name in names if folded(name) in labels}


def _told(chosen: dict[_Folders, str]) -> str:
    inner = [one[-1] for one, name in chosen.items() if one[-1] != name]
    return (
        f"The folders {_quoted(chosen.values())} are taken for the labels, as these are known, and "
        f"not those inside them ({_quoted(inner)})."
    )


def _quoted(names: Iterable[str]) -> str:
    return some_of([f"'{name}'" for name in in_order(names)])
