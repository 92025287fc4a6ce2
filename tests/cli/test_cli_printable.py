"""Names are text on a terminal too: none moves its cursor, colours it or forges a line."""

from __future__ import annotations

import logging
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path

from odt_core.cli.progress import progress_line
from odt_core.graph.flatbuffer import read, write
from tests.cli.command_line import ROOT, odt
from tests.cli.tiny_samples import MODEL

NAME = "a\x1b[2Jb\nc\u202ed"
SHOWN = r"a\x1b[2Jb\nc\u202ed"


def test_names_in_a_model_are_shown_letter_for_letter(tmp_path):
    model = read((ROOT / MODEL).read_bytes())
    model.signatureDefs[0].signatureKey = NAME.encode()
    file = tmp_path / "mine\x1b[31m.tflite"
    file.write_bytes(write(model))
    done = odt("inspect", file)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(r"mine\x1b[31m.tflite")
    assert f"\n  {SHOWN}(" in done.stdout
    assert "\x1b" not in done.stdout


def test_name_in_an_error_is_shown_letter_for_letter():
    done = odt("inspect", "none\x1b[2J\u202e.tflite")
    assert r"none\x1b[2J\u202e.tflite" in done.stderr
    assert "\x1b" not in done.stderr


def test_name_in_the_line_that_follows_work_is_shown_letter_for_letter():
    class Terminal(StringIO):
        def isatty(self) -> bool:
            return True

    with redirect_stderr(Terminal()) as shown, progress_line() as say:
        say(NAME)
    assert SHOWN in shown.getvalue()


def test_name_in_a_warning_is_shown_letter_for_letter():
    odt("inspect", Path("none.tflite"))
    record = logging.LogRecord("odt", logging.WARNING, "", 0, "'%s'", (NAME,), None)
    assert logging.lastResort is not None
    assert logging.lastResort.format(record) == f"'{SHOWN}'"
