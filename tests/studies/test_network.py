"""What is measured about a process: its sockets, and what the machine sends."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time

import pytest

from odt_core.studies.network import NetworkWatch, network_sockets, process_status, sent_by_machine
from odt_core.studies.timing import median_ms

# What a container's profile may be: a filter (BPF_RET, SECCOMP_RET_ALLOW) that allows every call.
ALLOWS_ALL = """
import ctypes, struct
code = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0x7FFF0000))
program = ctypes.create_string_buffer(struct.pack("HxxxxxxP", 1, ctypes.addressof(code)))
prctl = ctypes.CDLL(None).prctl
prctl.argtypes = (ctypes.c_int, *[ctypes.c_ulong] * 4)
assert prctl(38, 1, 0, 0, 0) == prctl(22, 2, ctypes.addressof(program), 0, 0) == 0
print("filtered", flush=True)
input()
"""
HOLDS_ONE = """
import socket
with socket.socket():
    print(flush=True), input()
print(flush=True), input()
"""
linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@linux
class TestNetworkWatch:
    def test_socket_when_open_at_any_look_claims_nothing(self):
        pipe = subprocess.PIPE
        with subprocess.Popen([sys.executable, "-c", HOLDS_ONE], stdin=pipe, stdout=pipe) as held:
            watch = NetworkWatch(held.pid)
            for _ in range(2):  # with the socket open, and closed again
                held.stdout.readline()
                watch.look()
                held.stdin.write(b"\n")
                held.stdin.flush()
        result = watch.result()
        assert result.sockets == 1
        assert result.bytes_sent is None
        assert "held a network socket" in result.sentence

    @pytest.mark.parametrize(
        ("family", "kind", "counted"),
        [
            (socket.AF_INET, socket.SOCK_STREAM, 1),
            (socket.AF_INET6, socket.SOCK_DGRAM, 1),
            (socket.AF_NETLINK, socket.SOCK_RAW, 1),
            (socket.AF_UNIX, socket.SOCK_STREAM, 0),
        ],
    )
    def test_socket_of_any_kind_counts_before_it_is_bound_but_for_those_of_the_machine(
        self, family, kind, counted
    ):
        before = network_sockets(os.getpid())
        try:
            opened = socket.socket(family, kind)
        except OSError:
            pytest.skip("the kernel has no such sockets")
        with opened:
            assert network_sockets(os.getpid()) == before + counted

    def test_process_when_free_to_connect_is_not_believed(self):
        with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as free:
            watch = NetworkWatch(free.pid)
            watch.look()
            free.communicate(b"\n")
        result = watch.result()
        assert (result.bytes_sent, result.confined) == (None, False)
        assert "no filter of odt's kept the process from having one" in result.sentence

    def test_process_behind_a_filter_that_allows_sockets_is_not_believed(self):
        with subprocess.Popen(
            [sys.executable, "-c", ALLOWS_ALL],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as filtered:
            assert filtered.stdout.readline() == "filtered\n"
            assert "Seccomp:\t2\n" in process_status(filtered.pid)
            result = NetworkWatch(filtered.pid).result()
            filtered.communicate("\n")
        assert (result.bytes_sent, result.confined) == (None, False)
        assert "the kernel refuses" not in result.sentence

    def test_process_when_confined_without_sockets_sent_nothing(self):
        from odt_core.worker import Worker
        from tests.evaluation.evaluation_material import DIGITS

        with Worker.start(DIGITS.read_bytes()) as worker:
            watch = NetworkWatch(worker.pid, confined=worker.confined)
            watch.look()
            watch.look()
            result = watch.result()
        assert (result.bytes_sent, result.sockets, result.looks) == (0, 0, 3)
        assert "looked 3 times" in result.sentence

    def test_process_when_gone_cannot_be_measured(self):
        with subprocess.Popen([sys.executable, "-c", ""]) as gone:
            gone.wait()
        result = NetworkWatch(gone.pid).result()
        assert (result.bytes_sent, result.machine_bytes) == (None, None)
        assert "cannot be measured" in result.sentence

    def test_machines_bytes_leave_out_what_stays_on_it(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
            one.bind(("127.0.0.1", 0))
            before = sent_by_machine()
            for _ in range(400):
                one.sendto(b"x" * 30_000, one.getsockname())
            after = sent_by_machine()
        assert before is not None
        assert 0 <= after - before < 12_000_000 / 2  # of 12 MB; others may send meanwhile


def test_median_is_of_five_calls_at_least_after_three(monkeypatch):
    takes, now = iter([90, 90, 90, 1, 2, 4, 8, 16]), 0.0

    def call() -> None:
        nonlocal now
        now += next(takes)

    monkeypatch.setattr(time, "perf_counter", lambda: now)
    assert median_ms(call, seconds=0.0) == 4_000
    assert next(takes, None) is None
