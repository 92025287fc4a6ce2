"""Bundled models wait in the nursery's memory; all others are read by their worker."""

import time
from pathlib import Path

import numpy as np
import pytest

from odt_core.bundled import bundled_models
from odt_core.runtime import load_model
from odt_core.worker import Worker, ready
from odt_core.worker.nursery import nursery, warm_up

OTHER = Path(__file__).parents[1] / "runtime" / "models" / "tiny_momentum.tflite"


@pytest.fixture
def _emptied(monkeypatch):
    monkeypatch.setattr(ready, "_ready", {})


@pytest.mark.usefixtures("_emptied")
class TestReady:
    def test_bundled_model_when_ready_then_is_the_one_that_loading_gives(self):
        assert list(dict.fromkeys(ready.prepare())) == list(bundled_models())
        for path in bundled_models():
            given, loaded = ready.load_ready(path.read_bytes(), name="n"), load_model(path)
            assert (given.data, given.sha256) == (loaded.data, loaded.sha256)
            assert (given.description, given.contract) == (loaded.description, loaded.contract)
            assert (given.name, given.path) == ("n", None)

    def test_bundled_model_when_ready_then_knows_the_features_of_what_every_run_asks(self):
        list(ready.prepare())
        path = bundled_models()[0]
        model, fresh = ready.load_ready(path.read_bytes(), name="n"), load_model(path)
        sets = fresh.card.load_base_test(), fresh.card.load_replay()
        assert len(model.features) == sum(len(samples.y) for samples in sets)
        for samples in sets:
            session = model.session()
            session._frozen._compute = None  # nothing is left to compute
            np.testing.assert_array_equal(
                session.infer(samples.x), fresh.session().infer(samples.x)
            )

    def test_model_when_not_ready_then_is_loaded_and_not_kept(self):
        given = ready.load_ready(OTHER.read_bytes(), name="n")
        assert given.data == load_model(OTHER).data
        assert ready._ready == {}

    def test_bundled_model_when_broken_then_the_others_are_ready(self, monkeypatch, tmp_path):
        (tmp_path / "broken.tflite").write_bytes(b"no model")
        paths = (tmp_path / "gone.tflite", tmp_path / "broken.tflite", OTHER)
        monkeypatch.setattr(ready, "bundled_models", lambda: paths)
        assert list(ready.prepare()) == [OTHER]


class TestNursery:
    def test_nursery_when_it_read_the_models_then_still_has_one_thread_and_forks(self):
        warm_up()
        time.sleep(1.5)  # long enough for both on a quiet machine; either way it must answer
        path = bundled_models()[0]
        x = np.random.default_rng(0).random((3, *load_model(path).contract.input_shape))
        with Worker.start(path.read_bytes()) as worker:
            np.testing.assert_array_equal(
                worker.infer(x.astype(np.float32)),
                load_model(path).session().infer(x.astype(np.float32)),
            )
            tasks = Path(f"/proc/{nursery().pid}/task")
            if tasks.exists():
                assert len(list(tasks.iterdir())) == 1
