"""odt's answers while no training runs: the weights are constants of the file."""

from __future__ import annotations

import odt_core
from benchmarks.engines.contender import Work
from benchmarks.engines.contenders.odt import VERSION as VERSION


class OdtBaked:
    """A session of the file that `bake(inference_only=True)` gives; it only answers."""

    def __init__(self, work: Work, threads: int) -> None:
        session = odt_core.load_model(work.made / "baked.tflite").session(threads=threads)
        self.infer = session.infer


CONTENDER = OdtBaked
