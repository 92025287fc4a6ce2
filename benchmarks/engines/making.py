"""What engines convert ahead of the race, kept until its sources change."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from functools import lru_cache
from pathlib import Path

from benchmarks.engines.environments import BENCH, ROOT, Entrant
from benchmarks.engines.networks import Network
from benchmarks.engines.team import EngineError

HERE = Path(__file__).parent
# What all conversions depend on, besides the engine's own file.
_SOURCES = ("networks.py", "material.py", "contender.py", "keras_network.py", "tf_network.py")


def made(entrant: Entrant, network: Network, optimiser: str, material: Path) -> Path:
    """The folder with what the engine needs for a net; made now when it is not there.

    Raises EngineError when it cannot be made.
    """
    if entrant.converted is None:
        return BENCH / "made"
    name = f"{network.name}-{optimiser}"
    folder = BENCH / "made" / entrant.converted / f"{name}-{sources(entrant.converted)}"
    if folder.exists():
        return folder
    for outdated in folder.parent.glob(f"{name}-*"):
        shutil.rmtree(outdated)
    unfinished = folder.with_suffix(".part")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    request = {
        "network": network.to_json(),
        "optimiser": optimiser,
        "material": str(material),
        "folder": str(unfinished),
    }
    run = subprocess.run(
        [
            str(entrant.python),
            "-m",
            "benchmarks.engines.make",
            entrant.converted,
            json.dumps(request),
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode:
        raise EngineError(f"cannot be converted: {run.stderr.strip().splitlines()[-1]}")
    unfinished.rename(folder)
    return folder


@lru_cache
def sources(name: str) -> str:
    """A short hash of the files that decide what an engine's conversion gives."""
    files = [HERE / file for file in _SOURCES]
    files.append(HERE / "contenders" / f"{name}.py")
    if name == "odt":
        files += sorted((ROOT / "odt_core").rglob("*.py"))
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]
