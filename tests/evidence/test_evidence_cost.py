"""What is measured about a process: its connections."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

from odt_core.evidence import NetworkWatch, median_ms

linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@linux
class TestNetworkWatch:
    def test_an_open_connection_is_seen_and_nothing_is_claimed(self):
        with socket.socket() as server:
            server.bind(("127.0.0.1", 0))
            server.listen()
            watch = NetworkWatch(os.getpid())
            watch.look()
        assert watch.result().sent is None
        assert "connections open" in watch.result().how

    def test_a_process_that_may_connect_is_not_believed(self):
        with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as free:
            watch = NetworkWatch(free.pid)
            watch.look()
            free.communicate(b"\n")
        assert watch.result().sent is None
        assert "nothing forbids one" in watch.result().how

    def test_a_process_without_connections_sent_nothing(self):
        from evidence_cases import MODEL

        from odt_core.runtime import Worker

        with Worker.start(MODEL.read_bytes()) as worker:
            watch = NetworkWatch(worker.pid)
            watch.look()
            watch.look()
            result = watch.result()
        assert result.sent == 0
        assert "looked 2 times" in result.how

    def test_without_a_look_nothing_is_claimed(self):
        assert NetworkWatch(os.getpid()).result().sent is None


def test_median_counts_its_calls():
    calls = []
    _, count = median_ms(lambda: calls.append(1), seconds=0.0)
    assert (count, len(calls)) == (5, 6)
