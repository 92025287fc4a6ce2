"""What of a folder or zip was not read, in words: a label must not vanish unsaid."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath

_OF_SYSTEMS = ("thumbs.db", "desktop.ini")  # nobody put them there
_SUFFIX = re.compile(r"\.[a-z0-9]{1,8}")
_KINDS = 5  # that are told


def left_out(files: Sequence[str], loose: int, tests: int) -> str:
    """Sentences about files that are no samples, how many of each suffix; samples that lie outside
    of the label folders; and samples to test with. "" where there are none of these.
    """
    said = []
    suffixes = Counter(
        suffix if _SUFFIX.fullmatch(suffix := path.suffix.lower()) else "of another kind"
        for path in map(PurePosixPath, files)
        if path.name.lower() not in _OF_SYSTEMS
    )
    if suffixes:
        kinds = ", ".join(f"{count} {suffix}" for suffix, count in suffixes.most_common(_KINDS))
        many = suffixes.total()
        rest = many - sum(count for _, count in suffixes.most_common(_KINDS))
        said.append(
            f"Left out {many} file{'' if many == 1 else 's'} that cannot be read as samples: "
            f"{kinds}{f' and {rest} more' if rest else ''}."
        )
    if loose:
        said.append(f"Left out {loose} outside of the label folders.")
    if tests:
        said.append(
            f"Left out {tests} test sample{'' if tests == 1 else 's'}: give the same to test with."
        )
    return " ".join(said)
