"""The dashboard's server as a user starts it, and what it and its workers take."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

from benchmarks.load.tab import Tab

ROOT = Path(__file__).resolve().parents[2]
HOST = "127.0.0.1"


@dataclass(frozen=True)
class Usage:
    """What the server and all that it started take at one moment."""

    server_mb: float  # proportional set size of the server's own process
    workers_mb: float  # and of all processes below it
    workers: int
    threads: int  # of the server's process
    open_files: int  # of the server's process
    cpu_seconds: float  # of all of them since they were started


class DashboardServer:
    """`streamlit run app.py` on a workspace folder of its own."""

    def __init__(self, folder: Path, *options: str) -> None:
        """options: further command-line options of `streamlit run`."""
        self.folder, self.options = folder, options
        self.workspaces = folder / "workspaces"
        with socket.socket() as probe:
            probe.bind((HOST, 0))
            self.port: int = probe.getsockname()[1]
        self._process: subprocess.Popen | None = None

    def start(self) -> DashboardServer:
        """Start it and wait until it answers."""
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless", "true",
                 "--server.port", str(self.port), *self.options],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, "ODT_WORKSPACES": str(self.workspaces)},
            )  # fmt: skip
        directly = build_opener(ProxyHandler({}))
        for _ in range(600):
            try:
                with directly.open(f"{self.url}/_stcore/health", timeout=1):
                    return self
            except OSError:
                time.sleep(0.1)
        raise RuntimeError(self.log)

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def log(self) -> str:
        """Everything that the server and its workers have written out so far."""
        return (self.folder / "server.log").read_text(errors="replace")

    def tab(self, token: str = "", page: str = "") -> Tab:
        """A tab that is not open yet."""
        return Tab(HOST, self.port, f"w={token}" if token else "", page)

    def usage(self) -> Usage:
        """Read from /proc: works on Linux only."""
        assert self._process is not None
        children = _children()
        todo, below = list(children.get(self._process.pid, [])), []
        while todo:
            below.append(todo.pop())
            todo += children.get(below[-1], [])
        own = Path(f"/proc/{self._process.pid}")
        return Usage(
            pss(self._process.pid),
            sum(map(pss, below)),
            len(below),
            len(list((own / "task").iterdir())),
            len(list((own / "fd").iterdir())),
            sum(map(_cpu, [self._process.pid, *below])),
        )


def _children() -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rsplit(")", 1)[1].split()[1])
        except (OSError, IndexError):
            continue
        found.setdefault(parent, []).append(int(stat.parent.name))
    return found


def pss(pid: int) -> float:
    """Megabytes; what several processes share is divided among them. 0 when it has ended."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0.0
    return (
        next((int(line.split()[1]) for line in text.splitlines() if line[:4] == "Pss:"), 0) / 1024
    )


def _cpu(pid: int) -> float:
    """Processor seconds, children that were waited for included."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
