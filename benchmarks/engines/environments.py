"""Who takes part, and in which environment: `make bench` sets them up under .bench/."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BENCH = ROOT / ".bench"


@dataclass(frozen=True)
class Entrant:
    """One engine of the race.

    name: of its file in contenders/. title: what tables call it. python: of its environment.
    needs: a package without which it cannot run, as a folder's name in site-packages.
    converts: whether something has to be made ahead of a race. threads: numbers it can use.
    """

    name: str
    title: str
    python: Path
    needs: str
    converts: bool = False
    threads: tuple[int, ...] = (1, 2)

    @property
    def command(self) -> list[str]:
        """How its worker is started, without the number of threads."""
        return [str(self.python), "-m", "benchmarks.engines.worker", self.name]

    @property
    def missing(self) -> str | None:
        """Why it cannot take part; None when it can."""
        if not self.python.exists():
            return f"no environment {self.python.parents[1].name}: run make bench"
        if not any(self._places()):
            return f"its environment has no package {self.needs}"
        return None

    def _places(self) -> Iterator[Path]:
        if self.python == Path(sys.executable):
            found = importlib.util.find_spec(self.needs)
            if found is not None:
                yield Path(found.origin or "")
            return
        yield from self.python.parents[1].glob(f"lib/python*/site-packages/{self.needs}")


def _rival(environment: str) -> Path:
    return BENCH / environment / "bin" / "python"


OWN = Path(sys.executable)
ENTRANTS = (
    Entrant("odt", "odt", OWN, "ai_edge_litert", converts=True),
    Entrant("keras_batch", "Keras train_on_batch", OWN, "keras"),
    Entrant("tf_function", "tf.function", OWN, "tensorflow"),
    Entrant("pytorch", "PyTorch", _rival("torch"), "torch"),
    Entrant(
        "onnx_training",
        "ONNX Runtime Training",
        _rival("onnxruntime"),
        "onnxruntime/training",
        converts=True,
    ),
    Entrant("jax_jit", "JAX jit", _rival("jax"), "jax"),
    Entrant("flex", "Flex", ROOT / ".oracle" / "bin" / "python", "tensorflow", converts=True),
)


def entrants(names: list[str] | None = None) -> tuple[Entrant, ...]:
    """Those of the given names, or all. ValueError when there is none of a name."""
    if names is None:
        return ENTRANTS
    known = {entrant.name: entrant for entrant in ENTRANTS}
    unknown = sorted(set(names) - known.keys())
    if unknown:
        raise ValueError(f"There is no engine {unknown[0]}. There are: {', '.join(known)}.")
    return tuple(known[name] for name in names)


def node() -> str | None:
    """Where Node is."""
    return shutil.which("node")
