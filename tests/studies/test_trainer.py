"""What trains for a study: here or in a worker, from the base each time, and what that costs."""

from __future__ import annotations

import gzip
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from odt_core.bundled import bundled_models
from odt_core.errors import TrainingError
from odt_core.evaluation import state_digest
from odt_core.runtime import load_model
from odt_core.runtime.frozen import FrozenPart
from odt_core.samples import Labels, Samples
from odt_core.studies import StudyStopped, measure_cost
from odt_core.training import Settings, fit
from tests.evaluation.evaluation_material import SETTINGS, SHORT
from tests.studies.session_trainer import SessionTrainer


class TestTrainers:
    def test_both_train_as_fit_does_and_start_from_the_base_each_time(
        self, model, samples, trainer, worker
    ):
        train, test = samples
        session = model.session()
        fit(session, train, SHORT, test=test)  # measures on the way
        wanted = state_digest(session.state())
        assert trainer.train(train, SHORT) == wanted
        assert worker.train(train, SHORT) == wanted
        assert worker.train(train, SHORT) == wanted
        assert worker.last.steps == trainer.last.steps > 0
        np.testing.assert_array_equal(worker.infer(test.x), session.infer(test.x))

    def test_reset_brings_the_base_model_back(self, model, samples, trainer):
        base = state_digest(model.session().state())
        assert trainer.train(samples[0], SHORT) != base
        trainer.reset()
        assert state_digest(trainer.state()) == base

    @pytest.mark.parametrize("kind", ["trainer", "worker"])
    def test_stop_ends_a_training_at_once(self, kind, samples, request):
        with pytest.raises(StudyStopped):
            request.getfixturevalue(kind).train(
                samples[0], replace(SETTINGS, epochs=5_000), stopped=lambda: True
            )

    @pytest.mark.parametrize("kind", ["trainer", "worker"])
    def test_nothing_to_train_on_is_said_in_plain_words(self, kind, samples, request):
        with pytest.raises(TrainingError, match="no samples to train on"):
            request.getfixturevalue(kind).train(samples[0].take(np.zeros(0, int)), SHORT)


class TestCost:
    @pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
    def test_worker_sends_nothing_and_everything_is_measured(self, samples, worker):
        got = measure_cost(worker, samples[0], SHORT)
        assert (got.network.sockets, got.network.confined) == (0, True)
        assert got.network.bytes_sent == 0
        assert got.steps == worker.last.steps
        clock = worker.last.clock
        assert len(clock) == got.steps
        assert list(clock) == sorted(clock)
        assert clock[-1] <= got.seconds == worker.last.seconds
        assert got.step_ms == pytest.approx(1000 * np.median(np.diff([0, *clock])))
        assert got.inference_ms > 0
        assert 20e6 < got.peak_memory < 1e9
        weights = sum(array.nbytes for array in worker.state().values())
        assert weights < got.checkpoint_bytes < weights + 10_000
        assert "0 bytes sent" in got.sentence

    @pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
    def test_answers_are_timed_on_whole_pictures_none_asked_about_before(self, monkeypatch):
        path = next(path for path in bundled_models() if path.stem == "photos")
        session = load_model(path).session()
        asked = np.random.default_rng(0).normal(0, 1, (2, 160, 160, 3)).astype(np.float32)
        features = np.random.default_rng(1).normal(0, 1, (6, 1280)).astype(np.float32)
        given = Samples(features, np.arange(6) % 2, Labels.numbered(session.contract.outputs))
        settings = Settings(epochs=1, learning_rate=None, replay=0.0, batch_size=3)
        session.infer(asked)
        trainer = SessionTrainer(session.model)
        looked: list[int] = []
        compute = FrozenPart._compute
        monkeypatch.setattr(
            FrozenPart, "_compute", lambda self, x: looked.append(len(x)) or compute(self, x)
        )
        got = measure_cost(trainer, given, settings, asked=asked)
        assert looked == [1] * (got.inferences + 3)
        assert got.inference_ms > 1

    @pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
    def test_answers_to_ids_of_words_are_timed_on_ids(self):
        path = Path(__file__).parents[1] / "oracle" / "models" / "text_mean_keras2.tflite.gz"
        model = load_model(gzip.decompress(path.read_bytes()))
        ids = np.random.default_rng(0).integers(0, 4, (8, *model.contract.input_shape))
        count = model.contract.outputs
        given = Samples(ids.astype(np.float32), np.arange(8) % count, Labels.numbered(count))
        settings = Settings(epochs=1, learning_rate=None, replay=0.0, batch_size=4)
        assert measure_cost(SessionTrainer(model), given, settings).inference_ms > 0

    @pytest.mark.parametrize(("asked", "done"), [(3, 4), (5, 6), (16, 6)])
    def test_cost_is_of_the_batch_size_that_the_model_trains_with(self, asked, done):
        """On six samples; it has steps for 16, 5 or 2."""
        model = load_model(
            Path(__file__).parents[1] / "runtime/models/dialect_fixed_batches.tflite"
        )
        given = Samples(np.eye(6, dtype=np.float32), np.arange(6) % 3, Labels.numbered(3))
        settings = Settings(epochs=1, learning_rate=None, replay=0.0, batch_size=asked)
        assert measure_cost(SessionTrainer(model), given, settings).batch_size == done

    def test_cost_is_of_batches_filled_with_what_the_card_has_to_replay(self, samples, trainer):
        few, none = samples[0].take(np.arange(3)), samples[0].take(np.zeros(0, np.int64))
        settings = replace(SHORT, batch_size=8, replay=0.5)
        assert measure_cost(trainer, few, settings).batch_size == 8
        assert measure_cost(trainer, few, settings, replay=none).batch_size == 3

    @pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
    def test_process_that_could_send_is_not_said_to_have_sent_nothing(self, samples, trainer):
        import socket

        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as open_socket:
            open_socket.bind(("127.0.0.1", 0))
            open_socket.listen()
            got = measure_cost(trainer, samples[0], SHORT).network
        assert got.sockets >= 1
        assert (got.confined, got.bytes_sent) == (False, None)
