"""What a process keeps of memory that it is done with."""

from __future__ import annotations

import platform
import socket
import subprocess
import sys
import threading
import weakref
from pathlib import Path

import numpy as np
import pytest

from odt_core.training import History, Settings, fit
from odt_core.worker import service
from odt_core.worker.protocol import Channel, Message
from odt_core.worker.wire import pack_samples
from tests.bright_pixels import some

MODEL = Path(__file__).parents[1] / "runtime" / "models" / "tiny_momentum.tflite"
# 200 pieces of 256 kB with small ones between them, after one that makes glibc keep such pieces.
SCRIPT = """
import sys
from pathlib import Path
from odt_core.worker.limits import keep_little_memory

def megabytes():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20

if sys.argv[1] == "asked":
    keep_little_memory()
large = b"x" * 2**24
del large
pieces, between = [], []
for _ in range(200):
    pieces.append(b"x" * 2**18)
    between.append(b"x" * 2**11)
full = megabytes()
pieces.clear()
print(full - megabytes())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library is another one")
def test_pieces_go_back_to_the_system_when_they_are_free() -> None:
    given_back = {}
    for what in ("asked", "left alone"):
        command = [sys.executable, "-c", SCRIPT, what]
        run = subprocess.run(command, capture_output=True, text=True, check=True)
        given_back[what] = float(run.stdout)
    assert given_back["asked"] > 45
    assert given_back["asked"] > given_back["left alone"] + 5


def test_worker_lets_go_of_what_a_training_averaged(monkeypatch) -> None:
    ended = []

    def watched(*arguments: object, **named: object) -> History:
        history = fit(*arguments, **named)
        ended.append(weakref.ref(history.progress))
        return history

    monkeypatch.setattr(service, "fit", watched)
    ours, theirs = socket.socketpair()
    asking = Channel(ours)
    serve = service.Service(Channel(theirs), confined=False).serve
    serving = threading.Thread(target=serve, daemon=True)
    serving.start()
    data = np.frombuffer(MODEL.read_bytes(), np.uint8)
    asking.send(Message("load", 1, {"name": MODEL.name}, {"model": data}))
    settings = Settings(epochs=1, batch_size=4, replay=0.0, average=0.5)
    body, arrays = {"settings": settings.to_json(), "autosave_seconds": None, "threads": 1}, {}
    pack_samples("samples", some(8), body, arrays)
    asking.send(Message("fit", 0, body, arrays))
    asking.send(Message("go"))
    while asking.receive().kind not in ("Ended", "Failed"):
        pass
    asking.send(Message("ping", 2))
    assert asking.receive().id == 2
    assert [progress() for progress in ended] == [None]
    asking.close()
    serving.join(10)
