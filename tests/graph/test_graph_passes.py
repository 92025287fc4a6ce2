"""The optimising passes make a graph faster and leave what it computes as it was."""

from pathlib import Path

import numpy as np
import pytest

from odt_core.graph import describe, lower
from odt_core.graph.flatbuffer import read
from odt_core.graph.operators import name_of
from odt_core.graph.passes.optimise import PASSES, Pass
from odt_core.runtime.interpreter import Interpreter

ROOT = Path(__file__).parents[2]
DIGITS = ROOT / "assets" / "models" / "digits.tflite"
ADAM = ROOT / "tests" / "runtime" / "models" / "tiny_adam.tflite"
FLEX = ROOT / "tests" / "models" / "flutter_litert__training_model_flex.tflite"
STEPS = 4


def trained(data: bytes) -> list[np.ndarray]:
    """All that a few train steps give, and the variables after them."""
    described = describe(data)
    interpreter = Interpreter(data)
    rng, found = np.random.default_rng(5), []
    for _ in range(STEPS):
        inputs = {
            t.name: rng.random([8 if size is None else size for size in t.shape]).astype(t.dtype)
            for t in described.signature("train").inputs
        }
        found += interpreter.signature("train")(inputs).values()
    return [*found, *interpreter.signature("odt_get_state")({}).values()]


@pytest.mark.parametrize("path", [DIGITS, ADAM, FLEX], ids=lambda path: path.stem)
@pytest.mark.parametrize("one", [*PASSES, None], ids=lambda one: one.name if one else "all")
def test_numbers_when_a_pass_has_run_then_are_the_same(path: Path, one: Pass | None) -> None:
    data = path.read_bytes()
    before = trained(lower(data, passes=()).data)
    after = trained(lower(data, passes=(one,) if one else PASSES).data)
    assert len(before) == len(after)
    for new, old in zip(after, before, strict=True):
        if one is not None and one.exact:
            assert new.tobytes() == old.tobytes()
        else:
            assert np.abs(new - old).max() <= 2e-5 * max(1, np.abs(old).max())


def test_lower_when_model_has_been_lowered_before_the_passes_then_runs_them_once() -> None:
    old = lower(DIGITS.read_bytes(), passes=()).data
    assert lower(old).data == old  # its record says that today's passes are done
    first = lower(ADAM.read_bytes()).data  # of a file whose record knows of none
    assert first != ADAM.read_bytes()
    assert lower(first).data == first


def test_order_when_passes_have_run_then_shape_arithmetic_comes_first() -> None:
    model = read(lower(DIGITS.read_bytes()).data)
    (train,) = (s for s in model.signatureDefs if s.signatureKey == b"train")
    names = [name_of(model, op) for op in model.subgraphs[train.subgraphIndex].operators]
    last_shape = max(i for i, name in enumerate(names) if name in ("SHAPE", "FILL"))
    assert last_shape < min(i for i, name in enumerate(names) if name == "BATCH_MATMUL")
