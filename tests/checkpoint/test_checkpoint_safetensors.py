"""Checkpoints as safetensors: there and back, and what is refused."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load, save

from odt_core.checkpoint import (
    Checkpoint,
    CheckpointMeta,
    Progress,
    Tempering,
    load_checkpoint,
    load_checkpoint_file,
    same_origin,
    save_checkpoint,
    save_checkpoint_file,
    with_marks,
)
from odt_core.errors import CheckpointError
from odt_core.runtime import load_model
from odt_core.samples import Labels
from odt_core.training import Settings

MODELS = Path(__file__).parents[1] / "runtime" / "models"
META = CheckpointMeta(
    model_sha256="ab" * 32,
    step=12,
    settings={"epochs": 3},
    seed=5,
    labels=("a", None, "ü"),
    metrics={"test": {"correct": 3, "n": 4}},
    created="2026-01-02T03:04:05+00:00",
    note="kept",
)
STATE = {
    "w": np.arange(6, dtype=np.float32).reshape(2, 3).T,
    "step": np.array(7, np.int64),
    "empty": np.zeros((0, 2), np.float32),
}
PROGRESS = Progress(
    step=12,
    total=20,
    fingerprint="f",
    seconds=1.5,
    best_step=3,
    best_correct=9,
    best_cross_entropy=0.1,
    best_on="t",
    average_count=2,
    state={"w": np.ones((3, 2), np.float32)},
    average={"w": np.full((3, 2), 2.5)},
)
WHOLE = Checkpoint(STATE, META, PROGRESS)


class TestThereAndBack:
    def test_everything_comes_back(self):
        got = load_checkpoint(save_checkpoint(WHOLE))
        assert got.meta == META
        for name, array in STATE.items():
            assert got.state[name].dtype == array.dtype
            np.testing.assert_array_equal(got.state[name], array)
        assert got.progress is not None
        assert got.progress.to_json() == PROGRESS.to_json()
        np.testing.assert_array_equal(got.progress.state["w"], PROGRESS.state["w"])
        assert got.progress.average["w"].dtype == np.float64

    def test_bytes_are_the_same_every_time_and_whatever_the_order(self):
        turned = Checkpoint(dict(reversed(STATE.items())), META, PROGRESS)
        data = save_checkpoint(WHOLE)
        assert {save_checkpoint(c) for c in (WHOLE, turned) for _ in range(5)} == {data}
        digest = hashlib.sha256(save_checkpoint(Checkpoint({}, META))).hexdigest()
        assert digest == hashlib.sha256(save_checkpoint(Checkpoint({}, META))).hexdigest()

    def test_what_progress_shares_with_the_state_is_stored_once(self):
        big = np.ones(10_000, np.float32)
        shared = Progress(step=1, total=2, fingerprint="f", state={"w": big})
        data = save_checkpoint(Checkpoint({"w": big}, META, shared))
        assert len(data) < 1.5 * big.nbytes
        got = load_checkpoint(data)
        assert got.progress is not None
        np.testing.assert_array_equal(got.progress.state["w"], big)

    def test_others_can_read_it_as_safetensors(self):
        arrays = load(save_checkpoint(WHOLE))
        np.testing.assert_array_equal(arrays["variable/w"], STATE["w"])

    def test_numpys_numbers_come_back_as_pythons_and_those_that_are_none_as_nothing(self):
        metrics = {"test": {"loss": float("nan"), "errors": [np.float32(0.5), np.inf]}}
        meta = replace(META, step=np.int64(4), seed=np.int32(2), metrics=metrics)
        got = load_checkpoint(save_checkpoint(Checkpoint(STATE, meta))).meta
        assert (got.step, got.seed) == (4, 2)
        assert got.metrics == {"test": {"loss": None, "errors": [0.5, None]}}

    def test_file_is_written_in_one_go_and_read_back(self, tmp_path):
        path = tmp_path / "c.safetensors"
        save_checkpoint_file(WHOLE, path)
        assert [p.name for p in tmp_path.iterdir()] == ["c.safetensors"]
        assert load_checkpoint_file(path).meta == META

    def test_model_takes_its_own(self):
        model = load_model(MODELS / "tiny_momentum.tflite")
        session = model.session()
        checkpoint = load_checkpoint(save_checkpoint(session.checkpoint(step=1)), model)
        session.restore(checkpoint)
        assert checkpoint.meta.model_sha256 == model.sha256

    def test_file_behind_a_link_is_written_and_the_link_stays(self, tmp_path):
        (tmp_path / "kept").mkdir()
        target, link = tmp_path / "kept" / "c.safetensors", tmp_path / "latest.safetensors"
        target.write_bytes(b"of before")
        link.symlink_to(target)
        save_checkpoint_file(WHOLE, link)
        assert link.is_symlink()
        assert load_checkpoint_file(target).meta == META
        assert [p.name for p in (tmp_path / "kept").iterdir()] == ["c.safetensors"]

    def test_bytes_may_be_in_any_buffer(self):
        data = save_checkpoint(WHOLE)
        for given in (bytearray(data), memoryview(data)):
            assert load_checkpoint(given).meta == META


class TestWriting:
    """What could not be read again is not written."""

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (
                {"step": 3.0},
                r"its step must be a whole number from 0 to 2\*\*63 - 1, not '3.0' \(float\)",
            ),
            ({"seed": 2**63}, "its seed must be"),
            ({"step": -1}, "its step must be"),
            ({"seed": True}, "its seed must be"),
            ({"note": None}, "its note must be text"),
            ({"note": "\ud800"}, "its note must be text"),
            ({"labels": (1, 2)}, "its labels must be a tuple of names"),
            ({"labels": Labels(("a", None))}, "its labels must be a tuple of names"),
            ({"settings": Settings()}, r"its settings must be .* such as to_json\(\) gives"),
            ({"settings": {"a": "\ud800"}}, "what JSON cannot"),
            ({"metrics": {"a": np.ones(3)}}, "what JSON cannot"),
            ({"metrics": None}, "its metrics must be"),
            ({"created": datetime(2026, 1, 2)}, "its created must be text"),
            ({"temperature": 1.5}, r"its temperature must be an .*Tempering"),
            ({"temperature": Tempering(0.0)}, "temperature is damaged"),
            ({"version": 2}, "its version must be 1, not 2"),
        ],
    )
    def test_fields_that_cannot_be_are_named(self, tmp_path, change, message):
        broken = replace(WHOLE, meta=replace(META, **change))
        with pytest.raises(CheckpointError, match=message):
            save_checkpoint_file(broken, tmp_path / "c.safetensors")
        assert not list(tmp_path.iterdir())

    @pytest.mark.parametrize(
        ("part", "message"),
        [
            ({"state": {"w": [1.0, 2.0]}}, "state comes as arrays by name.* not as list"),
            ({"state": [np.ones(3)]}, "state comes as arrays by name.* not as list"),
            ({"state": {"w": np.array(["a"])}}, "type that safetensors lacks"),
            ({"state": {1: np.ones(3)}}, "name of an array comes as text, not as int"),
            ({"state": {"w\ud800": np.ones(3)}}, "No file can hold an array of the name"),
            ({"meta": {"step": 3}}, "meta comes as CheckpointMeta, not as dict"),
            ({"progress": {"step": 3}}, "progress comes as Progress, not as dict"),
            ({"progress": replace(PROGRESS, step=1.5)}, "cannot be written"),
        ],
    )
    def test_parts_that_are_none_are_told(self, part, message):
        with pytest.raises(CheckpointError, match=message):
            save_checkpoint(replace(WHOLE, **part))

    @pytest.mark.parametrize("path", ["a\0b.safetensors", "a\ud800.safetensors"])
    def test_names_that_no_file_can_have_are_told(self, path):
        for call in (load_checkpoint_file, lambda one: save_checkpoint_file(WHOLE, one)):
            with pytest.raises(CheckpointError, match="cannot be the path of a file"):
                call(path)


class TestRefusals:
    @pytest.mark.parametrize(
        "data", [b"", b"x", b"\x89PNG\r\n\x1a\n" + bytes(100), bytes(100), b"\xff" * 64, b"{}" * 50]
    )
    def test_something_else_is_refused(self, data):
        with pytest.raises(CheckpointError):
            load_checkpoint(data)

    def test_every_truncation_is_refused(self):
        data = save_checkpoint(WHOLE)
        for size in range(0, len(data), 7):
            with pytest.raises(CheckpointError):
                load_checkpoint(data[:size])

    def test_flipped_header_bits_are_refused_or_give_a_whole_checkpoint(self):
        data = bytearray(save_checkpoint(WHOLE))
        size = int.from_bytes(data[:8], "little")
        for at in range(8 + size):
            broken = data.copy()
            broken[at] ^= 0x04
            try:
                got = load_checkpoint(bytes(broken))
            except CheckpointError:
                continue
            assert isinstance(got.meta, CheckpointMeta)

    def test_safetensors_of_somebody_else_is_refused(self):
        with pytest.raises(CheckpointError, match="not made by odt"):
            load_checkpoint(save({"w": np.zeros(3, np.float32)}))

    @pytest.mark.parametrize(
        "change",
        [
            {"step": "many"},
            {"labels": [1]},
            {"labels": "abc"},
            {"labels": ["a", "a"]},
            {"step": True},
            {"step": -4},
            {"step": 10**30},
            {"seed": 2**63},
            {"seed": -1},
            {"settings": []},
            {"unknown": 1},
            {"progress": {"step": 1}},
            {"progress": 3},
        ],
    )
    def test_damaged_metadata_is_refused(self, change):
        meta = {**vars(META), **change}
        data = save({"variable/w": np.zeros(1, np.float32)}, {"odt": json.dumps(meta)})
        with pytest.raises(CheckpointError, match="metadata"):
            load_checkpoint(data)

    @pytest.mark.parametrize(
        "change",
        [
            {"step": "a"},
            {"step": -1},
            {"step": 2**63},
            {"total": True},
            {"average_count": 1.5},
            {"seconds": "long"},
            {"seconds": 10**400},
            {"fingerprint": 3},
            {"best_step": "x"},
            {"best_cross_entropy": "x"},
            {"best_on": 3},
            {"learning_rate": -0.1},
        ],
    )
    def test_damaged_progress_is_refused(self, change):
        progress = Progress(step=1, total=2, fingerprint="f").to_json()
        load_checkpoint(self.file(progress))
        with pytest.raises(CheckpointError, match="metadata"):
            load_checkpoint(self.file({**progress, **change}))

    def file(self, progress):
        meta = {**vars(META), "progress": progress}
        return save({"variable/w": np.zeros(1, np.float32)}, {"odt": json.dumps(meta)})

    def test_newer_version_is_named(self):
        meta = {**vars(META), "version": 99}
        data = save({"variable/w": np.zeros(1, np.float32)}, {"odt": json.dumps(meta)})
        with pytest.raises(CheckpointError, match="version 99"):
            load_checkpoint(data)

    def test_another_models_is_refused_with_both_hashes(self):
        momentum = load_model(MODELS / "tiny_momentum.tflite")
        adam = load_model(MODELS / "tiny_adam.tflite")
        data = save_checkpoint(adam.session().checkpoint())
        with pytest.raises(CheckpointError, match=adam.sha256[:12]) as caught:
            load_checkpoint(data, momentum)
        assert momentum.sha256[:12] in str(caught.value)

    def test_own_hash_with_other_shapes_is_refused(self):
        model = load_model(MODELS / "tiny_momentum.tflite")
        session = model.session()
        state = {**session.state(), "dense/bias": np.zeros(9, np.float32)}
        checkpoint = Checkpoint(state, session.checkpoint().meta)
        with pytest.raises(CheckpointError, match="dense/bias"):
            load_checkpoint(save_checkpoint(checkpoint), model)

    def test_file_that_is_not_there_is_named(self, tmp_path):
        with pytest.raises(CheckpointError, match="no checkpoint"):
            load_checkpoint_file(tmp_path / "none.safetensors")

    def test_folder_that_is_not_there_is_named(self, tmp_path):
        with pytest.raises(CheckpointError, match="cannot be written"):
            save_checkpoint_file(WHOLE, tmp_path / "no" / "c.safetensors")


class TestNote:
    def test_why_a_training_made_it_stays_known_under_a_note_of_ones_own(self):
        made = save_checkpoint(Checkpoint(STATE, replace(META, note="best"), PROGRESS))
        assert with_marks(made, "", None) is made
        noted = load_checkpoint(with_marks(made, "mine", None))
        assert (noted.meta.note, noted.meta.made_as) == ("mine", "best")
        assert same_origin(noted, load_checkpoint(with_marks(made, "", TestTemperature.HEAT)))
        kept = load_checkpoint(save_checkpoint(Checkpoint(STATE, META, PROGRESS)))
        assert kept.meta.made_as == ""
        assert not same_origin(noted, kept)

    def test_note_of_ones_own_that_is_called_as_a_reason_is_is_none(self):
        made = save_checkpoint(Checkpoint(STATE, replace(META, note="phone"), PROGRESS))
        named = load_checkpoint(with_marks(made, "best", None))
        assert (named.meta.note, named.meta.made_as) == ("best", "")
        assert same_origin(named, load_checkpoint(made))


class TestTemperature:
    HEAT = Tempering(1.75, 40, "your test samples")

    def test_it_comes_back_and_can_be_left_out_again(self):
        plain = save_checkpoint(Checkpoint(STATE, META, PROGRESS))
        with_one = with_marks(plain, "", self.HEAT)
        got = load_checkpoint(with_one)
        assert got.meta == replace(META, temperature=self.HEAT)
        np.testing.assert_array_equal(got.state["w"], STATE["w"])
        assert got.progress is not None
        assert with_marks(with_one, "", self.HEAT) is with_one
        assert with_marks(with_one, "", None) == plain

    @pytest.mark.parametrize(
        "damage",
        [
            {"value": 0.0},
            {"value": "inf"},
            {"value": None},
            {"n": -1},
            {"on": "x" * 81},
            {"value": "nan"},
        ],
    )
    def test_when_damaged_is_refused(self, damage):
        document = self.HEAT.to_json() | damage
        with pytest.raises(CheckpointError, match="temperature is damaged"):
            Tempering.from_json(document)
        with pytest.raises(CheckpointError, match="temperature is damaged"):
            Tempering.from_json({})
