"""What the kernel refuses a worker, tried from inside."""

import json
import os
import platform
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from odt_core.worker import Worker
from odt_core.worker.protocol import Channel, Message
from odt_core.worker.service import Service

ROOT = Path(__file__).resolve().parents[2]
MODEL = Path(__file__).parents[1] / "runtime" / "models" / "tiny_momentum.tflite"

ATTEMPTS = """
import ctypes, json, os, platform, resource, signal, socket, subprocess, sys, threading
from odt_core.worker import landlock, seccomp

outside, project = sys.argv[1:]
ours, theirs = socket.socketpair()
in_force = {"landlock": landlock.restrict(landlock.readable()), "seccomp": seccomp.install()}

def threaded():
    thread = threading.Thread(target=int)
    thread.start()
    thread.join()

libc = ctypes.CDLL(None, use_errno=True)
column = platform.machine() == "aarch64"
parent = os.getppid()

def call(numbers, *arguments):  # by its numbers on x86-64 and ARM64; raises PermissionError alone
    def made():
        if libc.syscall(numbers[column], *map(ctypes.c_long, arguments)) == -1:
            if ctypes.get_errno() == 1:
                raise PermissionError
    return made

attempts = {
    "network": socket.socket,
    "fork": os.fork,
    "program": lambda: subprocess.run(["true"]),
    "signal": lambda: os.kill(os.getppid(), 0),
    "tgkill": call((234, 131), parent, parent, 0),
    "tkill": call((200, 130), parent, 0),
    "rt_sigqueueinfo": call((129, 138), parent, 0, 0),
    "rt_tgsigqueueinfo": call((297, 240), parent, parent, 0, 0),
    "setpriority": lambda: os.setpriority(0, parent, os.getpriority(0, parent)),
    "ioprio_set": call((251, 30), 1, parent, 0),
    "sched_setparam": call((142, 118), parent, 0),
    "sched_setscheduler": call((144, 119), parent, 0, 0),
    "sched_setattr": call((314, 274), parent, 0, 0),
    "sched_setaffinity": lambda: os.sched_setaffinity(parent, os.sched_getaffinity(parent)),
    "shmget": call((29, 194), 4711, 0, 0),
    "shmctl": call((31, 195), -1, 2, 0),
    "shmat": call((30, 196), -1, 0, 0),
    "semget": call((64, 190), 4711, 0, 0),
    "semctl": call((66, 191), -1, 0, 2, 0),
    "semop": call((65, 193), -1, 0, 0),
    "semtimedop": call((220, 192), -1, 0, 0, 0),
    "msgget": call((68, 186), 4711, 0),
    "msgctl": call((71, 187), -1, 2, 0),
    "msgsnd": call((69, 189), -1, 0, 0, 0),
    "msgrcv": call((70, 188), -1, 0, 0, 0, 0),
    "mq_open": call((240, 180), 0, 0),
    "mq_unlink": call((241, 181), 0),
    "F_SETOWN": call((72, 25), theirs.fileno(), 8, parent),
    "F_SETSIG": call((72, 25), theirs.fileno(), 10, signal.SIGURG),
    "F_SETOWN_EX": call((72, 25), theirs.fileno(), 15, 0),
    "FIOSETOWN": call((16, 29), theirs.fileno(), 0x8901, 0),
    "SIOCSPGRP": call((16, 29), theirs.fileno(), 0x8902, 0),
    "FIOASYNC": call((16, 29), theirs.fileno(), 0x5452, 0),
    "create": lambda: open(outside + "/new", "w"),
    "append": lambda: open(outside + "/secret", "a"),
    "delete": lambda: os.unlink(outside + "/secret"),
    "rename": lambda: os.rename(outside + "/secret", outside + "/other"),
    "limits": lambda: resource.setrlimit(resource.RLIMIT_CORE, (0, 0)),
    "read": lambda: open(outside + "/secret").read(),
    "list": lambda: os.listdir(outside),
    "project": lambda: os.listdir(project),
    "environment": lambda: open(f"/proc/{os.getppid()}/environ", "rb").read(),
    "code": lambda: open(project + "/odt_core/errors.py").read(),
    "thread": threaded,
    "connection": lambda: (ours.send(b"x"), theirs.recv(1)),
    "flags": lambda: (theirs.setblocking(False), os.set_inheritable(theirs.fileno(), False)),
    "own signal": lambda: os.kill(os.getpid(), 0),
    "signal to a thread": lambda: signal.pthread_kill(threading.get_ident(), 0),
    "read limits": lambda: resource.getrlimit(resource.RLIMIT_CORE),
}
refused = []
for name, attempt in attempts.items():
    try:
        attempt()
    except (PermissionError, ValueError):
        refused.append(name)
print(json.dumps({"in_force": in_force, "refused": refused}))
"""
OTHERS = [
    *("network", "fork", "program", "signal", "tgkill", "tkill", "rt_sigqueueinfo"),
    *("rt_tgsigqueueinfo", "setpriority", "ioprio_set", "sched_setparam", "sched_setscheduler"),
    *("sched_setattr", "sched_setaffinity", "shmget", "shmctl", "shmat", "semget", "semctl"),
    *("semop", "semtimedop", "msgget", "msgctl", "msgsnd", "msgrcv", "mq_open", "mq_unlink"),
    *("F_SETOWN", "F_SETSIG", "F_SETOWN_EX", "FIOSETOWN", "SIOCSPGRP", "FIOASYNC"),
]
CHANGES = [*OTHERS, "create", "append", "delete", "rename", "limits"]
READS = ["read", "list", "project", "environment"]


