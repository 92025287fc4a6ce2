"""Workers that die, hang or run out of memory while they train, save and restore."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from odt_core.bundled import bundled_models, find_card
from odt_core.errors import WorkerError
from odt_core.training import Settings
from odt_core.training.events import Ended, Event, Failed, Progressed
from odt_core.worker import Worker
from odt_core.worker import link as client
from odt_core.worker import memory as memory_module
from odt_core.worker import nursery as nursery_module
from odt_core.worker.memory import available_memory, check_memory
from odt_core.worker.nursery import nursery
from tests.faults.worker_runs import MODEL, TRAIN, During, Fault, run_once
from tests.processes import gone

ENDLESS = Settings(epochs=10_000, batch_size=8)


@pytest.fixture
def worker():
    with Worker.start(MODEL.read_bytes()) as started:
        yield started


class Events:
    """Waits for the first step and for the end."""

    def __init__(self) -> None:
        self.begun, self.over = threading.Event(), threading.Event()
        self.last: Event | None = None

    def __call__(self, event: Event) -> None:
        self.last = event
        if isinstance(event, Progressed):
            self.begun.set()
        if isinstance(event, Ended | Failed):
            self.over.set()


def endless(worker: Worker) -> Events:
    events = Events()
    worker.fit(TRAIN, ENDLESS, on_event=events)
    assert events.begun.wait(30)
    return events


@pytest.fixture(scope="module")
def bystander():
    """Another visitor's worker."""
    with Worker.start(MODEL.read_bytes()) as started:
        yield started


class TestAnyMoment:
    @pytest.mark.parametrize("fault", Fault)
    @pytest.mark.parametrize("during", During)
    def test_run_when_its_worker_is_hurt_then_all_that_was_kept_is_there_and_goes_on(
        self, tmp_path, during, fault, bystander
    ):
        before = bystander.infer(TRAIN.x)
        seed = list(product(During, Fault)).index((during, fault))
        report = run_once(tmp_path, seed, fault, during)
        assert np.array_equal(bystander.infer(TRAIN.x), before)
        if fault is Fault.CRASHED and report.phase == "failed":
            assert "The model crashed" in report.message


class TestHanging:
    def test_training_that_hangs_then_is_ended_although_nobody_asks(self, worker, monkeypatch):
        monkeypatch.setattr(client, "RUN_SECONDS", 3.0)
        events = endless(worker)
        os.kill(worker.pid, signal.SIGSTOP)
        assert events.over.wait(30)
        assert isinstance(events.last, Failed)
        assert "did not answer" in events.last.message
        assert gone(worker.pid)

    def test_training_that_is_paused_for_long_then_goes_on(self, worker, monkeypatch):
        monkeypatch.setattr(client, "RUN_SECONDS", 3.0)
        events = endless(worker)
        worker.pause()
        time.sleep(4.0)
        events.begun.clear()
        worker.resume()
        assert events.begun.wait(30)

    def test_worker_that_reads_nothing_then_a_large_message_ends_it(self, worker, monkeypatch):
        monkeypatch.setattr(client, "CALL_SECONDS", 0.2)
        os.kill(worker.pid, signal.SIGSTOP)
        with pytest.raises(WorkerError, match="did not answer"):
            worker.infer(np.zeros((50_000, 8, 8, 1), np.float32))
        assert gone(worker.pid)


class TestSlow:
    def test_call_that_takes_long_but_goes_on_is_waited_for(self, monkeypatch):
        monkeypatch.setattr(client, "CALL_SECONDS", 1.5)
        path = next(path for path in bundled_models() if path.stem == "photos")
        pictures = np.zeros((600, 160, 160, 3), np.float32)
        pictures[:, 0, 0, 0] = np.arange(600)  # the same one twice is computed once
        with Worker.start(path.read_bytes(), find_card(path)) as worker:
            began = time.monotonic()
            assert len(worker.infer(pictures)) == 600
            assert time.monotonic() - began > 1.5

    def test_call_that_is_never_answered_ends_whatever_signs_of_life_come(
        self, worker, monkeypatch
    ):
        monkeypatch.setattr(client, "LONGEST_SECONDS", 0.5)
        endless(worker)
        monkeypatch.setattr(worker._link._channel, "send", lambda message: None)  # nothing arrives
        with pytest.raises(WorkerError, match="did not answer"):
            worker.infer(TRAIN.x)

    def test_call_while_it_trains_has_as_long_as_a_step(self, worker, monkeypatch):
        endless(worker)
        monkeypatch.setattr(client, "CALL_SECONDS", 0.0)
        assert worker.infer(TRAIN.x).shape == (12, 4)


