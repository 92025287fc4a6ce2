"""An unpacked bundle, trained again: identical, or says that it is not. Where its own software has
a part in it, in a fresh process.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import weakref
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from evidence_cases import SETTINGS, check, reproduce, run, train

from odt_core.checkpoint import load_checkpoint, save_checkpoint, with_marks
from odt_core.evidence import Beginning, Unloaded, trace
from odt_core.training import Settings

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.usefixtures("without_charts")


def test_a_whole_run_when_repeated_is_identical(packed, unpack):
    code, said = reproduce(unpack(packed), how=run)
    assert (code, said["identical"], said["differences"]) == (0, True, [])
    assert said["changed_files"] == []
    assert [(row["samples"], row["model"], row["same"]) for row in said["results"]] == [
        ("test", "base", True),
        ("test", "own", True),
    ]


def test_an_odt_that_is_trusted_checks_a_bundle_whose_own_script_is_forged(packed, unpack):
    folder = unpack(packed)
    (folder / "reproduce.py").write_text("print('IDENTICAL')")
    (folder / "software" / "odt_core" / "__init__.py").write_text("raise SystemExit(0)")
    done = subprocess.run(
        [sys.executable, "-m", "odt_core.evidence.reproduce", str(folder)],
        cwd=ROOT, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 1
    assert "CHANGED     reproduce.py" in done.stdout
    assert "IDENTICAL   all 9 variables" in done.stdout


@pytest.mark.parametrize(("rate", "code"), [(0.1, 0), (0.2, 1)])
def test_rate_that_an_older_odt_left_at_its_last_step_is_no_difference(trained, unpack, rate, code):
    published = trained.saved[-1]
    state = {**published.state, "learning_rate": np.float32(rate)}
    older = save_checkpoint(replace(published, state=state))
    session = trained.model.session()
    session.load_state(state)

    def bake(inference_only: bool) -> bytes:
        return session.bake(inference_only=inference_only, labels=trained.own.labels)

    done = check(unpack(trained.bundle(checkpoint_file=older, bake=bake)))
    assert done.returncode == code, done.stdout
    told = "RATE        learning_rate" in done.stdout, "IDENTICAL   all 8 other" in done.stdout
    assert told == (code == 0, code == 0)


def test_one_sample_flipped_is_not_identical(packed, unpack):
    folder = unpack(packed)
    path = folder / "samples" / "train" / "x.npy"
    x = np.load(path)
    x[5] = x[5][::-1]
    np.save(path, x)
    code, said = reproduce(folder)
    assert (code, said["identical"]) == (1, False)
    assert said["differences"]
    assert said["changed_files"] == ["samples/train/x.npy"]


def test_one_label_changed_is_not_identical(packed, unpack):
    folder = unpack(packed)
    path = folder / "samples" / "train" / "y.npy"
    y = np.load(path)
    y[0] = (y[0] + 1) % 4
    np.save(path, y)
    assert reproduce(folder)[1]["identical"] is False


def test_another_seed_is_not_identical(packed, unpack):
    folder = unpack(packed)
    path = folder / "personalisation-card.json"
    card = json.loads(path.read_text("utf-8"))
    card["reproduce"]["origin"]["stages"][0]["settings"]["seed"] = 4
    path.write_text(json.dumps(card), "utf-8")
    assert reproduce(folder)[1]["identical"] is False


class TestDamage:
    """What cannot be tried ends with exit code 2 and one line that names the file."""

    @pytest.mark.parametrize("missing", ["kinds.py", "runtime/session.py", "samples"])
    def test_bundle_that_lacks_a_part_of_the_engine_is_said_to_be_incomplete(
        self, packed, unpack, missing
    ):
        folder = unpack(packed)
        path = folder / "software" / "odt_core" / missing
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        code, said = reproduce(folder, how=run)
        assert code == 2
        assert f"odt_core.{missing.removesuffix('.py').replace('/', '.')}" in said["message"]
        assert "This bundle is incomplete" in said["message"]
        assert "pip install" not in said["message"]

    def test_package_that_is_not_installed_is_said_to_be_wanted(self, packed, unpack):
        folder = unpack(packed)
        (folder / "software" / "safetensors.py").write_text(  # stands before the installed one
            "raise ModuleNotFoundError(\"No module named 'safetensors'\", name='safetensors')"
        )
        code, said = reproduce(folder, how=run)
        assert code == 2
        assert said["message"].startswith(
            "No module named 'safetensors'. Run: pip install -r requirements.txt"
        )

    def test_installed_engine_that_is_none_is_told(self, packed, unpack):
        code, said = reproduce(unpack(packed), "--installed", how=run)  # none is on the path there
        assert code == 2
        assert "Leave out --installed" in said["message"]

    @pytest.mark.parametrize(
        ("how", "name", "at"),
        [
            (check, "models/base.tflite", 4),
            (check, "weights/checkpoint.safetensors", 9),
            (check, "samples/train/x.npy", 0),
            (check, "samples/test/y.npy", 1),
            (check, "personalisation-card.json", 2),
            (run, "software/odt_core/training/loop.py", 1),
        ],
    )
    def test_damaged_file_is_named(self, packed, unpack, how, name, at):
        folder = unpack(packed)
        data = bytearray((folder / name).read_bytes())
        data[at] ^= 1
        (folder / name).write_bytes(data)
        done = how(folder)
        assert done.returncode == 2
        assert done.stdout.startswith(f"CHANGED     {name} is not the file that was published")
        last = done.stderr.splitlines()[-1]
        assert last.startswith("NOT TRIED")
        assert name in last
        assert "Traceback" not in done.stderr
        assert reproduce(folder, how=how)[1]["message"] in last

    def test_missing_file_is_named(self, packed, unpack):
        folder = unpack(packed)
        (folder / "samples" / "test" / "x.npy").unlink()
        done = check(folder)
        assert (done.returncode, "samples/test/x.npy" in done.stderr) == (2, True)

    @pytest.mark.parametrize(
        ("path", "value"),
        [
            (["reproduce"], 3),
            (["reproduce", "labels"], {"a": 1}),
            (["reproduce", "origin", "stages", 0], None),
            (["reproduce", "origin", "stages", 0, "step"], "1e999"),
            (["reproduce", "origin", "stages", 0, "settings"], {"epochs": "x"}),
            (["results", "test"], [[]]),
            (["results", "test", "labels_own"], [0.5]),
            (["reproduce", "versions", "numpy"], []),
            (["personalised"], []),
            (["training", "curves"], {"evaluations": [{}]}),
            (["studies"], {"controls": None}),
        ],
    )
    def test_card_with_something_else_in_it_is_named_in_plain_words(
        self, packed, unpack, path, value
    ):
        folder = unpack(packed)
        file = folder / "personalisation-card.json"
        card = place = json.loads(file.read_text("utf-8"))
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value
        file.write_text(json.dumps(card), "utf-8")
        code, said = reproduce(folder)
        assert code == 2
        assert said["message"].startswith("personalisation-card.json ")
        assert "Error" not in said["message"]

    def test_samples_that_are_missing_are_named(self, packed, unpack):
        folder = unpack(packed)
        shutil.rmtree(folder / "samples" / "test")
        code, said = reproduce(folder)
        assert (code, said["message"].startswith("samples/test is missing.")) == (2, True)

    @pytest.mark.parametrize("damage", [None, b"nonsense", b"\xff"])
    def test_damaged_list_of_digests_is_a_changed_file(self, packed, unpack, damage):
        folder = unpack(packed)
        path = folder / "SHA256SUMS"
        path.unlink() if damage is None else path.write_bytes(damage)
        code, said = reproduce(folder)
        assert (code, said["identical"], said["changed_files"]) == (1, True, ["SHA256SUMS"])

    def test_added_files_are_named_and_folders_of_others_are_not(self, packed, unpack):
        folder = unpack(packed)
        for name in ("charts/extra.png", "venv/lib.py", ".hidden", "said.json"):
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text("x")
        code, said = reproduce(folder)
        assert (code, said["changed_files"]) == (0, [])
        assert said["added_files"] == ["charts/extra.png", "said.json"]


def test_a_stopped_run_is_identical(unpack):
    stopped = train(stop_at=7)
    assert stopped.history.steps == 7
    code, said = reproduce(unpack(stopped.bundle()))
    assert (code, said["identical"]) == (0, True)


def test_a_run_that_went_on_after_a_stop_is_identical(unpack):
    stopped = train(stop_at=12)
    whole = train(go_on=stopped.saved[-1], start=stopped.saved[-1])
    assert whole.history.steps == whole.history.total > 12
    assert reproduce(unpack(whole.bundle()))[1]["identical"] is True


def test_a_diverged_run_is_identical(unpack):
    wild = train(settings=replace(SETTINGS, epochs=60, augment=0.0, average=0.95), poison_at=70)
    assert wild.history.outcome.value == "diverged"
    code, said = reproduce(unpack(wild.bundle()))
    assert (code, said["identical"]) == (0, True)


class TestChains:
    """Training that went on from a checkpoint."""

    @pytest.fixture(scope="class", name="two")
    @staticmethod
    def fixture_two():
        first = train()
        second = train(start=first.saved[-1], settings=replace(SETTINGS, seed=8))
        return first, second

    def origin(self, two, **changed):
        first, second = two
        base = first.model.session().state()
        given = {"others": [*first.saved, *second.saved], "base_state": base, **changed}
        return trace(load_checkpoint(second.file), second.own, second.replay, **given)

    def test_two_runs_from_the_base_model_are_identical(self, two, unpack):
        origin = self.origin(two)
        assert (origin.beginning, len(origin.stages)) == (Beginning.BASE, 2)
        assert [stage.settings["seed"] for stage in origin.stages] == [3, 8]
        assert reproduce(unpack(two[1].bundle(origin=origin)))[1]["identical"] is True

    @pytest.mark.parametrize("replay", [(0.25, 0.0), (0.0, 0.25), (0.5, 0.25)])
    def test_replay_of_any_training_is_in_the_bundle_and_its_settings_are_told(
        self, replay, unpack
    ):
        first = train(settings=replace(SETTINGS, replay=replay[0]))
        second = train(start=first.saved[-1], settings=replace(SETTINGS, seed=8, replay=replay[1]))
        folder = unpack(second.bundle(origin=self.origin((first, second))))
        told = (folder / "personalisation-card.md").read_text("utf-8")
        assert f"| replay | {replay[0]} | {replay[1]} |" in told
        assert np.array_equal(np.load(folder / "samples/replay/x.npy"), second.replay.x)
        assert reproduce(folder)[1]["identical"] is True

    def test_replay_that_no_training_used_is_not_in_the_bundle(self, unpack):
        without = replace(SETTINGS, replay=0.0)
        first = train(settings=without)
        second = train(start=first.saved[-1], settings=replace(without, seed=8))
        folder = unpack(second.bundle(origin=self.origin((first, second))))
        assert not (folder / "samples" / "replay").exists()
        assert "| replay |" not in (folder / "personalisation-card.md").read_text("utf-8")

    def test_unloaded_checkpoints_tell_the_same_and_are_read_one_at_a_time(self, two):
        files = [save_checkpoint(one) for run in two for one in run.saved]
        held: list[weakref.ref] = []
        most = 0

        def load(file):
            nonlocal most
            loaded = load_checkpoint(file)
            held.append(weakref.ref(next(iter(loaded.state.values()))))
            most = max(most, sum(one() is not None for one in held))
            return loaded

        others = [Unloaded(load(file), partial(load, file)) for file in files]
        assert (len(others) > 3, most) == (True, 1)
        origin = self.origin(two, others=others)
        assert (origin.beginning, origin.stages) == (Beginning.BASE, self.origin(two).stages)
        assert most <= 2

    def test_a_run_from_weights_that_cannot_be_repeated_is_identical_from_these_on(
        self, two, unpack
    ):
        other = train(count=10)  # other samples, which are not at hand any more
        second = train(start=other.saved[-1])
        origin = self.origin((other, second))
        assert (origin.beginning, len(origin.stages)) == (Beginning.WEIGHTS, 1)
        assert "cannot" in origin.sentence
        folder = unpack(second.bundle(origin=origin))
        assert (folder / "weights" / "start.safetensors").exists()
        assert reproduce(folder)[1]["identical"] is True

    def test_a_beginning_that_nobody_kept_is_assumed_and_found_wrong(self, two, unpack):
        origin = self.origin(two, others=())
        assert origin.beginning is Beginning.ASSUMED
        code, said = reproduce(unpack(two[1].bundle(origin=origin)))
        assert (code, said["identical"]) == (1, False)

    @pytest.mark.parametrize("kept_again", [False, True])
    def test_run_that_came_later_is_no_part_of_how_a_renamed_checkpoint_came_about(
        self, kept_again
    ):
        first = train()
        later = train(start=first.saved[-1])  # the same samples and settings
        renamed = load_checkpoint(with_marks(first.file, "good one", None))
        others = [*first.saved, *later.saved, *([first.saved[-1]] if kept_again else [])]
        base = first.model.session().state()
        origin = trace(renamed, first.own, first.replay, others=others, base_state=base)
        assert origin.sentence == "One training from the base model."

    def test_samples_that_changed_since_training_are_not_tried(self, trained, unpack):
        fewer = trained.own.take(np.arange(17))
        origin = trace(load_checkpoint(trained.file), fewer, trained.replay, from_base=True)
        assert origin.beginning is Beginning.UNKNOWN
        assert "samples were added, removed" in origin.reason
        code, said = reproduce(unpack(trained.bundle(samples=fewer, origin=origin)))
        assert (code, said["identical"]) == (2, None)
        assert "samples were added, removed" in said["message"]
        assert all(row["same"] for row in said["results"])

    def test_a_checkpoint_without_a_training_is_not_tried(self, trained):
        bare = load_checkpoint(save_checkpoint(replace(trained.saved[-1], progress=None)))
        origin = trace(bare, trained.own, trained.replay)
        assert not origin.repeatable
        assert "does not say which training" in origin.sentence


def test_settings_of_another_version_are_not_tried(trained):
    meta = replace(trained.saved[-1].meta, settings={"epocks": 3})
    origin = trace(replace(trained.saved[-1], meta=meta), trained.own, trained.replay)
    assert not origin.repeatable


def test_settings_in_the_card_are_those_of_the_run(packed, unpack):
    card = json.loads((unpack(packed) / "personalisation-card.json").read_text("utf-8"))
    stage = card["reproduce"]["origin"]["stages"][0]
    assert Settings.from_json(stage["settings"]) == SETTINGS


def test_base_samples_of_a_batch_are_told_as_they_were_mixed_beside_the_setting(unpack):
    few = train(count=2)  # samples of two labels; four are replayed
    told = (unpack(few.bundle()) / "personalisation-card.md").read_text("utf-8")
    assert "| replay | 0.25 |" in told
    assert "| base samples in each batch | 5 of 8 |" in told
