"""What a signal that ends a program does to one that has learnt something."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from odt_core.training import Control

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stopped_by_signals() -> Iterator[Control]:
    """The first Ctrl+C (or SIGTERM, as `kill`, `timeout` and job schedulers send) stops training
    and keeps what was learnt; the second ends the program.
    """
    control = Control()
    before = {number: signal.getsignal(number) for number in _SIGNALS}

    def put_back() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def stop(*_: object) -> None:
        control.stop()
        put_back()

    for number in _SIGNALS:
        signal.signal(number, stop)
    try:
        yield control
    finally:
        put_back()


@contextmanager
def terminated_as_interrupted() -> Iterator[None]:
    """SIGTERM within is what Ctrl+C is: a KeyboardInterrupt."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
