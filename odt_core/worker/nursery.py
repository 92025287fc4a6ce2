"""The owner's side of the nursery: start a worker process, kill it, hear of its end."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections import deque
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from pathlib import Path
from typing import Any

import odt_core.errors
from odt_core.errors import WorkerError
from odt_core.worker.nursery_main import REPLY, REQUEST, What

START_SECONDS = 30.0  # a nursery that takes longer to import its modules will not come


class Child:
    """One worker process."""

    def __init__(self, nursery: Nursery, pid: int) -> None:
        self._nursery = nursery
        self.pid = pid
        self.exit: Future[int] = Future()

    def kill(self) -> None:
        """End it at once; does nothing when it has ended."""
        if not self.exit.done():
            self._nursery.kill(self.pid)

    def wait(self, seconds: float) -> int | None:
        """Its exit code, -N when signal N killed it; None when it still runs after `seconds`."""
        try:
            return self.exit.result(seconds)
        except FutureTimeout:
            return None


class Nursery:
    """A process to fork workers from. Every method may be called from any thread."""

    def __init__(self) -> None:
        self._control, theirs = both_ends()
        with theirs:
            self._process = _start(theirs.fileno())
        self._lock = threading.Lock()  # one request is sent at a time
        self._children: dict[int, Child] = {}
        self._ready: Future[None] = Future()
        # What was asked for and is not answered yet, the oldest first: the nursery keeps the order.
        self._asked: deque[Future[Child]] = deque()
        self._reader = threading.Thread(target=self._read, name="odt-nursery", daemon=True)
        self._reader.start()

    @property
    def alive(self) -> bool:
        """Whether it can start workers."""
        return self._reader.is_alive()

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    def spawn(self, descriptor: int, nice: int) -> Child:
        """A new worker that serves `descriptor` (the caller keeps and closes its own copy).

        nice: how far it steps back where others want a core too, 0 … 19.
        """
        try:
            self._ready.result(START_SECONDS)
            spawned: Future[Child] = Future()
            with self._lock:
                self._asked.append(spawned)
                try:
                    request = REQUEST.pack(What.SPAWN, nice)
                    socket.send_fds(self._control, [request], [descriptor])
                except OSError:
                    self._asked.pop()
                    raise
            return _wait(spawned)
        except (OSError, FutureTimeout) as error:
            raise WorkerError(
                "A process for the model cannot be started. Try again; if it happens again, "
                "restart the app."
            ) from error

    def kill(self, pid: int) -> None:
        """End a worker. The nursery knows which processes are still its own."""
        try:
            self._control.sendall(REQUEST.pack(What.KILL, pid))
        except OSError:
            return  # it is gone, and took its workers along

    def _read(self) -> None:
        buffer = b""
        try:
            while True:
                data = self._control.recv(4096)
                if not data:
                    break
                buffer += data
                while len(buffer) >= REPLY.size:
                    self._handle(*REPLY.unpack(buffer[: REPLY.size]))
                    buffer = buffer[REPLY.size :]
        except OSError:
            pass
        finally:
            self._end()

    def _handle(self, what: int, pid: int, status: int) -> None:
        if what == What.READY:
            self._ready.set_result(None)
        elif what == What.SPAWN:
            self._children[pid] = child = Child(self, pid)
            asked = self._asked.popleft()
            if asked.set_running_or_notify_cancel():
                asked.set_result(child)
            else:
                child.kill()  # nobody waits for it any more
        elif what == What.REFUSED:
            asked = self._asked.popleft()
            if asked.set_running_or_notify_cancel():
                asked.set_exception(OSError(status, os.strerror(status)))
        elif what == What.EXIT:
            child = self._children.pop(pid, Child(self, pid))
            child.exit.set_result(os.waitstatus_to_exitcode(status))

    def _end(self) -> None:
        """The nursery is gone: nobody can tell how its workers end any more."""
        self._process.poll()
        gone = OSError("the nursery is gone")
        waiting: list[Future[Any]] = [self._ready, *self._asked]
        for future in waiting:
            if not future.done():
                future.set_exception(gone)
        for child in self._children.values():
            child.exit.set_result(1)
        self._children.clear()


def _wait(spawned: Future[Child]) -> Child:
    """What was asked for; FutureTimeout when it does not come in time, nor is wanted later."""
    try:
        return spawned.result(START_SECONDS)
    except FutureTimeout:
        if spawned.cancel():
            raise
        return spawned.result()  # it came at the last moment


_the_one: Nursery | None = None
_the_one_lock = threading.Lock()


def nursery() -> Nursery:
    """This process's nursery, started when first asked for and again should it have died."""
    global _the_one
    with _the_one_lock:
        if _the_one is None or not _the_one.alive:
            _the_one = Nursery()
        return _the_one


def both_ends() -> tuple[socket.socket, socket.socket]:
    """Of a connection to a process. WorkerError where this one may open no further."""
    try:
        return socket.socketpair()
    except OSError as error:
        raise WorkerError(
            "A process for the model cannot be started, as the server can open no further "
            f"connection ({error.strerror}). Try again when others have left."
        ) from error


def warm_up() -> None:
    """Start the nursery now and return at once, so that the first worker need not wait for it."""
    nursery()


def _start(descriptor: int) -> subprocess.Popen[bytes]:
    root = str(Path(odt_core.errors.__file__).resolve().parents[1])
    inherited = os.environ.get("PYTHONPATH")
    kept = ("PATH", "LANG", "HOME", "TMPDIR", "LD_LIBRARY_PATH")
    environment = {
        **{key: os.environ[key] for key in kept if key in os.environ},
        "PYTHONPATH": os.pathsep.join([root, inherited] if inherited else [root]),
        "OMP_NUM_THREADS": "1",  # a process with threads must not be forked
        "OPENBLAS_NUM_THREADS": "1",
    }
    try:
        return subprocess.Popen(
            # Without -P the folder that the server was started in could hide Python's own modules.
            [sys.executable, "-P", "-m", "odt_core.worker.nursery_main", str(descriptor)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[descriptor],
            env=environment,
        )
    except OSError as error:
        raise WorkerError(
            f"A process for the model cannot be started: {error.strerror}. Try again later."
        ) from error
