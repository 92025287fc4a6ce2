"""Who takes part, and in which environment: `make bench` sets them up under .bench/."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BENCH = ROOT / ".bench"
TFJS, _TFJS = BENCH / "tfjs", "@tensorflow/tfjs"
CONTENDERS = Path(__file__).parent / "contenders"


@dataclass(frozen=True)
class Entrant:
    """One engine of the race.

    name: of its file in contenders/. title: what tables call it. environment: the folder of its
    packages, None for odt's own. package: without which it cannot run. converted: whose `make`
    writes what it runs, None when nothing has to be made. threads: numbers it can use.
    """

    name: str
    title: str
    environment: Path | None
    package: str
    converted: str | None = None
    threads: tuple[int, ...] = (1, 2)

    @property
    def python(self) -> Path:
        """The interpreter that has its packages."""
        return Path(sys.executable) if self.environment is None else self.environment / "bin/python"

    def command(self, threads: int) -> list[str]:
        """How its worker is started."""
        return [str(self.python), "-m", "benchmarks.engines.worker", self.name, str(threads)]

    @property
    def missing(self) -> str | None:
        """Why it cannot take part; None when it can."""
        if self.environment is None:
            there = importlib.util.find_spec(self.package) is not None
        else:
            there = any(self.environment.glob(f"lib/python*/site-packages/{self.package}"))
        return None if there else f"its package {self.package} is not installed: run make bench"


class DrillEntrant(Entrant):
    """odt or Flex with other people's models."""

    def command(self, threads: int) -> list[str]:
        return [str(self.python), "-m", "benchmarks.engines.drill_worker", self.name, str(threads)]


class NodeEntrant(Entrant):
    """TensorFlow.js with one of its backends, after the underscore in its name."""

    def command(self, threads: int) -> list[str]:
        backend = self.name.partition("_")[2]
        return [shutil.which("node") or "node", str(CONTENDERS / "tfjs.cjs"), backend]

    @property
    def missing(self) -> str | None:
        if shutil.which("node") is None:
            return "there is no node on the path"
        assert self.environment is not None
        there = (self.environment / "node_modules" / self.package).exists()
        return None if there else f"its package {self.package} is not installed: run make bench"


ENTRANTS: tuple[Entrant, ...] = (
    Entrant("odt", "odt", None, "ai_edge_litert", "odt"),
    Entrant("odt_baked", "odt, weights baked in", None, "ai_edge_litert", "odt"),
    Entrant("keras_batch", "Keras train_on_batch", None, "keras"),
    Entrant("tf_function", "tf.function", None, "tensorflow"),
    Entrant("pytorch", "PyTorch", BENCH / "torch", "torch"),
    Entrant(
        "onnx_training",
        "ONNX Runtime Training",
        BENCH / "onnxruntime",
        "onnxruntime/training",
        "onnx_training",
    ),
    Entrant("jax_jit", "JAX jit", BENCH / "jax", "jax"),
    Entrant("flex", "Flex (TF 2.18.1)", ROOT / ".oracle", "tensorflow", "flex"),
    NodeEntrant("tfjs_wasm", "TensorFlow.js wasm", TFJS, f"{_TFJS}-backend-wasm", None, (1,)),
    NodeEntrant("tfjs_cpu", "TensorFlow.js cpu", TFJS, _TFJS, None, (1,)),
)


def entrants(names: Iterable[str] | None = None) -> tuple[Entrant, ...]:
    """Those of the given names, or all. ValueError when there is none of a name."""
    if names is None:
        return ENTRANTS
    known = {entrant.name: entrant for entrant in ENTRANTS}
    unknown = sorted(set(names) - known.keys())
    if unknown:
        raise ValueError(f"There is no engine {unknown[0]}. There are: {', '.join(known)}.")
    return tuple(known[name] for name in names)
