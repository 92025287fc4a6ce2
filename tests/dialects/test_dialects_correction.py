"""What a person may correct by hand, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from odt_core.dialects import Choice, Task
from odt_core.dialects.contract import LabelKind, OutputKind
from odt_core.dialects.correction import correct
from odt_core.errors import SignatureError
from odt_core.runtime import load_model
from odt_core.worker import Worker

OWN = Path(__file__).parents[1] / "runtime" / "models"


@pytest.fixture
def regression():
    return load_model(OWN / "dialect_regression.tflite")


def corrected(model, **choice):
    return correct(model.description.signatures, Choice(**choice))


class TestChoice:
    def test_input_without_a_signature_that_trains_asks_for_one(self):
        wanted = r"'x' cannot be chosen by itself, since no signature .* trains\. Choose that"
        with pytest.raises(SignatureError, match=wanted):
            correct([], Choice(samples="x"))

    def test_nothing_chosen_changes_nothing(self, regression):
        assert not Choice()
        assert corrected(regression) == regression.contract

    def test_json_there_and_back(self):
        choice = Choice(train="t", output_kind=OutputKind.LOGITS, task=Task.VALUES)
        assert Choice.from_json(choice.to_json()) == choice

    def test_inputs_can_be_swapped(self, regression):
        train = corrected(regression, samples="a", labels="b").train[0]
        assert (train.samples, train.labels) == ("a", "b")

    def test_another_output_can_be_the_loss(self, regression):
        assert corrected(regression, loss="gradient_norm").train[0].loss == "gradient_norm"

    def test_another_output_can_be_the_prediction(self):
        contract = corrected(load_model(OWN / "dialect_tokens.tflite"), prediction="a")
        assert (contract.infer.prediction, contract.infer.kind) == ("a", OutputKind.PROBABILITIES)

    def test_numbers_can_be_scores(self, regression):
        contract = corrected(regression, task=Task.CLASSES)
        assert (contract.task, contract.labels_count) == (Task.CLASSES, 2)
        assert contract.train[0].label_kind is LabelKind.ONE_HOT

    def test_one_of_several_batch_sizes_can_be_chosen(self):
        contract = corrected(
            load_model(OWN / "dialect_fixed_batches.tflite"), train="train_fixed_batch_s"
        )
        assert [role.batch for role in contract.train] == [5]

    def test_notes_about_the_file_stay(self):
        path = OWN.parents[1] / "models" / "flower__android-automotive__enginefaultdb.tflite"
        model = load_model(path)
        other = model.with_choice(Choice(output_kind=OutputKind.LOGITS)).contract
        assert model.contract.notes[0] == other.notes[0]

    @pytest.mark.parametrize(
        ("choice", "message"),
        [
            ({"train": "nothing"}, "no signature 'nothing'.*adapt"),
            ({"samples": "c"}, "no input 'c'.*: a, b, epoch"),
            ({"samples": "a", "labels": "a"}, "both samples and labels"),
            ({"loss": "value"}, "no output 'value'"),
            ({"prediction": "objective"}, "no output 'objective'.*: value"),
            ({"train": "estimate"}, "changes no variable"),
            ({"task": Task.BINARY}, "2 outputs"),
            ({"train": "adapt", "infer": "adapt"}, "both train and predict"),
            ({"label_kind": LabelKind.ONE_HOT}, "belong to classes"),
        ],
    )
    def test_what_cannot_work_is_refused_in_plain_words(self, regression, choice, message):
        with pytest.raises(SignatureError, match=message):
            corrected(regression, **choice)

    def test_one_output_cannot_be_classes(self):
        with pytest.raises(SignatureError, match="cannot tell classes apart"):
            corrected(load_model(OWN / "dialect_binary.tflite"), task=Task.CLASSES)


class TestUse:
    def test_model_and_worker_use_what_was_chosen(self):
        path, choice = OWN / "dialect_tokens.tflite", Choice(prediction="a")
        x = np.array([[1, 2, 3, 4, 5]], np.int32)
        session = load_model(path).with_choice(choice).session()
        expected = session.infer(x)
        np.testing.assert_allclose(expected.sum(axis=1), 1, rtol=1e-5)
        with Worker.start(path.read_bytes(), choice=choice) as worker:
            assert worker.contract.infer.prediction == "a"
            np.testing.assert_array_equal(worker.infer(x), expected)

    def test_worker_refuses_what_cannot_work(self):
        data = (OWN / "dialect_tokens.tflite").read_bytes()
        with pytest.raises(SignatureError, match="no output 'c'"):
            Worker.start(data, choice=Choice(prediction="c"))
