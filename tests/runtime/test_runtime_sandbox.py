"""What the kernel refuses a worker, tried from inside."""

import json
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from odt_core.runtime import Worker

ROOT = Path(__file__).resolve().parents[2]
MODEL = Path(__file__).parent / "models" / "tiny_momentum.tflite"

ATTEMPTS = """
import json, os, resource, signal, socket, subprocess, sys, threading
from odt_core.runtime import landlock, seccomp

outside, project = sys.argv[1:]
ours, theirs = socket.socketpair()
in_force = {"landlock": landlock.restrict(landlock.readable()), "seccomp": seccomp.install()}

def threaded():
    thread = threading.Thread(target=int)
    thread.start()
    thread.join()

attempts = {
    "network": socket.socket,
    "fork": os.fork,
    "program": lambda: subprocess.run(["true"]),
    "signal": lambda: os.kill(os.getppid(), 0),
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
    "own signal": lambda: os.kill(os.getpid(), 0),
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
CHANGES = ["network", "fork", "program", "signal", "create", "append", "delete", "rename", "limits"]
READS = ["read", "list", "project", "environment"]


@pytest.mark.skipif(platform.system() != "Linux", reason="the sandbox is Linux's")
def test_sandbox_when_a_worker_is_taken_over_then_it_reaches_nothing_outside(tmp_path):
    (tmp_path / "secret").write_text("another visitor's sample")
    done = subprocess.run(
        [sys.executable, "-c", ATTEMPTS, str(tmp_path), str(ROOT)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    told = json.loads(done.stdout)
    in_force = told["in_force"]
    expected = [*(CHANGES if in_force["seccomp"] else []), *(READS if in_force["landlock"] else [])]
    assert [name for name in told["refused"] if name in CHANGES + READS] == expected
    assert not {"code", "thread", "connection", "own signal", "read limits"} & set(told["refused"])
    assert (tmp_path / "secret").read_text() == "another visitor's sample"


@pytest.mark.skipif(platform.machine() not in ("x86_64", "aarch64"), reason="no filter for it")
def test_worker_when_it_has_started_then_the_kernel_filters_its_calls():
    with Worker.start(MODEL.read_bytes()) as worker:
        status = Path(f"/proc/{worker.pid}/status").read_text()
        assert "Seccomp:\t2" in status
        assert "NoNewPrivs:\t1" in status
