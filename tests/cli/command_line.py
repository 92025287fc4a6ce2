"""The command line as a person runs it, and the same without starting a Python each time."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import chdir, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import NamedTuple

from odt_core.cli.main import main

ROOT = Path(__file__).parents[2]


class Done(NamedTuple):
    """What a command leaves behind."""

    returncode: int
    stdout: str
    stderr: str


def odt(*arguments: object) -> Done:
    """What `python -m odt_core` does with these arguments, done in this process.

    TestProcess in test_cli_process.py shows that it is the same.
    """
    out, err = StringIO(), StringIO()
    with chdir(ROOT), redirect_stdout(out), redirect_stderr(err):
        try:
            code = main([str(one) for one in arguments])
        except SystemExit as end:  # argparse's, after --help and where it refuses
            code = int(end.code or 0)
    return Done(code, out.getvalue(), err.getvalue())


def odt_process(*arguments: object) -> Done:
    """`python -m odt_core` with these arguments."""
    done = subprocess.run(
        [sys.executable, "-m", "odt_core", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=120,
    )
    return Done(done.returncode, done.stdout, done.stderr)


def disturbed(statement: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """`train` with these arguments, in which an expression of `run` is evaluated in each step."""
    code = (
        "import os, signal, sys; import numpy as np; from odt_core.training import loop; "
        f"real = loop.Run._record; loop.Run._record = lambda run, *a: ({statement}, "
        "real(run, *a))[1]; from odt_core.cli.main import main; sys.exit(main(sys.argv[1:]))"
    )
    return subprocess.run(
        [sys.executable, "-c", code, "train", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=120,
    )


def result(*arguments: object, run: Callable[..., Done] = odt) -> dict:
    """The JSON that a command prints with --json."""
    done = run(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])