def tried(outside: Path) -> dict:
    """What came of the attempts by a program that was started in `outside`, which is on its path
    for modules, as Python has it for `python -m`, and in PYTHONPATH.
    """
    (outside / "attempts.py").write_text(ATTEMPTS)
    done = subprocess.run(
        [sys.executable, "-m", "attempts", str(outside), str(ROOT)],
        capture_output=True,
        text=True,
        cwd=outside,
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{outside}"},
        check=True,
    )
    return json.loads(done.stdout)


@pytest.mark.skipif(platform.system() != "Linux", reason="the sandbox is Linux's")
def test_sandbox_when_a_worker_is_taken_over_then_it_reaches_nothing_outside(tmp_path):
    (tmp_path / "secret").write_text("another visitor's sample")
    told = tried(tmp_path)
    in_force = told["in_force"]
    expected = [*(CHANGES if in_force["seccomp"] else []), *(READS if in_force["landlock"] else [])]
    assert [name for name in told["refused"] if name in CHANGES + READS] == expected
    needed = {
        "code",
        "thread",
        "connection",
        "flags",
        "own signal",
        "signal to a thread",
        "read limits",
    }
    assert not needed & set(told["refused"])
    assert (tmp_path / "secret").read_text() == "another visitor's sample"


@pytest.mark.skipif(platform.system() != "Linux", reason="the sandbox is Linux's")
def test_process_when_it_aborts_behind_the_filter_then_it_ends_by_that_signal():
    code = "import os; from odt_core.worker import seccomp; seccomp.install(); os.abort()"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, stderr=subprocess.DEVNULL)
    assert done.returncode == -signal.SIGABRT


@pytest.mark.skipif(platform.machine() not in ("x86_64", "aarch64"), reason="no filter for it")
def test_worker_when_it_has_started_then_the_kernel_filters_its_calls():
    with Worker.start(MODEL.read_bytes()) as worker:
        status = Path(f"/proc/{worker.pid}/status").read_text()
        assert "Seccomp:\t2" in status
        assert "NoNewPrivs:\t1" in status
        assert worker.confined


def test_worker_without_the_filter_says_so_before_it_has_a_model():
    ours, theirs = socket.socketpair()
    asking = Channel(ours)
    service = threading.Thread(target=Service(Channel(theirs), confined=False).serve)
    service.start()
    asking.send(Message("confined", 1))
    assert asking.receive().body == {"confined": False}
    asking.close()
    service.join(10)
