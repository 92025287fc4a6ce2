"""Keeps what native libraries print off the terminal of a command."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """LiteRT and TensorFlow write notes on drivers and delegates to file descriptor 2, past Python
    and whatever is asked for. Within, these are kept back, and shown only where the program fails
    in a way that nobody has foreseen. What Python writes to sys.stderr is seen as ever.
    """
    try:
        terminal, kept = os.dup(2), tempfile.TemporaryFile()  # noqa: SIM115 (it is closed below)
    except OSError:  # descriptor 2 is closed, or there is no place for a file
        kept = None
    if kept is None:
        yield
        return
    with kept, os.fdopen(terminal, "w", buffering=1, errors="backslashreplace") as seen:
        stderr = sys.stderr
        os.dup2(kept.fileno(), 2)
        sys.stderr = seen
        try:
            yield
        except Exception:
            kept.seek(0)
            os.write(terminal, kept.read())
            raise
        finally:
            sys.stderr = stderr
            os.dup2(terminal, 2)
