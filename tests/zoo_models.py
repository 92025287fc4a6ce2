"""The oracle's zoo as tests meet it: the files with their Flex ops, and odt's models of them."""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path

from drill import Drill

from odt_core.runtime import Model, load_model

ORACLE = Path(__file__).parent / "oracle"
NAMES = sorted(path.name.removesuffix(".tflite.gz") for path in ORACLE.glob("models/*.gz"))


@cache
def zoo_file(name: str) -> bytes:
    """The .tflite as TensorFlow converted it."""
    return gzip.decompress((ORACLE / "models" / f"{name}.tflite.gz").read_bytes())


@cache
def zoo_model(name: str) -> Model:
    """The lowered model; one for all tests, each has sessions of its own."""
    return load_model(zoo_file(name))


@cache
def zoo_drill(name: str) -> Drill:
    """What the oracle did with it."""
    return Drill.from_json(
        json.loads((ORACLE / "recordings" / f"{name}.json").read_text())["drill"]
    )
