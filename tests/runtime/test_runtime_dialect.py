"""What each signature of a model is taken for."""

from __future__ import annotations

from pathlib import Path

import pytest

from odt_core.graph import SignatureDescription, TensorDescription
from odt_core.runtime import Contract, LabelKind, OutputKind, load_model, propose

PUBLIC = Path(__file__).parents[1] / "models"


def signature(name: str, inputs: dict, outputs: dict) -> SignatureDescription:
    def tensors(rows: dict) -> tuple[TensorDescription, ...]:
        return tuple(TensorDescription(key, *row) for key, row in rows.items())

    return SignatureDescription(name, tensors(inputs), tensors(outputs))


class TestPropose:
    def test_names_in_any_order_are_told_apart(self):
        contract = propose(
            [
                signature(
                    "train",
                    {"y": ("int32", (None,)), "x": ("float32", (None, 28, 28))},
                    {"accuracy": ("float32", ()), "loss": ("float32", (1,))},
                ),
                signature(
                    "infer",
                    {"x": ("float32", (None, 28, 28))},
                    {"output": ("float32", (None, 10)), "logits": ("float32", (None, 10))},
                ),
            ]
        )
        (train,) = contract.train
        assert (train.samples, train.labels, train.loss) == ("x", "y", "loss")
        assert train.label_kind is LabelKind.INTEGER
        assert contract.infer is not None
        assert contract.infer.prediction == "logits"
        assert contract.infer.kind is OutputKind.LOGITS
        assert (contract.input_shape, contract.outputs) == ((28, 28), 10)

    def test_softmax_output_when_called_logits_is_taken_for_probabilities(self):
        contract = propose(
            [
                signature(
                    "infer",
                    {"x": ("float32", (None, 4))},
                    {"logits": ("float32", (None, 3), "SOFTMAX")},
                )
            ]
        )
        assert contract.infer is not None
        assert contract.infer.kind is OutputKind.PROBABILITIES

    def test_unknown_names_are_told_apart_by_shape(self):
        contract = propose(
            [
                signature(
                    "train",
                    {"a": ("float32", (None, 3)), "b": ("float32", (None, 16, 16, 3))},
                    {"out": ("float32", ())},
                )
            ]
        )
        assert (contract.train[0].samples, contract.train[0].labels) == ("b", "a")
        assert contract.train[0].label_kind is LabelKind.ONE_HOT
        assert contract.outputs == 3

    def test_several_train_signatures_come_with_the_largest_batch_first(self):
        rows = [
            signature(
                f"train_fixed_batch_{name}",
                {"x": ("float32", (size, 4)), "y": ("float32", (size, 2))},
                {"loss": ("float32", ())},
            )
            for name, size in (("s", 8), ("l", 64), ("xs", 1))
        ]
        assert [role.batch for role in propose(rows).train] == [64, 8, 1]

    def test_no_signature_at_all_is_explained(self):
        contract = propose([])
        assert not contract.trainable
        assert contract.infer is None
        assert "no signature that predicts" in contract.notes[0]
        assert "cannot be trained" in contract.notes[1]

    def test_json_there_and_back(self):
        contract = load_model(PUBLIC / "flutter_litert__training_model.tflite").contract
        assert Contract.from_json(contract.to_json()) == contract


class TestPublicModels:
    @pytest.mark.parametrize(
        ("file", "shape", "outputs", "kind", "predicts"),
        [
            ("flower__android-kotlin-new__logistic_regression", (30,), 1, LabelKind.VALUES, False),
            ("flower__android-kotlin-new__model", (30,), 1, LabelKind.VALUES, False),
            ("flutter_litert__training_model", (1,), 1, LabelKind.VALUES, True),
            ("flutter_litert__training_model_flex", (1,), 1, LabelKind.VALUES, True),
        ],
    )
    def test_contract(self, file, shape, outputs, kind, predicts):
        contract = load_model(PUBLIC / f"{file}.tflite").contract
        assert contract.input_shape == shape
        assert contract.outputs == outputs
        assert contract.train[0].label_kind is kind
        assert (contract.infer is not None) is predicts
        assert contract.state

    def test_contract_when_the_author_broke_train_then_infers_and_says_why(self):
        contract = load_model(PUBLIC / "flower__android-automotive__enginefaultdb.tflite").contract
        assert not contract.trainable
        assert contract.infer is not None
        assert any("sparse loss with one-hot labels" in note for note in contract.notes)
