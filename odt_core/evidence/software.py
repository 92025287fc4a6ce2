"""The engine's own sources, for a bundle that runs without an installed odt_core."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

_ENGINE = Path(__file__).resolve().parent.parent
_ROOMS = (
    *("samples", "graph", "checkpoint", "dialects", "baking"),
    *("runtime", "evaluation", "training", "worker", "studies", "evidence"),
)
_FILES = tuple(
    f"{name}.py"
    for name in (
        "__init__",
        "bundled",
        "byte_order",
        "cores",
        "errors",
        "files",
        "kinds",
        "lazy",
        "plain",
        "protobuf",
        "scaling",
        "words",
    )
)
REQUIREMENTS = ("ai-edge-litert", "numpy", "pillow", "safetensors")


@cache
def sources() -> Mapping[str, bytes]:
    """Every source file that `reproduce.py` needs, by its path under software/."""
    paths = [_ENGINE / name for name in _FILES]
    for room in _ROOMS:
        paths += sorted((_ENGINE / room).rglob("*.py"))
    files = {f"odt_core/{path.relative_to(_ENGINE).as_posix()}": path for path in paths}
    licence = _ENGINE.parent / "LICENSE"
    if licence.is_file():
        files["LICENSE"] = licence
    return {name: path.read_bytes() for name, path in files.items()}


def script() -> bytes:
    """reproduce.py."""
    return (Path(__file__).parent / "reproduce.py").read_bytes()


def sources_digest() -> str:
    """Hex SHA-256 over the sources: which odt made the bundle, to the letter."""
    digest = hashlib.sha256()
    for name, content in sorted(sources().items()):
        digest.update(name.encode() + b"\0" + hashlib.sha256(content).digest())
    return digest.hexdigest()
