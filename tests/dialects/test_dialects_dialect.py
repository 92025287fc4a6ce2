"""What each signature of a model is taken for, by its names, shapes and what real files say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from odt_core.dialects import Contract, Task, propose
from odt_core.dialects.contract import LabelKind, OutputKind
from odt_core.runtime import load_model
from tests.dialects.described import signature

PUBLIC = Path(__file__).parents[1] / "models"
OWN = Path(__file__).parents[1] / "runtime" / "models"


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

    @pytest.mark.parametrize(
        ("dtype", "labels"),
        [("int32", "mask"), ("float32", None)],
    )
    def test_mask_of_whole_numbers_that_predicting_does_not_take_is_of_labels(self, dtype, labels):
        """A label for each pixel; not what a model is told to leave out."""
        mask = {"mask": (dtype, (None, 8, 8))}
        image = {"image": ("float32", (None, 8, 8, 1))}
        train = signature("train", {**image, **mask}, {"loss": ("float32", ())})
        met = tuple(replace(one, weighed=one.name == "image") for one in train.inputs)
        infer = signature(
            "infer",
            image,
            {"output": ("float32", (None, 8, 8, 3))},
        )
        (role,) = propose([replace(train, inputs=met), infer]).train
        assert (role.samples, role.labels) == ("image", labels)

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

    @pytest.mark.parametrize(
        ("small", "large", "taken", "said"),
        [
            ("loss_2", "loss_8", "loss_8", ""),
            ("loss_2", "a_loss b_loss", "a_loss", "'a_loss' was taken, not 'b_loss'"),
            ("loss", "", None, "The signature 'train_8' returns no loss"),
            ("", "loss", "loss", ""),
        ],
    )
    def test_what_is_said_of_the_loss_is_of_the_largest_batch(self, small, large, taken, said):
        rows = []
        for size, names in ((2, small.split()), (8, large.split())):
            one = signature(
                f"train_{size}",
                {"x": ("float32", (size, 4)), "y": ("float32", (size, 2))},
                {"steps": ("int32", ()), **dict.fromkeys(names, ("float32", ()))},
            )
            outputs = tuple(replace(output, reached_by=("x", "y")) for output in one.outputs)
            rows.append(replace(one, outputs=outputs))
        contract = propose(rows)
        assert contract.train[0].loss == taken
        notes = [note for note in contract.notes if "loss" in note]
        assert len(notes) == bool(said)
        assert said in "".join(notes)

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

    @pytest.mark.parametrize("file", ["logistic_regression", "model"])
    def test_loss_that_is_a_running_mean_is_called_that(self, file):
        contract = load_model(PUBLIC / f"flower__android-kotlin-new__{file}.tflite").contract
        assert contract.loss_note.startswith("loss reported by the model (a mean over all steps")
        assert contract.evaluate == "evaluate"

    def test_yes_or_no_is_told_from_numbers_by_the_logarithm_in_the_loss(self):
        yes_or_no = load_model(PUBLIC / "flower__android-kotlin-new__model.tflite").contract
        number = load_model(PUBLIC / "flutter_litert__training_model.tflite").contract
        assert (yes_or_no.task, yes_or_no.labels_count) == (Task.BINARY, 2)
        assert (number.task, number.labels_count, number.target_shape) == (Task.VALUES, 0, (1,))

    def test_signature_that_multiplies_by_a_constant_does_not_predict(self):
        contract = load_model(PUBLIC / "flower__android-kotlin-new__model.tflite").contract
        assert contract.infer is None


class TestInventedNames:
    """Models of tests/runtime/build_dialects.py: what their authors did is known."""

    def contract(self, name: str) -> Contract:
        return load_model(OWN / f"dialect_{name}.tflite").contract

    def test_one_input_that_meets_weights_is_an_autoencoder(self):
        contract = self.contract("autoencoder")
        assert contract.task is Task.RECONSTRUCTION
        (train,) = contract.train
        assert (train.signature, train.samples, train.labels) == ("learn_step", "observation", None)
        assert train.loss == "mse"
        assert contract.infer.prediction == "rebuilt"  # not the code of four numbers
        assert contract.target_shape == contract.input_shape == (12,)

    def test_samples_meet_weights_and_targets_do_not(self):
        contract = self.contract("regression")
        (train,) = contract.train
        assert (train.signature, train.samples, train.labels) == ("adapt", "b", "a")
        assert train.loss == "objective"  # of shape [1, 1], beside a gradient norm
        assert contract.infer.signature == "estimate"
        assert (contract.task, contract.target_shape) == (Task.VALUES, (2,))
        assert contract.notes == ()  # "adapt" says it; the input that is not used is no concern

    def test_one_logit_with_whole_labels_is_yes_or_no(self):
        contract = self.contract("binary")
        assert contract.task is Task.BINARY
        assert contract.train[0].label_kind is LabelKind.INTEGER
        assert contract.infer.kind is OutputKind.LOGITS
        assert contract.train[0].learning_rate == "lr"
        assert contract.sets_learning_rate

    def test_tokens_and_whole_labels_are_told_apart(self):
        contract = self.contract("tokens")
        (train,) = contract.train
        assert (train.samples, train.labels, train.loss) == ("args_0", "args_1", "loss")
        assert (contract.input_dtype, contract.input_shape) == ("int32", (5,))
        # "b" are the logits of which "a" is the softmax
        assert (contract.infer.prediction, contract.infer.kind) == ("b", OutputKind.LOGITS)
        assert (contract.task, contract.outputs) == (Task.CLASSES, 3)

    def test_every_fixed_batch_size_is_used(self):
        contract = self.contract("fixed_batches")
        assert [role.batch for role in contract.train] == [16, 5, 2]
        assert contract.infer.batch == 4

    def test_load_of_a_feature_is_the_frozen_part(self):
        contract = self.contract("bottleneck")
        assert contract.extract.signature == "load"
        assert (contract.extract.samples, contract.extract.features) == ("feature", "bottleneck")
        assert contract.extract.frozen
        assert (contract.input_shape, contract.feature_shape) == ((8, 8), (4,))
        assert contract.infer.samples == "feature"
        assert contract.initialise == "initialize"

    @pytest.mark.parametrize("path", sorted(OWN.glob("*.tflite")), ids=lambda path: path.stem)
    def test_json_there_and_back_is_the_same(self, path):
        contract = load_model(path).contract
        assert Contract.from_json(contract.to_json()) == contract
