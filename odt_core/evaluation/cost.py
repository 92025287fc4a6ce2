"""What training costs here: time, memory, network and disk, each measured."""

from __future__ import annotations

import contextlib
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from odt_core.evaluation.study import Stopped, never
from odt_core.training.settings import Settings

if TYPE_CHECKING:
    from odt_core.evaluation.trainer import SessionTrainer, WorkerTrainer
    from odt_core.samples import Samples

INFERENCES = 30  # single inferences timed
_NETWORKS = ("tcp", "tcp6", "udp", "udp6", "udplite", "udplite6", "raw", "raw6", "icmp", "packet")


@dataclass(frozen=True)
class NetworkUse:
    """What a process could and did send over the network.

    sockets: how many network sockets (TCP, UDP, raw, packet) it had, looked at before, during and
    after. confined: whether a filter in the kernel, which no process can take off again, kept it
    from making any; seen in /proc. bytes_sent: 0 where it was confined and had none: then nothing
    can have been sent. None where that cannot be told (another system than Linux, no filter).
    """

    sockets: int | None
    confined: bool
    bytes_sent: int | None
    sentence: str


@dataclass(frozen=True)
class Cost:
    """step_ms: mean over `steps` steps of training. inference_ms: median of `inferences` single
    answers, transport to the model's process included. peak_memory: bytes, of the process that
    trains, its code included; None where the system does not tell. checkpoint_bytes: the file.
    """

    step_ms: float
    steps: int
    batch_size: int
    inference_ms: float
    inferences: int
    peak_memory: int | None
    network: NetworkUse
    checkpoint_bytes: int
    sentence: str


def measure_cost(
    trainer: SessionTrainer | WorkerTrainer,
    samples: Samples,
    settings: Settings,
    *,
    replay: Samples | None = None,
    stopped: Stopped = never,
) -> Cost:
    """Train once from the base and measure. Only a WorkerTrainer's process is confined, and its
    memory that of the model alone. Errors as Trainer.train.
    """
    from odt_core.checkpoint import Checkpoint, CheckpointMeta, save_checkpoint

    pid = trainer.pid
    watch = _Watch(pid)

    def looks() -> bool:
        watch.look()
        return stopped()

    trainer.train(samples, settings, replay=replay, stopped=looks)
    last = trainer.last
    assert last is not None
    times = []
    for at in range(INFERENCES + 3):
        one = samples.x[at % len(samples)][None]
        began = time.perf_counter()
        trainer.infer(one)
        times.append(time.perf_counter() - began)
    watch.look()
    meta = CheckpointMeta(
        model_sha256="0" * 64,
        step=last.steps,
        settings=settings.to_json(),
        seed=settings.seed,
        labels=tuple(samples.labels.names),
    )
    size = len(save_checkpoint(Checkpoint(trainer.state(), meta)))
    step_ms = 1000 * last.seconds / max(last.steps, 1)
    inference_ms = 1000 * float(np.median(times[3:]))  # the first few warm up
    memory, network = peak_memory(pid), watch.result()
    return Cost(
        step_ms=step_ms,
        steps=last.steps,
        batch_size=settings.batch_size,
        inference_ms=inference_ms,
        inferences=INFERENCES,
        peak_memory=memory,
        network=network,
        checkpoint_bytes=size,
        sentence=_sentence(step_ms, last.steps, inference_ms, memory, network, size),
    )


def peak_memory(pid: int) -> int | None:
    """The most memory that a process ever had resident, bytes; None where not known."""
    found = re.search(r"^VmHWM:\s+(\d+) kB", _status(pid), re.MULTILINE)
    return 1024 * int(found[1]) if found else None


def is_confined(pid: int) -> bool:
    """Whether a filter of system calls (seccomp) is on a process; see odt_core.runtime.seccomp."""
    return re.search(r"^Seccomp:\s+2$", _status(pid), re.MULTILINE) is not None


def network_sockets(pid: int) -> int | None:
    """How many network sockets a process holds; None where the system does not tell."""
    known: set[str] = set()
    open_files = []
    try:
        for path in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):  # closed in the meantime
                open_files.append(os.readlink(path))
    except OSError:
        return None
    for kind in _NETWORKS:
        with contextlib.suppress(OSError):
            lines = Path(f"/proc/{pid}/net/{kind}").read_text("ascii", "replace").splitlines()[1:]
            at = -1 if kind == "packet" else 9  # the column of the inode
            known |= {line.split()[at] for line in lines if len(line.split()) > 8}
    return sum(name.startswith("socket:[") and name[8:-1] in known for name in open_files)


class _Watch:
    """Looks at a process's sockets now and then."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._most: int | None = 0
        self._confined = is_confined(pid)
        self.look()

    def look(self) -> None:
        found = network_sockets(self._pid)
        self._most = None if found is None or self._most is None else max(self._most, found)

    def result(self) -> NetworkUse:
        confined, sockets = self._confined and is_confined(self._pid), self._most
        if sockets is None:
            sentence = "What is sent over the network cannot be measured on this system."
        elif sockets:
            sentence = f"The process held {sockets} network sockets, so it may have sent something."
        elif not confined:
            sentence = "No network socket was open whenever we looked; nothing kept it from one."
        else:
            sentence = (
                "0 bytes sent: the process held no network socket, and the kernel refuses it one."
            )
        sent = 0 if confined and sockets == 0 else None
        return NetworkUse(sockets, confined, sent, sentence)


def _status(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/status").read_text("ascii", "replace")
    except OSError:
        return ""


def _sentence(
    step: float, steps: int, inference: float, memory: int | None, network: NetworkUse, size: int
) -> str:
    told = [f"{step:.1f} ms a step (mean of {steps})", f"{inference:.1f} ms an answer"]
    if memory is not None:
        told.append(f"{memory / 1e6:.0f} MB of memory at most")
    told.append(f"a checkpoint of {size / 1e6:.1f} MB")
    return f"{', '.join(told)}. {network.sentence}"
