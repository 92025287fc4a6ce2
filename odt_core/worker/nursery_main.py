"""The process that workers are forked from: `python -m odt_core.worker.nursery_main FD`.

It has imported all that a worker needs and, when nobody asked for a worker for a moment, read the
bundled models and asked them once; so a worker starts in milliseconds and shares its memory. It
never touches another model. When its owner goes, it ends every worker and itself.
"""

from __future__ import annotations

import contextlib
import gc
import os
import select
import signal
import socket
import struct
import sys
from enum import IntEnum

# Requests: what, number. Replies: what, pid, exit status as waitpid gives it.
REQUEST = struct.Struct("<Bi")
REPLY = struct.Struct("<Bii")
LULL = 200  # milliseconds without a request after which a bundled model is read


class What(IntEnum):
    """Kinds of requests and replies."""

    SPAWN = 1  # request: how nice to others, with a descriptor, the connection; reply: its pid
    KILL = 2  # request: pid
    EXIT = 3  # reply: a worker ended
    REFUSED = 4  # reply: no process could be made (status is the errno)
    READY = 5  # reply: everything is imported


def main(descriptor: int) -> None:
    """Serve the owner on the socket `descriptor` until it closes."""
    # A worker must find these in memory. Python may still want to write its cache files here.

    import odt_core.worker.service  # noqa: F401
    from odt_core.worker.ready import prepare

    control = socket.socket(fileno=descriptor)
    wake, woken = socket.socketpair()
    woken.setblocking(False)
    signal.set_wakeup_fd(woken.fileno(), warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the owner
    _settle()
    poll = select.poll()
    poll.register(control, select.POLLIN)
    poll.register(wake, select.POLLIN)
    children: set[int] = set()
    models = prepare()
    left = True  # whether there are models to read
    control.sendall(REPLY.pack(What.READY, os.getpid(), 0))
    try:
        while True:
            ready = {number for number, _ in poll.poll(LULL if left else None)}
            if not ready:
                left = next(models, None) is not None
                _settle()
            if wake.fileno() in ready:
                wake.recv(4096)
                _reap(children, control)
            if control.fileno() in ready:
                data, descriptors, _, _ = socket.recv_fds(control, REQUEST.size, 1)
                if not data:
                    return
                what, number = REQUEST.unpack(data)
                if what == What.SPAWN:
                    _spawn(descriptors[0], number, children, control, (control, wake, woken))
                elif what == What.KILL and number in children:
                    os.kill(number, signal.SIGKILL)
    except OSError:
        return  # the owner is gone
    finally:
        for pid in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _settle() -> None:
    """Keep the collector from touching, and so copying, the pages that workers share."""
    gc.collect()
    gc.freeze()


def _spawn(
    descriptor: int,
    nice: int,
    children: set[int],
    control: socket.socket,
    ours: tuple[socket.socket, ...],
) -> None:
    nursery = os.getpid()
    try:
        pid = os.fork()
    except OSError as error:
        os.close(descriptor)
        control.sendall(REPLY.pack(What.REFUSED, 0, error.errno or 0))
        return
    if pid:
        os.close(descriptor)
        children.add(pid)
        control.sendall(REPLY.pack(What.SPAWN, pid, 0))
        return
    status = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for mine in ours:
            mine.close()
        from odt_core.worker import landlock, seccomp
        from odt_core.worker.limits import die_first, die_with_parent, limit_resources, step_back
        from odt_core.worker.protocol import Channel
        from odt_core.worker.service import Service

        die_with_parent(nursery)
        die_first()
        step_back(nice)
        limit_resources()
        landlock.restrict(landlock.readable())
        confined = seccomp.install()
        Service(Channel(socket.socket(fileno=descriptor)), confined).serve()
        status = 0
    finally:
        os._exit(status)  # never back into the nursery's loop, whatever was raised


def _reap(children: set[int], control: socket.socket) -> None:
    while children:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        children.discard(pid)
        control.sendall(REPLY.pack(What.EXIT, pid, status))


if __name__ == "__main__":
    main(int(sys.argv[1]))
