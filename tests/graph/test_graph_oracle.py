"""Lowered models against recordings of real Flex: the same losses, predictions and checkpoints.

The recordings are made by `make oracle`, see tests/oracle/README.md; nothing here needs TensorFlow.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from drill import STEPS, Drill, relative

from odt_core import load_model
from odt_core.checkpoint.tensorflow import read_tf_checkpoint, write_tf_checkpoint
from odt_core.errors import ModelError
from odt_core.runtime.model import Model
from odt_core.runtime.session import Session
from tests import zoo_models

ORACLE = Path(__file__).parents[1] / "oracle"
RECORDINGS = ORACLE / "recordings"
TOLERANCE = 2e-4  # relative, for every loss
# Relative, for weights after all steps, in which rounding grows: the recordings are of a processor
# without AVX-512; on one with it, one model of 63 is 1.6e-3 away, the others less than 1e-3.
WEIGHTS = 5e-3
NAMES = tuple(sorted(path.stem for path in RECORDINGS.glob("*.json")))


@dataclass(frozen=True)
class Recording:
    """What the oracle found out about one model, and the model itself."""

    name: str
    drill: Drill
    found: Mapping[str, Any]

    @cached_property
    def model(self) -> Model:
        """The lowered one, of a file with Flex ops and all."""
        if self.name in zoo_models.NAMES:
            return zoo_models.zoo_model(self.name)
        return load_model(ORACLE.parent / "models" / f"{self.name}.tflite")

    @property
    def checkpoint(self) -> Path:
        """What the original's own save wrote after training."""
        return RECORDINGS / f"{self.name}.ckpt"

    @property
    def outputs(self) -> list[np.ndarray]:
        """What the original predicted after training."""
        return [
            np.array(entry["values"], np.float64).reshape(entry["shape"])
            for entry in self.found["outputs"]
        ]

    def session(self, folder: Path) -> Session:
        """A new session of the lowered model, made ready as the drill says."""
        session = self.model.session()
        if self.drill.start:
            write_tf_checkpoint(folder / "start", self.drill.starting_values())
            session.load_tf_checkpoint(folder / "start")
        self.drill.prepare(runner(session))
        return session


def runner(session: Session) -> Any:
    return lambda signature, inputs: session.run(signature, **inputs)


def read(name: str) -> Recording:
    found = json.loads((RECORDINGS / f"{name}.json").read_text())
    return Recording(name, Drill.from_json(found["drill"]), found)


ALL = {name: read(name) for name in NAMES}
EXACT = [n for n, r in ALL.items() if "losses" in r.found and r.drill.expect is None]
RANDOM = [n for n, r in ALL.items() if r.drill.random]
UNTRAINABLE = [n for n, r in ALL.items() if r.drill.expect is not None]
UNINITIALISED = [n for n, r in ALL.items() if r.drill.start]


@dataclass(frozen=True)
class Trained:
    """A recording, and a session of the lowered model that has taken the same steps."""

    recording: Recording
    session: Session
    losses: list[float]