class TestNursery:
    def test_nursery_killed_then_hung_workers_end_and_new_ones_start(self, worker):
        os.kill(worker.pid, signal.SIGSTOP)
        os.kill(nursery().pid, signal.SIGKILL)
        assert gone(worker.pid)
        with pytest.raises(WorkerError, match="start it again"):
            worker.infer(TRAIN.x)
        with Worker.start(MODEL.read_bytes()) as other:
            assert other.infer(TRAIN.x).shape == (12, 4)

    def test_nursery_that_answers_late_then_ends_what_nobody_waits_for(self, monkeypatch):
        ours, theirs = socket.socketpair()
        own = nursery_module.Nursery()
        with ours, theirs:
            first = own.spawn(theirs.fileno(), 0)
            os.kill(own.pid, signal.SIGSTOP)
            monkeypatch.setattr(nursery_module, "START_SECONDS", 0.2)
            for _ in range(2):
                with pytest.raises(WorkerError, match="cannot be started"):
                    own.spawn(theirs.fileno(), 0)
            monkeypatch.undo()
            os.kill(own.pid, signal.SIGCONT)
            last = own.spawn(theirs.fileno(), 0)
            assert own.alive
            deadline = time.monotonic() + 10
            while children_of(own.pid) != {first.pid, last.pid}:
                assert time.monotonic() < deadline
                time.sleep(0.01)
            for child in (last, first):
                child.kill()
                assert child.wait(10) == -signal.SIGKILL
            os.kill(own.pid, signal.SIGKILL)


def children_of(pid: int) -> set[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return {int(child) for child in listed}


class TestMemory:
    def test_worker_when_the_machine_is_short_of_memory_then_is_refused(self, monkeypatch):
        monkeypatch.setattr(memory_module, "available_memory", lambda: 100 * 2**20)
        with pytest.raises(WorkerError, match="short of memory"):
            Worker.start(MODEL.read_bytes())

    def test_training_when_the_machine_is_short_of_memory_then_is_refused_and_can_start_later(
        self, worker, monkeypatch
    ):
        with monkeypatch.context() as short:
            short.setattr(memory_module, "available_memory", lambda: 100 * 2**20)
            with pytest.raises(WorkerError, match="short of memory"):
                worker.fit(TRAIN, ENDLESS, on_event=Events())
        assert worker.infer(TRAIN.x).shape == (12, 4)
        endless(worker)

    def test_check_when_the_system_does_not_tell_then_nothing_is_refused(self, tmp_path):
        assert available_memory(tmp_path / "none", tmp_path) is None
        check_memory(128 * 2**20)

    def test_available_when_a_container_has_less_then_is_the_containers(self, tmp_path):
        machine = tmp_path / "meminfo"
        machine.write_text("MemTotal:  8000 kB\nMemAvailable:   5000 kB\n")
        assert available_memory(machine, tmp_path) == 5_120_000
        (tmp_path / "memory.max").write_text("4000000\n")
        (tmp_path / "memory.current").write_text("3000000\n")
        (tmp_path / "memory.stat").write_text("anon 1\ninactive_file 250000\n")
        assert available_memory(machine, tmp_path) == 1_250_000
        (tmp_path / "memory.max").write_text("max\n")
        assert available_memory(machine, tmp_path) == 5_120_000

    def test_worker_is_what_the_kernel_ends_first(self, worker):
        try:
            with open(f"/proc/{worker.pid}/oom_score_adj", encoding="ascii") as file:
                assert file.read() == "1000\n"
        except FileNotFoundError:
            pytest.skip("needs /proc")
