"""Files of a training, made once as a person makes them: nothing writes over them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.cli.command_line import odt_process
from tests.cli.tiny_samples import MODEL, samples


@pytest.fixture(scope="session")
def files(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("cli")
    paths = {name: folder / f"{name}.npz" for name in ("own", "test")}
    np.savez(paths["own"], **samples(20, 0))
    np.savez(paths["test"], **samples(40, 1))
    paths["checkpoint"] = folder / "own.safetensors"
    paths["trained"] = folder / "trained.json"
    done = odt_process(
        "train", MODEL, "--samples", paths["own"], "--test", paths["test"], "--epochs", 40,
        "--batch-size", 8, "--learning-rate", 0.1, "--replay", 0, "--seed", 3,
        "--checkpoint", paths["checkpoint"], "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    paths["trained"].write_text(done.stdout.splitlines()[-1])
    return paths
