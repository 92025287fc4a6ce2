"""A model that keeps features looks at each sample once, whoever asks and whenever."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from odt_core.training.settings import Settings
from odt_core.worker.remote import Worker
from odt_core.workspace import Part, Source
from pages.ui.desk import Desk
from pages.ui.desk.after_runs import Stale
from pages.ui.desk.jobs import Job
from pages.ui.evaluate import evidence
from pages.ui.train_card import stale_in_words


def photo(seed: int, hue: int) -> np.ndarray:
    """A noisy picture of mostly one colour, uint8 [48, 64, 3]."""
    rng = np.random.default_rng(seed)
    picture = rng.integers(0, 90, (48, 64, 3), np.uint8)
    picture[..., hue] += 160
    return picture


@pytest.fixture
def desk(app, desk_of):
    found = desk_of(app)
    found.choose_bundled("photos")
    workspace = found.workspace
    for hue, name in enumerate(("red", "green")):
        label = workspace.add_label(name)
        pictures = [photo(10 * hue + k, hue) for k in range(6)]
        workspace.add_samples(pictures, label.id, Source.UPLOAD)
    return found


@pytest.fixture
def looked(monkeypatch) -> list[int]:
    """How many samples the frozen part was given, call by call."""
    counts: list[int] = []
    ask = Worker.bottlenecks

    def counted(self, x):
        if x.ndim == 4:
            counts.append(len(x))
        return ask(self, x)

    monkeypatch.setattr(Worker, "bottlenecks", counted)
    return counts


class TestFeatures:
    def test_each_sample_is_looked_at_once_and_after_a_restart_never(self, looked, desk):
        first = desk.samples(None).x
        assert first.shape == (12, 1280)
        assert sum(looked) == 12
        desk.samples(Part.TRAIN)
        desk.workspace.add_samples(
            [photo(99, 2)], desk.workspace.manifest.labels[0].id, Source.UPLOAD
        )
        desk.samples(None)
        assert sum(looked) == 13
        again = Desk(desk.workspace)
        np.testing.assert_array_equal(again.samples(None).x[:12], first)
        assert sum(looked) == 13
        again.close()

    def test_features_that_are_asked_for_again_make_no_trip_to_the_process(self, desk, monkeypatch):
        features, worker = desk.samples(None).x, desk.worker()
        with monkeypatch.context() as alone:
            alone.setattr(worker, "_link", None)
            assert worker.bottlenecks(features) is features

    def test_training_takes_them_and_the_photos_are_told_apart(self, looked, desk):
        desk.train(Settings(**{**desk.card.settings, "epochs": 10}))
        assert desk.run.wait(60)
        assert sum(looked) == 12
        scores = desk.scores(desk.samples(Part.TEST), desk.test_name())
        assert scores.own.accuracy == 1.0
        assert scores.own.n == 2

    def test_photo_twice_is_kept_out_although_features_stand_for_it(self, desk):
        manifest = desk.workspace.manifest
        test = next(sample for sample in manifest.samples if sample.part is Part.TEST)
        brighter = np.clip(desk.workspace.sample_array(test.id) * 0.9, 0, 255).astype(np.uint8)
        added = desk.workspace.add_samples([brighter], test.label, Source.UPLOAD).added[0]
        desk.workspace.move_sample(added.id, Part.TRAIN)
        assert desk.near_test() == {added.id: test.id}

    def test_everything_erased_then_no_feature_is_left(self, desk):
        desk.samples(None)
        folder = desk.workspace._folder / "features"
        assert len(list(folder.iterdir())) == 12
        desk.erase()
        assert list(folder.iterdir()) == []
        assert len(desk.samples(None)) == 0

    def test_worker_dead_then_samples_are_added_and_the_next_one_looks_at_them(self, looked, desk):
        desk.samples(None)
        os.kill(desk.worker().pid, signal.SIGKILL)
        label = desk.workspace.manifest.labels[0].id
        report = desk.workspace.add_samples([photo(98, 0)], label, Source.UPLOAD)
        assert len(report.added) == 1
        desk._warm()  # says nothing, whatever became of the process
        assert desk.samples(None).x.shape == (13, 1280)
        assert 13 <= sum(looked) <= 15  # the one that died may have been asked in vain, twice

    def test_evidence_of_a_model_trained_on_features_is_reproduced_bit_for_bit(
        self, desk, tmp_path, without_charts
    ):
        desk.train(Settings(**{**desk.card.settings, "epochs": 3}))
        assert desk.run.wait(60)
        made = evidence._work(desk, Job("evidence"), whole=False)
        with zipfile.ZipFile(io.BytesIO(made.data)) as packed:
            packed.extractall(tmp_path)
        script = next(tmp_path.rglob("reproduce.py"))
        again = subprocess.run(
            [sys.executable, "-I", script.name], cwd=script.parent, capture_output=True, text=True
        )
        assert again.returncode == 0, again.stderr
        assert "bit for bit" in again.stdout


class TestStale:
    def test_model_when_samples_and_labels_are_newer_says_so_until_it_is_trained_again(
        self, app, desk
    ):
        settings = Settings(**{**desk.card.settings, "epochs": 2})
        assert not desk.stale()
        desk.train(settings)
        assert desk.run.wait(60)
        assert not desk.stale()
        before = desk.scores(desk.samples(Part.TEST), desk.test_name()).own
        label = desk.workspace.add_label("blue")
        desk.workspace.add_samples([photo(50 + k, 2) for k in range(2)], label.id, Source.UPLOAD)
        after = desk.scores(desk.samples(Part.TEST), desk.test_name()).own
        np.testing.assert_array_equal(before.predictions, after.predictions)
        app.run()
        said = " ".join(str(one.proto) for one in app.get("progress")).replace("\\", "")
        assert "2 samples, the label 'blue' among them, are newer than your model" in said
        desk.train(settings)
        assert desk.run.wait(60)
        assert not desk.stale()
        gone = next(s for s in desk.workspace.manifest.samples if s.part is Part.TRAIN)
        desk.workspace.delete_samples([gone.id])
        assert desk.stale().gone == 1
        assert stale_in_words(desk.stale()) == (
            "1 sample that it learnt from is gone or changed. Reset to base, then train: that "
            "leaves it out."
        )

    def test_samples_that_are_gone_when_there_are_several_are_they(self):
        assert stale_in_words(Stale(added=0, labels=(), gone=7)) == (
            "7 samples that it learnt from are gone or changed. Reset to base, then train: that "
            "leaves them out."
        )

    def test_samples_of_a_label_that_is_disabled_are_not_called_gone(self, desk):
        desk.train(Settings(**{**desk.card.settings, "epochs": 2}))
        assert desk.run.wait(60)
        label = desk.workspace.manifest.labels[0]
        learnt = sum(s.part is Part.TRAIN for s in desk.workspace.manifest.samples_of(label.id))
        desk.workspace.enable_label(label.id, False)
        assert (desk.stale().gone, desk.stale().off) == (0, learnt)
        assert stale_in_words(desk.stale()) == (
            f"{learnt} samples that it learnt from are of a disabled label. Reset to base, then "
            "train: that leaves them out."
        )

    def test_label_that_no_output_is_left_for_never_wins(self, desk):
        """Outputs without a label answer nothing, whatever the weights say."""
        desk.train(Settings(**{**desk.card.settings, "epochs": 2}))
        assert desk.run.wait(60)
        answers = desk.answers(photo(77, 0))
        assert np.flatnonzero(answers.own).tolist() == [0, 1]
        assert answers.own.sum() == pytest.approx(1, abs=1e-5)
        first = desk.workspace.manifest.labels[0]
        desk.workspace.rename_label(first.id, "crimson")
        np.testing.assert_array_equal(desk.answers(photo(77, 0)).own, answers.own)
        desk.workspace.delete_label(first.id)
        assert np.flatnonzero(desk.answers(photo(77, 0)).own).tolist() == [1]
