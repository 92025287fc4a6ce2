"""Sets that were answered before are not answered again, unless anything could have changed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from odt_core.runtime import Model, load_model, remembered
from odt_core.runtime.chunks import Chunks
from odt_core.runtime.remembered import Remembered
from odt_core.samples import Labels, Samples

MODEL = Path(__file__).parent / "models" / "tiny_momentum.tflite"


@pytest.fixture(autouse=True)
def _always_pays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "PACE", 0.0)
    monkeypatch.setattr(remembered, "LEAST", 1)


@pytest.fixture
def model() -> Model:
    return load_model(MODEL)


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many samples each prediction took that was really made."""
    counts: list[int] = []
    ask = Chunks.ask

    def counted(self, signature, role, x, output):
        counts.append(len(x))
        return ask(self, signature, role, x, output)

    monkeypatch.setattr(Chunks, "ask", counted)
    return counts


def some(count: int, seed: int = 0) -> Samples:
    x = np.random.default_rng(seed).random((count, 8, 8, 1), np.float32)
    return Samples(x, np.arange(count) % 4, Labels.numbered(4))


class TestSession:
    def test_the_same_set_is_answered_once(self, model, computed) -> None:
        session, x = model.session(), some(40).x
        first = session.infer(x)
        np.testing.assert_array_equal(session.infer(x.copy()), first)
        assert computed == [40]
        session.infer(some(40, 1).x)
        assert computed == [40, 40]

    def test_what_was_given_can_be_written_over(self, model) -> None:
        session, x = model.session(), some(40).x
        first = session.infer(x)
        kept = first.copy()
        first[:] = 7
        second = session.infer(x)
        second[:] = 8
        np.testing.assert_array_equal(session.infer(x), kept)

    def test_rate_that_a_run_gives_back_leaves_answers_known(self, model, computed) -> None:
        session, x = model.session(), some(40).x
        with session.keep_rate():
            session.learning_rate = 0.5
            batch = some(8)
            session.train_step(batch.x, batch.y)
            last = session.infer(x)
        np.testing.assert_array_equal(session.infer(x), last)
        assert computed == [40]

    @pytest.mark.parametrize("change", ["train_step", "load_state", "run"])
    def test_changed_weights_answer_anew(self, model, computed, change) -> None:
        session, other, x = model.session(), model.session(), some(40).x
        batch = some(8)
        other.train_step(batch.x, batch.y)
        before = session.infer(x)
        if change == "train_step":
            session.train_step(batch.x, batch.y)
        elif change == "load_state":
            session.load_state(other.state())
        else:
            name, feeds = session.train_feeds(batch.x, batch.y)
            session.run(name, **feeds)
        after = session.infer(x)
        assert not np.array_equal(after, before)
        np.testing.assert_array_equal(after, other.infer(x))
        session.infer(x)
        assert computed == [40, 40, 40]  # the last one is known again

    def test_sessions_of_a_model_share_what_its_file_answers_and_nothing_else(
        self, model, computed
    ) -> None:
        one, two, x = model.session(), model.session(), some(40).x
        batch = some(8)
        untrained = one.infer(x)
        np.testing.assert_array_equal(two.infer(x), untrained)
        assert computed == [40]
        one.train_step(batch.x, batch.y)
        trained = one.infer(x)
        np.testing.assert_array_equal(two.infer(x), untrained)
        np.testing.assert_array_equal(model.session().infer(x), untrained)
        np.testing.assert_array_equal(one.infer(x), trained)
        assert computed == [40, 40]
        one.reset()
        np.testing.assert_array_equal(one.infer(x), untrained)
        assert computed == [40, 40]

    def test_more_threads_answer_by_themselves(self, model, computed) -> None:
        session, x = model.session(), some(40).x
        session.infer(x)
        session.use_threads(2)
        session.infer(x)
        assert computed == [40, 40]


class TestRemembered:
    @pytest.mark.parametrize(("pace", "least"), [(1.0, 1), (0.0, 4001)])
    def test_one_that_is_quick_or_small_is_answered_again(self, monkeypatch, pace, least) -> None:
        answers, asked, x = Remembered(), [], np.zeros((100, 10), np.float32)
        monkeypatch.setattr(remembered, "PACE", pace)  # in seconds for a byte
        monkeypatch.setattr(remembered, "LEAST", least)
        for number in range(3):
            answers("what", x, lambda number=number: asked.append(number) or x)
        assert asked == [0, 1, 2]

    def test_questions_shapes_and_types_are_told_apart(self) -> None:
        answers, x = Remembered(), np.zeros((4, 6), np.float32)
        asked = [("a", x), ("b", x), ("a", x.reshape(6, 4)), ("a", x.view(np.int32))]
        for number, (what, samples) in enumerate(asked):
            answers(what, samples, lambda number=number: np.array([number]))
        for number, (what, samples) in enumerate(asked):
            assert answers(what, samples, lambda: np.array([-1])) == [number]

    def test_only_the_newest_few_are_kept_and_no_large_ones(self, monkeypatch) -> None:
        answers = Remembered()
        for number in range(20):
            answers(number, np.zeros(4, np.float32), lambda: np.zeros(1))
        assert len(answers) == remembered.KEPT
        answers = Remembered()
        monkeypatch.setattr(remembered, "MOST", 7)
        answers("large", np.zeros(4, np.float32), lambda: np.zeros(1))
        assert not len(answers)
