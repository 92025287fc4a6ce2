"""Unlearning: the weights of a training that was never shown what is to be forgotten."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from odt_core.errors import SampleError
from odt_core.evaluation import state_digest
from odt_core.runtime import load_model
from odt_core.samples import Labels, Samples
from odt_core.studies import unlearn
from odt_core.training import Settings
from tests.evaluation.evaluation_material import CARD, SHORT, zoo_model
from tests.studies.session_trainer import SessionTrainer


class TestUnlearning:
    def test_weights_without_a_label_equal_those_of_a_process_never_shown_it(
        self, samples, trainer, worker
    ):
        train, _ = samples
        kept, removed = train.take(train.y != 3), train.take(train.y == 3)
        got = unlearn(worker, kept, SHORT, removed=removed)
        assert got.identical
        assert got.digest == got.never_shown == trainer.train(kept, SHORT)
        assert got.shown_digest == trainer.train(
            Samples(
                np.concatenate([kept.x, removed.x]),
                np.concatenate([kept.y, removed.y]),
                kept.labels,
            ),
            SHORT,
        )
        assert got.shown_digest != got.digest == state_digest(got.state)
        assert (got.removed, got.samples) == (7, 63)
        assert got.sentence.startswith("Forgotten: ")

    def test_one_sample_matters_and_is_forgotten(self, samples, trainer):
        train, _ = samples
        got = unlearn(trainer, train.take(np.arange(1, 70)), SHORT, removed=train.take([0]))
        assert got.identical
        assert got.shown_digest != got.digest
        assert got.sentence.endswith("Copies that differ in any number would count as others.")

    def test_difference_is_told(self, samples, model):
        class Otherwise(SessionTrainer):
            def train(self, samples, settings, **more):
                return super().train(samples, replace(settings, seed=9), **more)

        class NeverTheSame(SessionTrainer):
            def fresh(self):
                return Otherwise(model)

        got = unlearn(NeverTheSame(model), samples[0], SHORT)
        assert not got.identical
        assert got.sentence.startswith("Not verified: ")

    def test_sample_that_is_still_there_is_refused(self, samples, trainer):
        train, _ = samples
        with pytest.raises(SampleError, match="still there a second time"):
            unlearn(trainer, train, SHORT, removed=train.take(np.array([5])))
        with pytest.raises(SampleError, match="nothing left"):
            unlearn(trainer, train.take(np.zeros(0, int)), SHORT)

    def test_sample_that_is_replayed_too_is_refused(self, samples, trainer):
        train, _ = samples
        rest, gone = train.take(np.arange(5, 70)), train.take(np.arange(5))
        mixed = replace(SHORT, replay=0.5)
        with pytest.raises(SampleError, match="2 of the removed samples are also among the base"):
            unlearn(trainer, rest, mixed, removed=gone, replay=train.take(np.arange(3, 20)))
        unmixed = replace(SHORT, replay=0.0)
        assert unlearn(trainer, rest, unmixed, removed=gone, replay=gone).identical

    @pytest.mark.parametrize("kind", ["trainer", "worker"])
    def test_sample_that_the_models_card_replays_is_refused(self, kind, samples, request):
        train, _ = samples
        replayed = CARD.load_replay()
        gone = Samples(replayed.x[:1], replayed.y[:1], train.labels)
        with pytest.raises(SampleError, match="1 of the removed samples is also among the base"):
            unlearn(request.getfixturevalue(kind), train, replace(SHORT, replay=0.5), removed=gone)

    def test_models_with_dropout_and_adam_are_deterministic_too(self):
        for name in ("cnn_dropout_seeded_keras2", "dropout_unseeded_module"):
            model = load_model(zoo_model(name))
            rng = np.random.default_rng(0)
            x = rng.random((12, *model.contract.input_shape), np.float32)
            outputs = model.contract.outputs
            given = Samples(x, np.arange(12) % outputs, Labels.numbered(outputs))
            settings = Settings(epochs=3, learning_rate=None, replay=0.0, batch_size=4)
            got = unlearn(
                SessionTrainer(model),
                given.take(np.arange(8)),
                settings,
                removed=given.take(np.arange(8, 12)),
            )
            assert got.identical
            assert got.shown_digest != got.digest
