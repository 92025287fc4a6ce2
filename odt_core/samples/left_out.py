"""What of a folder or zip was not read, in words: a label must not vanish unsaid."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath

from odt_core.words import count

_OF_SYSTEMS = ("thumbs.db", "desktop.ini")  # nobody put them there
_SUFFIX = re.compile(r"\.[a-z0-9]{1,8}")
_KINDS = 5  # that are told


def left_out(files: Sequence[str], loose: int, tests: int, hidden: Sequence[str] = ()) -> str:
    """Sentences about files that are no samples, how many of each suffix; samples that lie outside
    of the label folders; samples to test with; and hidden ones. "" where there are none of these.
    """
    said = []
    suffixes = Counter(
        suffix if _SUFFIX.fullmatch(suffix := path.suffix.lower()) else "of another kind"
        for path in map(PurePosixPath, files)
        if path.name.lower() not in _OF_SYSTEMS
    )
    if suffixes:
        kinds = ", ".join(f"{many} {suffix}" for suffix, many in suffixes.most_common(_KINDS))
        rest = suffixes.total() - sum(many for _, many in suffixes.most_common(_KINDS))
        said.append(
            f"Left out {count(suffixes.total(), 'file')} that cannot be read as samples: "
            f"{kinds}{f' and {rest} more' if rest else ''}."
        )
    if loose:
        said.append(f"Left out {loose} outside of the label folders.")
    if tests:
        said.append(f"Left out {count(tests, 'test sample')}: give the same to test with.")
    if hidden:
        said.append(
            f"Left out {count(len(hidden), 'hidden sample')}, such as '{hidden[0][:60]}': give "
            "files and folders names without a dot before them."
        )
    return " ".join(said)
