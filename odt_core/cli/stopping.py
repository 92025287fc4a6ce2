"""What a signal that ends a program does to one that has learnt something."""

from __future__ import annotations

import os
import select
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from odt_core.training import Control

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_PATIENCE = 10.0  # seconds after the first signal until it is said what a second one does
_GRACE = 3.0  # seconds that the program has to end by itself after the second


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Within, the second Ctrl+C or SIGTERM ends the program also where a model does not come back:
    Python's own handlers wait until it does. Only for the main thread.
    """
    seen, told = socket.socketpair()
    told.setblocking(False)
    ended = threading.Event()
    watcher = threading.Thread(target=_watch, args=(seen, ended), daemon=True)
    before = signal.set_wakeup_fd(told.fileno(), warn_on_full_buffer=False)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        signal.set_wakeup_fd(before)
        told.close()
        watcher.join()
        seen.close()


def _watch(seen: socket.socket, ended: threading.Event) -> None:
    """seen: gives a byte for each signal that Python has a handler for."""
    signals = 0
    while signals < 2 and not ended.is_set():
        if signals and not select.select([seen], [], [], _PATIENCE)[0]:
            _say("odt: not ended yet. Ctrl+C once more ends it at once.")
        signals += sum(number in _SIGNALS for number in seen.recv(8))
    if not ended.wait(_GRACE):
        _say("odt: stopped; the model was still computing.")
        os._exit(130)


def _say(text: str) -> None:
    """On stderr, if anybody still reads it: who does not must be able to end the program, too."""
    with suppress(OSError, ValueError):
        print(text, file=sys.stderr, flush=True)


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
