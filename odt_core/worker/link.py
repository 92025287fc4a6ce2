"""The line to a process that the nursery forked: questions, answers, events, and how it ended."""

from __future__ import annotations

import contextlib
import itertools
import logging
import signal
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any

import numpy as np

import odt_core.errors
from odt_core.errors import OdtError, TrainingError, WorkerError
from odt_core.training.events import Ended, Event, Failed, Started
from odt_core.worker.limits import NICE
from odt_core.worker.memory import check_memory
from odt_core.worker.nursery import both_ends, nursery
from odt_core.worker.protocol import Channel, Message
from odt_core.worker.turns import turns
from odt_core.worker.wire import unpack_event

# Without a sign of life for so long while somebody waits, a process hangs: it is ended.
CALL_SECONDS = 60.0
RUN_SECONDS = 300.0  # the same while it trains, when a call waits for a step to end
LONGEST_SECONDS = 1800.0  # that a call may take in all, whatever signs of life come
_log = logging.getLogger(__name__)


class Link:
    """The process, the connection and what is pending. The reader thread holds this, not the
    Worker, so that a forgotten Worker is collected and its process ends.
    """

    def __init__(
        self, meanwhile: Callable[[], AbstractContextManager[None]], nice: int = NICE
    ) -> None:
        """meanwhile: entered by whoever waits for an answer. nice: see Nursery.spawn."""
        check_memory()
        self._meanwhile, self._steps_back = meanwhile, nice > 0
        ours, theirs = both_ends()
        with theirs:
            self._child = nursery().spawn(theirs.fileno(), nice)
        self._socket, self._channel = ours, Channel(ours)
        self._send_lock = threading.Lock()
        self._lock = threading.Lock()
        self._pending: dict[int, Future[Message]] = {}
        self._numbers = itertools.count(1)
        self._on_event: Callable[[Event], None] | None = None
        self._dead: str | None = None
        self._closing = False
        self._hung = 0.0  # seconds that it did not answer
        self._heard = time.monotonic()
        self._run_over = threading.Event()
        self._threads = 1  # that the run's steps use
        self._reader = threading.Thread(target=self._read, name="odt-worker-reader", daemon=True)
        self._reader.start()

    @property
    def alive(self) -> bool:
        return self._dead is None

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def running(self) -> bool:
        return self._on_event is not None

    def call(
        self,
        kind: str,
        body: Mapping[str, Any] | None = None,
        arrays: Mapping[str, np.ndarray] | None = None,
    ) -> Message:
        """Ask and wait for the answer."""
        # A process that steps back for nobody needs no training to wait for it.
        computes = turns.answer(self) if self._steps_back else nullcontext()
        with self._meanwhile(), computes:
            return self._ask(Message(kind, 0, body or {}, arrays or {}), self._patience)

    @property
    def _patience(self) -> float:
        """Seconds without a sign of life after which it hangs."""
        return RUN_SECONDS if self.running else CALL_SECONDS

    def _ask(self, message: Message, seconds: float) -> Message:
        """The answer; a process that gives no sign of life for so many seconds is ended."""
        future: Future[Message] = Future()
        with self._lock:
            if self._dead is not None:
                raise WorkerError(self._dead)
            number = next(self._numbers)
            self._pending[number] = future
        try:
            self._send(replace(message, id=number))
            return self._await(future, seconds)
        finally:
            with self._lock:
                self._pending.pop(number, None)

    def _await(self, future: Future[Message], seconds: float) -> Message:
        asked = time.monotonic()
        while True:
            heard = max(asked, self._heard)
            due = min(heard + seconds, asked + LONGEST_SECONDS)
            try:
                return future.result(max(0.0, due - time.monotonic()))
            except FutureTimeout:
                if self._heard <= heard or due == asked + LONGEST_SECONDS:
                    self._end_hung(time.monotonic() - asked)
                    raise WorkerError(self._dead or _NO_ANSWER) from None

    def _end_hung(self, seconds: float) -> None:
        self._hung = seconds
        self._child.kill()
        self._reader.join(5)

    def start_run(self, message: Message, on_event: Callable[[Event], None]) -> None:
        with self._lock:
            if self._dead is not None:
                raise WorkerError(self._dead)
            if self._on_event is not None:
                raise TrainingError("Training is already running. Stop it first.")
            self._on_event = on_event
            self._run_over = over = threading.Event()
            self._threads = 1
        try:
            check_memory()
            self._send(message)
        except BaseException:  # whatever it is, no run has begun
            with self._lock:
                self._on_event = None
            raise
        threading.Thread(
            target=self._watch, args=(over,), name="odt-worker-watch", daemon=True
        ).start()
        self._join_turns()

    def _join_turns(self) -> None:
        turns.join(self)
        turns.weigh(self, self._threads)
        if not self.running:  # it ended in the meantime, and left before it had joined
            turns.leave(self)

    def _watch(self, over: threading.Event) -> None:
        """End the process when its training hangs. One that waits or is paused still answers."""
        quiet = RUN_SECONDS / 2
        while not over.wait(quiet):
            if time.monotonic() - self._heard >= quiet:
                with contextlib.suppress(WorkerError):
                    self._ask(Message("ping"), RUN_SECONDS / 2)

    def pause(self) -> None:
        """The run waits, and others may have its core."""
        turns.leave(self)
        self._notify("hold", wait=True)
        self.call("pause")

    def resume(self) -> None:
        """The run goes on when a core is free."""
        self.call("resume")
        if self.running:
            self._join_turns()

    def go(self) -> bool:
        """It is the run's turn to compute."""
        return self._notify("go")

    def hold(self) -> bool:
        """The run has to wait before its next step."""
        return self._notify("hold")

    def _notify(self, kind: str, wait: bool = False) -> bool:
        """Tell what needs no answer; False when the connection is busy and `wait` is not set."""
        if not self._send_lock.acquire(blocking=wait):
            return False
        patience = self._patience
        try:
            if not wait and not self._channel.has_room():
                return False
            _limit_sending(self._socket, patience)
            self._channel.send(Message(kind, 0))
        except BlockingIOError:
            self._hung = patience
            self._child.kill()
        except (OSError, ValueError, WorkerError):
            pass  # it is dead, its connection closed; the reader sees to that
        finally:
            self._send_lock.release()
        return True

    def close(self) -> None:
        self._closing = True
        self._channel.close()
        if self._child.wait(0.2) is None:
            self._child.kill()
            self._child.wait(5)
        if threading.current_thread() is not self._reader:
            self._reader.join(2)

    def _send(self, message: Message) -> None:
        # While it computes an answer it reads nothing: who waits for that one notices a hang.
        patience = self._patience if len(self._pending) == 1 else RUN_SECONDS
        try:
            with self._send_lock:
                _limit_sending(self._socket, patience)
                self._channel.send(message)
        except BlockingIOError:  # it reads nothing any more
            self._end_hung(patience)
            raise WorkerError(self._dead or _NO_ANSWER) from None
        except OSError:  # the reader notices too and knows why
            self._reader.join(2)
            raise WorkerError(self._dead or _NO_ANSWER) from None

    def _read(self) -> None:
        nonsense: str | None = None
        try:
            while True:
                message = self._channel.receive()
                self._heard = time.monotonic()
                if message.kind in ("answer", "error"):
                    self._settle(message)
                elif message.kind != "alive":
                    self._tell(unpack_event(message))
        except (EOFError, OSError):
            pass
        except WorkerError as error:
            nonsense = str(error)
        except Exception:  # whatever it made the reader trip over
            _log.exception("a message of a worker could not be read")
            nonsense = "The model's process sent a message that makes no sense."
        self._bury(nonsense)

    def _settle(self, message: Message) -> None:
        with self._lock:
            future = self._pending.pop(message.id, None)
        if future is None:
            return
        if message.kind == "answer":
            future.set_result(message)
        else:
            future.set_exception(_error(message))

    def _tell(self, event: Event) -> None:
        on_event = self._on_event
        if on_event is None:
            return
        if isinstance(event, Started):
            self._threads = event.threads
            turns.weigh(self, event.threads)
        if isinstance(event, Ended | Failed):
            turns.leave(self)  # before the next run can join
            with self._lock:
                self._on_event = None
                self._run_over.set()
        try:
            on_event(event)
        except Exception:
            _log.exception("an event handler of a worker failed")

    def _bury(self, nonsense: str | None) -> None:
        """Reap the process, then let everybody who waits know."""
        code = self._child.wait(0 if nonsense else 0.5)
        if code is None:
            self._child.kill()
            code = self._child.wait(5)
        reason = self._reason(code, nonsense)
        with self._lock:
            self._dead = reason
            pending, self._pending = list(self._pending.values()), {}
        for future in pending:
            future.set_exception(WorkerError(reason))
        self._tell(Failed(reason, died=True))
        self._channel.close()

    def _reason(self, code: int | None, nonsense: str | None) -> str:
        advice = "Your samples and checkpoints are safe; start it again to go on."
        if self._closing:
            return "The model's process was closed. Start it again to go on."
        if self._hung:
            return f"The model did not answer for {self._hung:.0f} s and was ended. {advice}"
        if nonsense:
            return f"{nonsense} It was ended. {advice}"
        if code is not None and code < 0:
            return f"{_death(-code)} {advice}"
        return f"The model's process ended by itself (exit code {code}). {advice}"


_NO_ANSWER = "The model's process does not answer. Start it again to go on."
_CRASHES = (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL)


def _death(number: int) -> str:
    """What happened to a process that a signal ended, in a sentence."""
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = "unknown"
    killed = f"was killed by signal {number} ({name})"
    if number in _CRASHES:
        return f"The model crashed: its process {killed}."
    if number == signal.SIGKILL:
        return f"The model's process {killed}, as happens when a machine is out of memory."
    return f"The model's process {killed}."


def _limit_sending(connection: socket.socket, seconds: float) -> None:
    """A send during which the other side reads nothing for so long raises BlockingIOError."""
    whole = int(seconds)
    value = struct.pack("@ll", whole, int((seconds - whole) * 1e6))
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, value)


def _error(message: Message) -> OdtError:
    """The error that the worker raised; its type only when it is one of ours."""
    kind = getattr(odt_core.errors, str(message.body.get("type")), None)
    text = str(message.body.get("message"))[:2000]
    if isinstance(kind, type) and issubclass(kind, OdtError):
        return kind(text)
    return WorkerError(text)
