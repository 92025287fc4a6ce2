"""Writes what an engine needs converted ahead: python -m benchmarks.engines.make NAME REQUEST."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

from benchmarks.engines.networks import Network


def main() -> None:
    name, request = sys.argv[1], json.loads(sys.argv[2])
    module = importlib.import_module(f"benchmarks.engines.contenders.{name}")
    module.make(
        Network.from_json(request["network"]),
        request["optimiser"],
        Path(request["material"]),
        Path(request["folder"]),
    )


if __name__ == "__main__":
    main()