@pytest.fixture(scope="module", params=EXACT)
def trained(request: Any, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    recording = ALL[request.param]
    session = recording.session(tmp_path_factory.mktemp("start"))
    return Trained(recording, session, recording.drill.losses(runner(session)))


class TestTraining:
    def test_losses_when_trained_on_the_same_batches_then_are_those_of_flex(self, trained):
        expected = np.array(trained.recording.found["losses"])
        errors = np.abs(np.array(trained.losses) - expected) / np.abs(expected)
        assert len(trained.losses) == STEPS
        assert errors.max() < TOLERANCE, f"step {errors.argmax()}"

    def test_predictions_when_trained_then_are_those_of_flex(self, trained):
        given = trained.recording.drill.outputs(runner(trained.session))
        for one, expected in zip(given, trained.recording.outputs, strict=True):
            assert relative(one, expected) < 1e-3

    def test_weights_when_trained_then_are_those_of_flex(self, trained, tmp_path):
        given, expected = handed_out(trained, tmp_path)
        assert set(given) == set(expected) != set()
        for name in set(given) - set(trained.recording.drill.idle):
            assert given[name].dtype == expected[name].dtype
            assert relative(given[name], expected[name]) < WEIGHTS, name


def handed_out(trained: Trained, folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The weights by the model's own way, reading or saving: of the session, of the original."""
    recording = trained.recording
    if recording.drill.read:
        with np.load(RECORDINGS / f"{recording.name}.npz") as arrays:
            return recording.drill.weights(runner(trained.session)), dict(arrays)
    trained.session.save_tf_checkpoint(folder / "own")
    return read_tf_checkpoint(folder / "own"), read_tf_checkpoint(recording.checkpoint)


@pytest.mark.parametrize("name", EXACT)
class TestContract:
    """Nobody says what the inputs are for: detection alone feeds the model as the drill does."""

    def test_first_loss_when_samples_and_labels_are_given_then_is_that_of_flex(
        self, name, tmp_path
    ):
        recording = ALL[name]
        call, session = recording.drill.train[0], recording.session(tmp_path)
        x, y = plain_batch(recording.drill, call.batch, seed=1000)
        loss = session.train_step(x, y)
        assert loss == pytest.approx(recording.found["losses"][0], rel=TOLERANCE)

    def test_roles_when_proposed_then_are_the_drills(self, name):
        drill, contract = ALL[name].drill, ALL[name].model.contract
        assert {(role.signature, role.loss) for role in contract.train} == {
            (call.signature, call.output) for call in drill.train
        }
        if drill.infer[0].signature in ("infer", "predict"):
            assert contract.infer is not None
            assert (contract.infer.signature, contract.infer.prediction) == (
                drill.infer[0].signature,
                drill.infer[0].output,
            )


def plain_batch(drill: Drill, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A batch of the drill as a person has it: samples, and numbers of classes or values."""
    batch = drill.problem.batch(count, seed)
    x = np.asarray(batch["samples"], np.float32)
    if "index" in batch:
        return x, batch["index"].astype(np.int64)
    return x, np.asarray(batch.get("values", x), np.float32)


CHECKPOINTED = [n for n, r in ALL.items() if "odt" in r.found]


@pytest.mark.parametrize("name", CHECKPOINTED)
class TestCheckpoints:
    def test_file_of_the_original_when_read_then_holds_what_tensorflow_reads(self, name):
        given = read_tf_checkpoint(ALL[name].checkpoint)
        expected = ALL[name].found["tensors"]
        assert set(given) == set(expected)
        for key, value in given.items():
            assert (str(value.dtype), list(value.shape)) == (
                expected[key]["dtype"],
                expected[key]["shape"],
            )
            assert hashlib.sha256(value.tobytes()).hexdigest() == expected[key]["sha256"]

    def test_file_of_the_original_when_restored_then_predicts_as_the_original(self, name, tmp_path):
        recording = ALL[name]
        session = recording.model.session()
        session.load_tf_checkpoint(recording.checkpoint)
        given = recording.drill.outputs(runner(session))
        for one, expected in zip(given, recording.outputs, strict=True):
            assert relative(one, expected) < 1e-5

    def test_file_of_a_session_when_written_then_is_the_one_the_original_restored(
        self, name, tmp_path
    ):
        """The oracle gave the original model a file that odt had written, byte for byte this one,
        and its predictions were those it had before."""
        session = ALL[name].model.session()
        session.load_tf_checkpoint(ALL[name].checkpoint)
        files = session.save_tf_checkpoint(tmp_path / "own")
        assert {
            file.name.removeprefix("own"): hashlib.sha256(file.read_bytes()).hexdigest()
            for file in files
        } == ALL[name].found["odt"]


@pytest.mark.parametrize("name", [n for n, r in ALL.items() if r.drill.write])
def test_recorded_weights_when_set_then_predict_as_the_original(name, tmp_path):
    recording = ALL[name]
    session = recording.model.session()
    with np.load(RECORDINGS / f"{name}.npz") as weights:
        taken = {t.name for t in session.model.description.signature(recording.drill.write).inputs}
        session.run(recording.drill.write, **{key: weights[key] for key in sorted(taken)})
    given = recording.drill.outputs(runner(session))
    for one, expected in zip(given, recording.outputs, strict=True):
        assert relative(one, expected) < 1e-5


@pytest.mark.parametrize("name", RANDOM)
class TestRandomMasks:
    """No seed fixes what these models draw, so runs differ in Flex itself: means are compared."""

    def test_mean_losses_when_seeded_often_then_are_those_of_flex(self, name):
        recording, runs = ALL[name], 12
        losses = np.array([self.losses(recording, seed) for seed in range(runs)])
        mean, spread = np.array(recording.found["mean"]), np.array(recording.found["deviation"])
        error = spread * np.sqrt(1 / runs + 1 / recording.found["runs"])
        assert np.all(losses.std(axis=0, ddof=1) > spread / 4)
        assert np.abs((losses.mean(axis=0) - mean) / error).max() < 6

    def test_losses_when_seeded_alike_then_are_the_same(self, name):
        assert self.losses(ALL[name], 3) == self.losses(ALL[name], 3)

    @staticmethod
    def losses(recording: Recording, seed: int) -> list[float]:
        session = recording.model.session()
        state = session.state()
        for key in (key for key in state if key.startswith("odt_random/")):
            state[key][0] = seed
        session.load_state(state)
        return recording.drill.losses(runner(session))

    def test_mask_when_drawn_then_has_its_rate_and_is_fresh(self, name, tmp_path):
        session = ALL[name].session(tmp_path)
        ones = np.ones((100, 50), np.float32)
        first, second = (session.run("drop", x=ones)["output"] for _ in range(2))
        assert np.allclose(np.unique(first), [0, 1 / 0.7])
        assert abs(np.mean(first == 0) - 0.3) < 6 * np.sqrt(0.3 * 0.7 / first.size)
        assert 0.3 < np.mean(first != second) < 0.54  # 2·0.3·0.7 = 0.42 when independent


@pytest.mark.parametrize("name", UNTRAINABLE)
def test_model_that_cannot_be_trained_when_loaded_then_says_why_and_still_predicts(name):
    recording = ALL[name]
    missing = recording.model.description.missing
    assert any(recording.drill.expect in entry.message for entry in missing)
    session = recording.model.session()
    if recording.drill.write:
        with np.load(RECORDINGS / f"{name}.npz") as weights:
            session.run(recording.drill.write, **weights)
    given = recording.drill.outputs(runner(session))
    for one, expected in zip(given, recording.outputs, strict=True):
        assert relative(one, expected) < 1e-5


@pytest.mark.parametrize("name", UNINITIALISED)
def test_model_without_initial_values_when_trained_at_once_then_says_why(name):
    session = ALL[name].model.session()
    with pytest.raises(ModelError, match="initial value"):
        session.infer(np.zeros((1, 12), np.float32))
    with pytest.raises(ModelError, match="initial value"):
        session.train_step(np.zeros((1, 12), np.float32), np.zeros(1, np.int64))
