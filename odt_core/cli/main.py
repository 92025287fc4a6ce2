"""Parses the command line, runs the command, prints its result as text or as one line of JSON."""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper

from odt_core.cli import bake, bench, build, evaluate, infer, inspect, lower, report, train
from odt_core.cli.command import Command
from odt_core.cli.printable import PrintableWarnings, all_printable, printable
from odt_core.errors import NothingLearntError, OdtError
from odt_core.plain import plain

COMMANDS: tuple[Command, ...] = (
    inspect.COMMAND,
    train.COMMAND,
    infer.COMMAND,
    evaluate.COMMAND,
    report.COMMAND,
    bake.COMMAND,
    lower.COMMAND,
    build.COMMAND,
    bench.COMMAND,
)


def main(arguments: Sequence[str]) -> int:
    """Run one command; returns the exit code: 0, 1 where a check that was asked for failed, or a
    training diverged or learnt nothing, 2 for bad input or a file that cannot be written, 130 for
    Ctrl+C. What the terminal or file that is printed to has no letters for is printed as numbers,
    and so is what it would obey instead of showing it.
    """
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    if logging.lastResort is not None:
        logging.lastResort.setFormatter(PrintableWarnings())
    options = _parser().parse_args(arguments)
    command: Command = options.command
    try:
        result = command.run(options)
        as_json = json.dumps(plain(result), allow_nan=False) if options.json else None
        _say(as_json or command.text(all_printable(result)))
        if result.get("error"):  # figures there are, but no file
            _complain(result["error"])
            return 2
        return command.code(result)
    except OdtError as error:
        _complain(str(error))
        return 1 if isinstance(error, NothingLearntError) else 2
    except KeyboardInterrupt:
        print("odt: stopped.", file=sys.stderr)
        return 130


def _say(text: str) -> None:
    """OdtError where it cannot be printed, unless its reader has seen enough, as `head` has."""
    try:
        print(text, flush=True)
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for Python's own flush
        if not isinstance(error, BrokenPipeError):
            raise OdtError(f"The result cannot be printed: {error.strerror}.") from error


def _complain(message: str) -> None:
    print(f"odt: {printable(' '.join(message.split()))}", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m odt_core",
        description="Personalise an on-device .tflite model, and prove that it helped.",
        epilog="`python -m odt_core COMMAND --help` explains each command.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        sub = commands.add_parser(
            command.name,
            help=command.summary,
            description=command.description,
            epilog=command.example,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.arguments(sub)
        sub.add_argument("--json", action="store_true", help="print one line of JSON")
        sub.set_defaults(command=command)
    return parser
