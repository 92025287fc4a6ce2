"""The line on the terminal that follows long work."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from odt_core.cli.printable import printable


@contextmanager
def progress_line() -> Iterator[Callable[[str], None]]:
    """A function that shows a line in the place of the one before, where stderr is a terminal. The
    last one stays, and what follows stands below it, however the work ends.
    """
    shown = False

    def say(line: str) -> None:
        nonlocal shown
        if sys.stderr.isatty():
            shown = True
            print(f"\r{printable(line):<78}", end="", file=sys.stderr, flush=True)

    try:
        yield say
    finally:
        if shown:
            print(file=sys.stderr)
