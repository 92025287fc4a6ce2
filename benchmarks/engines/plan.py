"""Which cells a run measures, and how thoroughly."""

from __future__ import annotations

from dataclasses import dataclass, replace

from benchmarks.engines.networks import NETWORKS


@dataclass(frozen=True)
class Cell:
    """One comparison: the same net, batch, optimiser and threads for everybody."""

    network: str
    batch: int
    threads: int
    optimiser: str

    @property
    def key(self) -> str:
        """Its name in files: "mlp-b32-t1-sgd"."""
        return f"{self.network}-b{self.batch}-t{self.threads}-{self.optimiser}"

    @property
    def infers(self) -> bool:
        """Whether answers are timed too: once a net, as no optimiser takes part in them."""
        return self.optimiser == "sgd"


@dataclass(frozen=True)
class Plan:
    """What a run does. seconds: of one turn of one engine. rounds: turns an engine gets.

    check_seconds: after so long an engine stops its steps of the check. longest: a step that is
    expected to take more seconds is not taken.
    """

    networks: tuple[str, ...]
    batches: tuple[int, ...]
    threads: tuple[int, ...]
    optimisers: tuple[str, ...]
    rounds: int
    seconds: float
    check_seconds: float
    longest: float
    starts: int  # fresh processes of each engine, for import time and memory

    def cells(self) -> tuple[Cell, ...]:
        """Every cell, what is asked about most first: time may run out."""
        return tuple(
            Cell(network, batch, threads, optimiser)
            for optimiser in self.optimisers
            for threads in self.threads
            for network in self.networks
            for batch in self.batches
        )


FULL = Plan(
    networks=tuple(NETWORKS),
    batches=(1, 32, 128),
    threads=(1, 2),
    optimisers=("sgd", "adam"),
    rounds=5,
    seconds=0.08,
    check_seconds=2.0,
    longest=3.0,
    starts=3,
)
QUICK = replace(
    FULL,
    networks=("mlp", "strided", "cnn", "head"),
    threads=(1,),
    optimisers=("sgd",),
    rounds=3,
    seconds=0.06,
    check_seconds=1.0,
    longest=1.0,
    starts=1,
)
