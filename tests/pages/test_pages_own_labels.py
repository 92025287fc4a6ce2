"""Labels as others' models have them: names, numbers, signs, and rows of several."""

from __future__ import annotations

import numpy as np
import pytest

from odt_core.dialects.contract import Choice, Task
from odt_core.workspace import Part, Source
from tests.pages.own_models import OURS, RNG, drop, give, table, train
from tests.pages.page_text import noticed, said, shown
from tests.sample_files import npz


class TestOneFileALabel:
    def test_each_gets_an_output_and_the_order_is_told(self, app, desk_of):
        drop(app, OURS / "dialect_binary.tflite")
        desk = desk_of(app)
        for name in ("wave", "circle"):
            rows = RNG.normal(size=(3, *desk.card.input_shape)).round(3)
            give(app, f"{name}.csv", table(rows, [name] * 3))
        assert desk.labels.names == ("wave", "circle")
        assert "they were named wave, circle, in this order" in app.toast[0].value


class TestWhatLabelsMean:
    def test_rows_of_several_labels_are_refused_and_learnt_as_numbers(self, app, desk_of):
        drop(app, OURS / "dialect_several.tflite")
        desk = desk_of(app)
        assert any("'sample_weight'" in note for note in desk.contract.notes)
        x = RNG.normal(size=(12, 4)).astype(np.float32)
        y = (RNG.random((12, 5)) > 0.5).astype(np.float32)
        y[0, :2] = 1
        give(app, "tags.npz", npz(x=x, y=y))
        assert "choose 'Numbers' under Learns on the Model page" in said(app)
        assert not desk.workspace.manifest.samples
        desk.correct(Choice(task=Task.VALUES))
        give(app, "tags.npz", npz(x=x, y=y))
        assert not said(app)
        assert np.array_equal(
            np.sort(desk.samples(Part.TRAIN).y.sum(axis=1)),
            np.sort(
                [sum(desk.workspace.sample_target(one.id)) for one in desk.entries(Part.TRAIN)]
            ),
        )

    @pytest.mark.parametrize(("odd", "what"), [(0.5, "0.5 for a label"), (np.nan, "not finite")])
    def test_fractions_are_refused_and_not_taken_for_the_chosen_label(
        self, app, desk_of, odd, what
    ):
        drop(app, OURS / "dialect_fixed_batches.tflite")
        desk = desk_of(app)
        x = RNG.normal(size=(4, *desk.card.input_shape)).astype(np.float32)
        give(app, "odd.npz", npz(x=x, y=np.array([0, 1, odd, 1])))
        assert "sample 3" in said(app)
        assert what in said(app)
        assert not desk.workspace.manifest.samples

    def test_minus_one_and_one_are_two_labels(self, app, desk_of):
        drop(app, OURS / "dialect_binary.tflite")
        desk = desk_of(app)
        x = RNG.normal(size=(12, *desk.card.input_shape)).astype(np.float32)
        give(app, "signs.npz", npz(x=x, y=np.where(np.arange(12) % 2, 1, -1)))
        assert not said(app)
        assert desk.labels.names == ("-1", "1")

    @pytest.mark.parametrize(("labels", "told"), [([1, 2], True), ([0, 2], False)])
    def test_numbers_that_may_count_from_1_are_told(self, app, desk_of, labels, told):
        drop(app, OURS / "dialect_tokens.tflite")
        give(app, "numbers.npz", npz(x=RNG.integers(0, 5, (12, 5)), y=np.array(labels * 6)))
        assert not said(app)
        assert desk_of(app).labels.names == ("0", "1", "2")
        assert ("are taken for numbers of outputs, counted from 0" in noticed(app)) is told
        assert ("say so under Label names" in noticed(app)) is told

    def test_order_that_names_are_given_is_said(self, app, desk_of):
        drop(app, OURS / "dialect_fixed_batches.tflite")
        desk = desk_of(app)
        x = RNG.normal(size=(12, *desk.card.input_shape)).astype(np.float32)
        give(app, "words.npz", npz(x=x, y=np.array(["yes", "no", "stop"] * 4)))
        assert "they were named no, stop, yes, in this order" in app.toast[0].value
        assert "taken for no, stop, yes, in this order" in shown(app)  # as long as it is so

    def test_labels_of_drawings_leave_their_outputs_to_words_and_come_back(self, app, desk_of):
        app.button(key="example").click().run()
        desk = desk_of(app)
        drawn = desk.usable_samples()
        drop(app, OURS / "dialect_tokens.tflite")
        words = np.array(["yes", "no", "perhaps"] * 4)
        give(app, "texts.npz", npz(x=RNG.integers(0, 5, (12, 5)), y=words))
        assert not said(app)
        assert desk.labels.names == ("no", "perhaps", "yes")
        assert f"{len(drawn)} samples of another kind" in shown(app)
        train(app, desk)
        desk.choose_bundled("digits")
        assert desk.usable_samples() == drawn
        assert desk.unfit() == len(words)

    @pytest.mark.parametrize("model", ["dialect_autoencoder", "dialect_regression"])
    def test_samples_of_another_kind_are_not_counted_as_the_models(self, app, desk_of, model):
        app.button(key="example").click().run()
        desk = desk_of(app)
        drawn = len(desk.usable_samples())
        drop(app, OURS / f"{model}.tflite")
        size = int(np.prod(desk.card.input_shape))
        goal = np.zeros(int(np.prod(desk.contract.target_shape)), np.float32)
        other = np.zeros(len(goal) + 1, np.float32)
        numbers = [np.full(size, k, np.float32) for k in range(4)]
        desk.workspace.add_samples([numbers[0]], "", Source.UPLOAD, targets=[goal])
        desk.workspace.add_samples([np.zeros(size + 1, np.float32)], "", Source.UPLOAD)
        assert [one.suffix for one in desk.usable_samples()] == ["npy"]
        desk.workspace.add_samples(numbers[1:], "", Source.UPLOAD, targets=[goal, goal, other])
        assert desk.usable_samples() == desk.entries(None)
        assert desk.unfit() == drawn + 1 + (desk.task is Task.VALUES)
