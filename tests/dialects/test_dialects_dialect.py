"""What each signature of a model is taken for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from odt_core.dialects import Choice, Contract, LabelKind, OutputKind, Task, propose
from odt_core.dialects.contract import Activation
from odt_core.dialects.targets import filling
from odt_core.dialects.vocabulary import is_learning_rate
from odt_core.graph import Meeting, SignatureDescription, TensorDescription
from odt_core.graph.loss_facts import CONSTANT
from odt_core.runtime import load_model

PUBLIC = Path(__file__).parents[1] / "models"
OWN = Path(__file__).parents[1] / "runtime" / "models"


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


FLOATS = ("float32", (None, 6))


class TestRivalOfThePredictor:
    """`infer` of an int8 build wants what `train` and `eval` bring to mean 0 themselves."""

    def notes(self, *more: str) -> tuple[str, ...]:
        layers, x = ("ADD", "FULLY_CONNECTED"), {"x": FLOATS}
        train = signature("train", {**x, "y": ("float32", (None, 1))}, {"loss": ("float32", ())})
        infer = signature("infer", x, {"logits": ("float32", (None, 1))})
        infer = replace(infer, reads=("w",), ops=layers)
        return propose(
            [
                replace(train, reads=("w",), assigns=("w",), ops=(*layers, "DIV", "SUB", "EXP")),
                infer,
                replace(infer, name="eval", ops=(*layers, *more)),
            ]
        ).notes

    def test_signature_that_prepares_samples_as_training_does_is_named(self):
        (note,) = self.notes("DIV", "SUB")
        assert note.startswith("'eval' takes and gives the same as 'infer' and computes something")
        assert note.endswith("(--use infer=eval).")

    @pytest.mark.parametrize("more", [(), ("DIV", "TANH")])
    def test_signature_that_does_no_more_or_what_training_does_not_is_none(self, more):
        assert self.notes(*more) == ()


class TestOpenSequence:
    """A language model: labels are the ids again, of which all but the first are learnt."""

    def contract(self, *way: str) -> Contract:
        ids = ("int32", (None, None))
        train = signature("train", {"ids": ids, "labels": ids}, {"loss": ("float32", ())})
        met = Meeting("labels", "MUL", "SUB", way, ("SUM",), 40)
        inputs = (replace(train.inputs[0], weighed=True), train.inputs[1])
        outputs = tuple(replace(one, meets=(met,)) for one in train.outputs)
        infer = signature("infer", {"ids": ids}, {"logits": ("float32", (None, 40))})
        return propose([replace(train, inputs=inputs, outputs=outputs), infer])

    def test_label_for_each_of_any_number_of_places_is_refused(self):
        contract = self.contract("ONE_HOT", "STRIDED_SLICE")
        assert contract.train == ()
        assert contract.notes[0].startswith(
            "The signature 'train' takes a label for each place of a sample ('labels')"
        )

    def test_label_that_is_not_cut_may_be_one_of_a_sample(self):
        assert self.contract("ONE_HOT").trainable


class TestPixels:
    @pytest.mark.parametrize(("training", "taken"), [((0.0, 255.0), (0.0, 255.0)), ((), ())])
    def test_pixels_are_taken_where_training_and_predicting_scale_them(self, training, taken):
        """Else what suits the one does not suit the other."""
        image = {"x": ("float32", (None, 32, 32, 3))}
        train = signature("train", {**image, "y": ("int32", (None,))}, {"loss": ("float32", ())})
        infer = signature("infer", image, {"output": ("float32", (None, 4))})
        scaled = tuple(replace(one, pixels=(0.0, 255.0)) for one in infer.inputs)
        theirs = tuple(replace(one, pixels=training) for one in train.inputs)
        contract = propose([replace(train, inputs=theirs), replace(infer, inputs=scaled)])
        assert contract.pixel_range == taken
        assert any("takes pixels as they are" in note for note in contract.notes) is bool(taken)

    @pytest.mark.parametrize("shape", [(128, 9), (50, 6), (1_000,), (13,), (7, 7, 64)])
    @pytest.mark.parametrize("pixels", [(0.0, 255.0), (-1.0, 1.0)])
    def test_nothing_is_said_of_pictures_where_a_sample_is_none(self, shape, pixels):
        """Numbers of sensors, tables and sounds may reach as far."""
        x = {"x": ("float32", (1, *shape))}
        infer = signature("infer", x, {"output": ("float32", (1, 4))})
        inputs = tuple(replace(one, pixels=pixels) for one in infer.inputs)
        contract = propose([replace(infer, inputs=inputs)])
        assert contract.input_shape == shape
        assert contract.pixel_range == ()
        assert not any("picture" in note for note in contract.notes)


class TestSamplesThatPredictingTakes:
    """A game's state, and what is learnt of it: chances of moves, and who wins."""

    def contract(self, state: tuple[int | None, ...], choice: Choice | None = None) -> Contract:
        targets = {"chances": ("float32", (None, 9)), "score": ("float32", (None, 1))}
        train = signature(
            "train",
            {**targets, "state_batch": ("float32", state)},
            {"loss": ("float32", ())},
        )
        met = tuple(replace(one, weighed=one.name == "state_batch") for one in train.inputs)
        answers = {"output_0": ("float32", (None, 9)), "output_1": ("float32", (None, 1))}
        board = {"x": ("float32", (None, 2, 3, 3))}
        infer = signature("predict", board, answers)
        met_x = tuple(replace(one, weighed=True) for one in infer.inputs)
        return propose([replace(train, inputs=met), replace(infer, inputs=met_x)], choice)

    def test_state_that_predicting_takes_is_the_sample_and_two_targets_are_refused(self):
        contract = self.contract((None, 2, 3, 3))
        assert contract.train == ()
        assert (
            "needs more of each sample than itself and its label or target: 'score'"
            in (contract.notes[0])
        )

    def test_training_chosen_all_the_same_takes_the_state(self):
        (role,) = self.contract((None, 2, 3, 3), Choice(train="train")).train
        assert (role.samples, role.labels) == ("state_batch", "chances")

    def test_samples_of_other_sizes_than_predicting_takes_are_refused(self):
        contract = self.contract((None, 5, 5))
        assert contract.train == ()
        assert contract.notes[0].startswith(
            "The signature 'train' takes samples ('chances') of 9 numbers, 'predict' takes them "
            "('x') of 18, and no signature makes the ones of the others."
        )


class TestBaseOfTheSamplesShape:
    """`load(feature [N, 6]) -> bottleneck [N, 6]`: no shape tells that `train` wants the latter."""

    def contract(self, wanted: str = "bottleneck", load: Any = None) -> Contract:
        labels = {"label": ("float32", (None, 3))}
        train = signature("train", {wanted: FLOATS, **labels}, {"loss": ("float32", ())})
        return propose(
            [
                replace(train, ops=("ASSIGN_VARIABLE",), reads=("head",), assigns=("head",)),
                replace(
                    signature("infer", {"feature": FLOATS}, {"output": ("float32", (None, 3))}),
                    reads=("base", "head"),
                ),
                load or signature("load", {"feature": FLOATS}, {"bottleneck": FLOATS}),
            ]
        )

    def test_output_of_the_name_that_train_takes_is_what_it_gets(self):
        contract = self.contract()
        assert contract.extract is not None
        assert contract.infer is not None
        assert (contract.extract.signature, contract.extract.features) == ("load", "bottleneck")
        assert not contract.infer.on_features
        assert not contract.keeps_features

    def test_base_with_variables_that_predicting_alone_reads_is_one_by_its_name(self):
        embed = signature("embed", {"args": FLOATS}, {"out": FLOATS})
        contract = self.contract("x", replace(embed, reads=("base",)))
        assert contract.extract is not None
        assert (contract.extract.signature, contract.extract.features) == ("embed", "out")

    def test_base_that_training_goes_through_itself_is_none(self):
        encode = signature("encode", {"feature": FLOATS}, {"bottleneck": FLOATS})
        contract = self.contract(load=replace(encode, reads=("head",)))
        assert (contract.extract, contract.notes) == (None, ())

    def test_base_of_which_nothing_tells_is_named_in_a_note(self):
        contract = self.contract("feature")
        assert contract.extract is None
        assert contract.notes == (
            "The signature 'load' gives numbers in the samples' own form, and nothing tells "
            "whether 'train' wants these; it is given the samples themselves.",
        )


class TestShapes:
    def test_labels_given_as_floats_of_a_sparse_loss_are_class_numbers(self):
        contract = propose(
            [
                signature("train_epoch", {"x": FLOATS, "y": ("float32", (None, 1))}, {"l": FLOATS}),
                signature("predict", {"x": FLOATS}, {"logits": ("float32", (None, 10))}),
            ]
        )
        assert contract.task is Task.CLASSES
        assert contract.train[0].label_kind is LabelKind.INTEGER

    def test_whole_one_hot_labels_stay_one_hot(self):
        contract = propose(
            [
                signature(
                    "train", {"x": FLOATS, "y": ("int32", (None, 3))}, {"loss": ("float32", ())}
                ),
                signature("infer", {"x": FLOATS}, {"output": ("float32", (None, 3))}),
            ]
        )
        assert contract.task is Task.CLASSES
        assert contract.train[0].label_kind is LabelKind.ONE_HOT

    def test_scores_between_dimensions_of_one_are_still_scores(self):
        contract = propose([signature("infer", {"x": FLOATS}, {"p": ("float32", (None, 1, 1, 7))})])
        assert contract.outputs == 7

    def test_picture_of_any_size_gets_a_size_and_says_that_it_is_free(self):
        shape = ("float32", (None, None, None, 3))
        contract = propose([signature("infer", {"x": shape}, {"p": ("float32", (None, 7))})])
        assert contract.input_shape == (224, 224, 3)
        assert contract.free_axes == (0, 1)

    def test_size_that_one_signature_leaves_open_is_taken_from_the_other(self):
        contract = propose(
            [
                signature(
                    "train",
                    {"x": ("float32", (8, 20, 3)), "y": ("int32", (8,))},
                    {"loss": ("float32", ())},
                ),
                signature(
                    "infer", {"x": ("float32", (None, None, 3))}, {"p": ("float32", (None, 4))}
                ),
            ]
        )
        assert (contract.input_shape, contract.free_axes) == ((20, 3), ())

    @pytest.mark.parametrize("name", ["age", "reward", "next_state", "old_logp"])
    def test_further_input_of_each_sample_is_only_filled_with_zeros_when_asked_for(self, name):
        found = [
            signature(
                "train",
                {"x": ("float32", (None, 9)), "y": ("int32", (None,)), name: ("float32", (None,))},
                {"loss": ("float32", ())},
            ),
            signature("infer", {"x": ("float32", (None, 9))}, {"p": ("float32", (None, 4))}),
        ]
        contract = propose(found)
        assert not contract.trainable
        assert any("needs more of each sample" in n and f"'{name}'" in n for n in contract.notes)
        contract = propose(found, choice=Choice(train="train"))
        assert contract.trainable
        assert any(f"also uses an input '{name}'" in note for note in contract.notes)

    @pytest.mark.parametrize(
        ("name", "of", "learns"),
        [
            ("reward", (1,), False),
            ("epoch", (1,), True),
            ("l2", (1,), True),
            ("label_smoothing", (1,), True),
            ("noise", (1, 3), True),
            ("h0", (1, 12), True),
            ("initial_c", (1, 12), True),
            ("gender", (1, 2), False),
            ("learning_rate", (1,), True),
            ("sample_weight", (1,), True),
            ("hidden_state", (1, 12), True),
            ("clip_norm", (1,), True),
            ("scale", (1,), True),
        ],
    )
    def test_further_input_of_each_sample_is_told_at_batch_size_one_too(self, name, of, learns):
        inputs = {"x": ("float32", (1, 9)), "y": ("int32", (1,)), name: ("float32", of)}
        found = [
            signature("train", inputs, {"loss": ("float32", ())}),
            signature("infer", {"x": ("float32", (1, 9))}, {"p": ("float32", (1, 4))}),
        ]
        assert propose(found).trainable is learns

    @pytest.mark.parametrize(
        ("name", "of"),
        [("rate", ()), ("epoch", (1,)), ("sample_weight", (None,)), ("state", (None, 12))],
    )
    def test_further_input_that_is_not_of_the_sample_itself_is_filled(self, name, of):
        found = [
            signature(
                "train",
                {"x": ("float32", (None, 9)), "y": ("int32", (None,)), name: ("float32", of)},
                {"loss": ("float32", ())},
            ),
            signature("infer", {"x": ("float32", (None, 9))}, {"p": ("float32", (None, 4))}),
        ]
        assert propose(found).trainable

    def test_labels_of_the_samples_shape_are_the_samples_and_that_is_said(self):
        contract = propose(
            [
                signature("train", {"x": FLOATS, "y": FLOATS}, {"loss": ("float32", ())}),
                signature("infer", {"x": FLOATS}, {"output": FLOATS}),
            ]
        )
        assert contract.task is Task.RECONSTRUCTION
        assert any("Choose numbers ('values')" in note for note in contract.notes)

    def test_training_that_returns_no_loss_is_said(self):
        contract = propose(
            [signature("train", {"x": FLOATS, "y": ("int32", (None,))}, {"status": ("int32", ())})]
        )
        assert contract.train[0].loss is None
        assert any("returns no loss" in note for note in contract.notes)

    @pytest.mark.parametrize(
        ("shape", "taken"), [((), True), ((None,), True), ((4, 3), False), ((3,), False)]
    )
    def test_output_is_the_loss_when_it_is_one_number_or_one_a_sample(self, shape, taken):
        """Not a gradient, which has the shape of its variable."""
        train = signature(
            "train",
            {"x": FLOATS, "y": ("int32", (None,))},
            {"output_0": ("float32", shape)},
        )
        reached = tuple(replace(one, reached_by=("x", "y")) for one in train.outputs)
        contract = propose([replace(train, outputs=reached)])
        assert (contract.train[0].loss == "output_0") == taken

    def test_one_hot_labels_of_open_width_have_the_predictions_width(self):
        contract = propose(
            [
                signature(
                    "train",
                    {"x": ("float32", (None, 8, 8)), "y": ("float32", (None, None))},
                    {"loss": ("float32", ())},
                ),
                signature(
                    "infer",
                    {"x": ("float32", (None, 8, 8))},
                    {"logits": ("float32", (None, 2)), "output": ("float32", (None, 2))},
                ),
            ]
        )
        assert (contract.task, contract.outputs) == (Task.CLASSES, 2)
        assert contract.train[0].label_kind is LabelKind.ONE_HOT

    @pytest.mark.parametrize(
        ("ops", "task"), [(("LOG", "MEAN"), Task.BINARY), (("MEAN", "MUL"), Task.VALUES)]
    )
    def test_one_output_called_logits_is_yes_or_no_when_the_loss_takes_a_logarithm(self, ops, task):
        train = signature(
            "train", {"x": FLOATS, "y": ("float32", (None, 1))}, {"loss": ("float32", ())}
        )
        infer = signature("infer", {"x": FLOATS}, {"logits": ("float32", (None, 1))})
        contract = propose(
            [
                replace(train, ops=ops, reads=("w",), assigns=("w",)),
                replace(infer, ops=("ADD",), reads=("w",)),
            ]
        )
        assert contract.task is task

    def test_state_of_a_recurrent_model_is_neither_samples_nor_labels(self):
        state = ("float32", (16, 12))
        feat = ("int32", (16,), None, (), False, True, True)  # meets the weights
        contract = propose(
            [
                signature(
                    "train",
                    {"feat": feat, "initstate": state, "target": ("int32", (16,))},
                    {"loss": ("float32", ()), "state": state},
                ),
                signature(
                    "infer",
                    {"feat": feat, "initstate": state},
                    {"output": ("float32", (16, 40)), "state": state},
                ),
            ]
        )
        (train,) = contract.train
        assert (train.samples, train.labels) == ("feat", "target")
        assert contract.infer.samples == "feat"

    def test_input_called_state_that_infer_takes_too_is_the_samples(self):
        contract = propose(
            [
                signature(
                    "train",
                    {
                        "probs": ("float32", (None, 81)),
                        "score": ("float32", (None, 1)),
                        "state_batch": ("float32", (None, 4, 9, 9)),
                    },
                    {"loss": ("float32", ())},
                ),
                signature(
                    "predict",
                    {"state_batch": ("float32", (None, 4, 9, 9))},
                    {"output_0": ("float32", (None, 81), "SOFTMAX")},
                ),
            ],
            choice=Choice(train="train"),  # the score of a game is filled with zeros
        )
        assert (contract.train[0].samples, contract.train[0].labels) == ("state_batch", "probs")

    def test_signature_that_changes_no_variable_does_not_train(self):
        train = signature(
            "train", {"x": FLOATS, "y": ("int32", (None,))}, {"loss": ("float32", ())}
        )
        contract = propose([replace(train, ops=("MEAN",), reads=("w",))])
        assert not contract.trainable
        assert "changes no variable" in contract.notes[0]


def made(
    inputs: dict,
    outputs: dict,
    ops: tuple[str, ...],
    weighed: tuple[str, ...] = ("x",),
    meets: tuple[Meeting, ...] = (),
) -> Contract:
    """Of a train signature with these inputs and ops, and one that predicts these outputs. meets:
    how an input "y", or the first that meets no weights, joins what the loss is computed from.
    """
    train = signature("train", inputs, {"loss": ("float32", ())})
    met = tuple(replace(one, weighed=one.name in weighed) for one in train.inputs)
    labels = [one.name for one in met if not one.weighed][:1]
    facts = tuple(replace(one, input=name) for name in labels for one in meets)
    losses = tuple(replace(one, tail=ops, meets=facts) for one in train.outputs)
    train = replace(train, inputs=met, outputs=losses, ops=ops, assigns=("w",))
    x = next(iter(inputs.items()))
    infer = signature("infer", dict([x]), {})
    answers = tuple(
        TensorDescription(name, "float32", shape, producer=producer, ends=producer)
        for name, (shape, producer) in outputs.items()
    )
    ends = tuple(producer for _, producer in outputs.values())
    return propose([train, replace(infer, outputs=answers, ops=("MUL", *ends), reads=("w",))])


def met(op: str, kind: str = "ADD", **facts: Any) -> Meeting:
    return Meeting("y", op, kind, **facts)


ENTROPY = met("MUL", "LOG_SOFTMAX", log=True, shares=True)
WITH_LOGITS = met("MUL", softplus=True)


class TestWhatIsLearnt:
    """Cases that look like another task at first sight."""

    X = ("float32", (None, 6))
    NUMBER = ("float32", (None, 1))
    LABEL = ("int32", (None,))

    def test_of_two_heads_whole_labels_belong_to_the_one_that_tells_them_apart(self):
        heads = {"value": ((None, 1), "BATCH_MATMUL"), "kinds": ((None, 3), "SOFTMAX")}
        contract = made({"x": self.X, "y": self.LABEL}, heads, ("LOG", "EXP"))
        assert contract.infer is not None
        assert (contract.task, contract.outputs) == (Task.CLASSES, 3)
        assert contract.infer.prediction == "kinds"
        assert contract.infer.kind is OutputKind.PROBABILITIES

    def test_of_sigmoid_and_embedding_whole_labels_belong_to_the_sigmoid(self):
        heads = {"spam": ((None, 1), "LOGISTIC"), "pooled": ((None, 64), "TANH")}
        contract = made({"x": self.X, "y": self.LABEL}, heads, ("LOG",))
        assert (contract.task, contract.outputs) == (Task.BINARY, 1)

    def test_several_numbers_from_one_target_without_a_likelihood_are_no_labels(self):
        """Quantile regression."""
        quantiles = {"quantiles": ((None, 3), "ADD")}
        contract = made({"x": self.X, "y": self.NUMBER}, quantiles, ("MAXIMUM", "SUB"))
        assert (contract.task, contract.target_shape) == (Task.VALUES, (1,))
        assert not contract.scored
        assert any("another number of values than a target" in note for note in contract.notes)

    @pytest.mark.parametrize("labels", [NUMBER, LABEL])
    def test_counts_learnt_by_a_poisson_loss_are_numbers(self, labels):
        rate = {"rate": ((None, 1), "EXP")}
        contract = made({"x": self.X, "y": labels}, rate, ("LOG", "SUB"))
        assert contract.task is Task.VALUES
        assert contract.scored

    @pytest.mark.parametrize("dtype", ["float32", "int32"])
    def test_sigmoids_that_may_all_be_right_are_said(self, dtype):
        y = (dtype, (None, 5))
        contract = made({"x": self.X, "y": y}, {"tags": ((None, 5), "LOGISTIC")}, ("LOG",))
        assert contract.task is Task.CLASSES
        assert any("a probability of its own" in note for note in contract.notes)
        contract = made({"x": self.X, "y": y}, {"tags": ((None, 5), "SOFTMAX")}, ("LOG",))
        assert not contract.notes

    @pytest.mark.parametrize("name", ["logits", "output"])
    def test_targets_that_are_subtracted_are_numbers_whatever_the_output_is_called(self, name):
        y = ("float32", (None, 2))
        outputs = {name: ((None, 2), "ADD")}
        contract = made({"x": self.X, "y": y}, outputs, ("SUB", "MUL"), meets=(met("SUB"),))
        assert (contract.task, contract.target_shape) == (Task.VALUES, (2,))
        labels = (met("MUL", "LOG", log=True), met("SUB", CONSTANT))
        contract = made({"x": self.X, "y": y}, outputs, ("LOG", "MUL"), meets=labels)
        assert contract.task is Task.CLASSES

    @pytest.mark.parametrize("labels", [(None, 1), (None,)])
    def test_logarithm_of_a_difference_is_no_sign_of_labels(self, labels):
        """log-cosh, a normal distribution's likelihood, mean squared logarithmic errors."""
        inputs = {"x": self.X, "y": ("float32", labels)}
        outputs = {"output": (labels, "ADD")}
        contract = made(
            inputs, outputs, ("LOG", "EXP", "SUB"), meets=(met("SUB", on=("EXP", "LOG")),)
        )
        assert contract.task is Task.VALUES
        contract = made(inputs, outputs, ("LOG", "EXP", "MUL"), meets=(WITH_LOGITS,))
        assert contract.task is Task.BINARY

    def test_few_numbers_from_as_many_are_no_autoencoder(self):
        pair = ("float32", (None, 2))
        contract = made({"x": pair, "target": pair}, {"point": ((None, 2), "ADD")}, ("SUB",))
        assert contract.task is Task.VALUES

    def test_as_many_labels_as_features_are_labels_under_a_softmax(self):
        row = ("float32", (None, 6))
        ops = ("EXP", "LOG", "MUL", "REDUCE_MAX")
        contract = made(
            {"x": self.X, "y": row}, {"output": ((None, 6), "ADD")}, ops, meets=(ENTROPY,)
        )
        assert (contract.task, contract.outputs) == (Task.CLASSES, 6)
        sigmoids = ("EXP", "LOG", "MUL", "ABS")  # of an autoencoder of black and white
        contract = made(
            {"x": self.X, "y": row}, {"output": ((None, 6), "ADD")}, sigmoids, meets=(WITH_LOGITS,)
        )
        assert contract.task is Task.RECONSTRUCTION

    @pytest.mark.parametrize(
        ("mean", "spread"), [("mean", "sigma"), ("mu", "std"), ("y_mean", "y_var")]
    )
    def test_how_sure_a_model_is_is_not_its_answer(self, mean, spread):
        outputs = {mean: ((None, 1), "STRIDED_SLICE"), spread: ((None, 1), "ADD")}
        inputs = {"x": self.X, "y": self.NUMBER}
        assert made(inputs, outputs, ("SUB",)).infer.prediction == mean

    def test_infer_of_two_inputs_is_not_tried_on_one(self):
        train = signature("train", {"x": self.X, "y": self.LABEL}, {"loss": ("float32", ())})
        infer = signature("infer", {"x1": self.X, "x2": self.X}, {"distance": ("float32", (None,))})
        contract = propose([train, infer])
        assert contract.infer is None
        (note,) = (one for one in contract.notes if "'infer'" in one)
        assert "'x1' and 'x2'" in note
        assert "Session.run" in note
        assert not any("has no signature that predicts" in one for one in contract.notes)

    def test_infer_that_takes_what_is_the_same_for_all_samples_is_tried_on_zeros_only_if_chosen(
        self,
    ):
        train = signature("train", {"x": self.X, "y": self.LABEL}, {"loss": ("float32", ())})
        inputs = {"x": self.X, "prototypes": ("float32", (3, 4))}
        infer = signature("infer", inputs, {"logits": ("float32", (None, 3))})
        contract = propose([train, infer])
        assert contract.infer is None
        assert any("also predicts from 'prototypes'" in note for note in contract.notes)
        contract = propose([train, infer], Choice(infer="infer"))
        assert contract.infer is not None
        assert any("an input 'prototypes', for which" in note for note in contract.notes)

    @pytest.mark.parametrize(
        ("name", "dtype", "told"),
        [
            ("offset", "float32", True),
            ("gain", "float32", False),
            ("is_training", "int32", False),
            ("training", "bool", False),
        ],
    )
    def test_number_that_predicting_gets_as_zero_is_said(self, name, dtype, told):
        train = signature("train", {"x": self.X, "y": self.LABEL}, {"loss": ("float32", ())})
        inputs = {"x": self.X, name: (dtype, ())}
        infer = signature("infer", inputs, {"logits": ("float32", (None, 3))})
        contract = propose([train, infer])
        assert contract.infer is not None
        zeros = f"The signature 'infer' also uses an input '{name}'"
        assert any(zeros in note for note in contract.notes) is told

    def test_second_signature_that_trains_is_told_of(self):
        inputs, outputs = {"x": self.X, "y": self.LABEL}, {"loss": ("float32", ())}
        every = [
            replace(
                signature(name, inputs, outputs),
                ops=("MUL",),
                assigns=assigns,
                inputs=tuple(
                    replace(one, weighed=one.name == "x")
                    for one in signature(name, inputs, outputs).inputs
                ),
            )
            for name, assigns in (("train_full", ("w", "v")), ("train_head", ("w",)))
        ]
        (note,) = (one for one in propose(every).notes if "More than one" in one)
        assert "'train_full' was taken, not 'train_head'" in note

    def test_signature_that_cannot_train_is_not_said_to_train_too(self):
        """One that adapts a normalisation to samples alone."""
        loss = {"loss": ("float32", ())}
        train = signature("train", {"x": self.X, "y": self.LABEL}, loss)
        weighed = tuple(replace(one, weighed=one.name == "x") for one in train.inputs)
        adapt = signature("adapt_step", {"x": self.X, "momentum": ("float32", ())}, loss)
        known = {"ops": ("MUL",), "assigns": ("w",)}
        every = [replace(train, inputs=weighed, **known), replace(adapt, **known)]
        assert not any("More than one" in note for note in propose(every).notes)

    def test_the_only_signature_trains_if_it_changes_weights(self):
        only = signature(
            "serving_default",
            {"x": self.X, "y": self.LABEL},
            {"loss": ("float32", ()), "logits": ("float32", (None, 3))},
        )
        met = tuple(replace(one, weighed=one.name == "x") for one in only.inputs)
        contract = propose([replace(only, inputs=met, ops=("MUL",), assigns=("w",))])
        assert contract.trainable
        assert contract.infer is None

    def test_accuracy_that_comes_first_is_not_the_loss(self):
        outputs = (
            TensorDescription("output_0", "float32", (), counted=True, reached_by=("y",)),
            TensorDescription("output_1", "float32", (), reached_by=("y",)),
        )
        train = signature("train", {"x": self.X, "y": self.LABEL}, {})
        (role,) = propose([replace(train, outputs=outputs)]).train
        assert role.loss == "output_1"

    @pytest.mark.parametrize(
        ("sample", "label", "answer", "task"),
        [
            ((6,), (), (3,), Task.CLASSES),
            ((8, 8), (), (3,), Task.CLASSES),
            ((8, 8), (3,), (3,), Task.CLASSES),
        ],
    )
    def test_one_sample_a_call_without_a_batch_axis(self, sample, label, answer, task):
        kind = "int32" if not label else "float32"
        inputs = {"x": ("float32", sample), "y": (kind, label)}
        contract = made(
            inputs, {"logits": (answer, "ADD")}, ("LOG_SOFTMAX", "MUL"), meets=(ENTROPY,)
        )
        assert (contract.task, contract.input_shape, contract.outputs) == (task, sample, 3)
        assert (contract.train[0].batch, contract.infer.batch) == (1, 1)

    @pytest.mark.parametrize("mask", [(None, 8, 8), (None, 8, 8, 1)])
    def test_label_of_each_pixel_is_compared_with_its_scores(self, mask):
        inputs = {"x": ("float32", (None, 8, 8, 3)), "y": ("int32", mask)}
        ops = ("LOG", "EXP", "REDUCE_MAX")
        contract = made(inputs, {"output": ((None, 8, 8, 5), "ADD")}, ops)
        assert (contract.task, contract.scores_each, contract.scored) == (Task.VALUES, 5, True)
        assert contract.activation is Activation.SOFTMAX

    def test_label_of_each_word_is_compared_with_its_scores(self):
        inputs = {"x": ("int32", (None, 12)), "y": ("int32", (None, 12))}
        contract = made(inputs, {"tags": ((None, 12, 4), "SOFTMAX")}, ("LOG",))
        assert (contract.scores_each, contract.scored) == (4, True)
        assert contract.activation is Activation.NONE

    @pytest.mark.parametrize(
        ("ops", "meets", "producer", "activation"),
        [
            (("EXP", "LOG"), WITH_LOGITS, "CONV_2D", Activation.SIGMOID),
            (("LOGISTIC", "DIV"), met("MUL", "LOGISTIC"), "CONV_2D", Activation.SIGMOID),  # Dice
            (("LOGISTIC", "MUL"), met("SUB", "LOGISTIC"), "CONV_2D", Activation.SIGMOID),
            (("LOGISTIC", "LOG"), met("MUL", "LOG", log=True), "LOGISTIC", Activation.NONE),
            (("SUB", "MUL"), met("SUB"), "CONV_2D", Activation.NONE),  # squared errors
            (("EXP", "LOG"), met("SUB", on=("LOG",)), "CONV_2D", Activation.NONE),  # log-cosh
        ],
    )
    def test_logits_of_masks_go_through_what_their_loss_applies(
        self, ops, meets, producer, activation
    ):
        inputs = {"x": ("float32", (None, 8, 8, 3)), "y": ("float32", (None, 8, 8, 1))}
        contract = made(inputs, {"output": ((None, 8, 8, 1), producer)}, ops, meets=(meets,))
        assert (contract.task, contract.activation) == (Task.VALUES, activation)

    def test_logarithm_of_a_few_numbers_is_no_sign_of_shares(self):
        inputs = {"x": self.X, "y": ("float32", (None, 4))}
        contract = made(inputs, {"output": ((None, 4), "ADD")}, ("ABS", "EXP", "SUB"))
        assert contract.activation is Activation.NONE

    def test_samples_that_come_in_triplets_do_not_train_on_zeros(self):
        contract = made(
            {"anchor": self.X, "positive": self.X, "negative": self.X},
            {"embedding": ((None, 4), "MUL")},
            ("MAXIMUM",),
            weighed=("anchor", "positive", "negative"),
        )
        assert not contract.trainable
        (note,) = contract.notes
        assert "several inputs that weights work on" in note
        assert all(f"'{name}'" in note for name in ("anchor", "positive", "negative"))

    @pytest.mark.parametrize("answer", ["mask", "output"])
    @pytest.mark.parametrize("channels", [1, 3])
    def test_masks_under_that_name_are_what_is_learnt(self, answer, channels):
        image, mask = ("float32", (None, 8, 8, channels)), ("float32", (None, 8, 8, 1))
        answers = {answer: ((None, 8, 8, 1), "LOGISTIC")}
        contract = made({"image": image, "mask": mask}, answers, (), weighed=("image",))
        if answer == "output" and channels == 1:  # it may as well say where to look
            assert contract.train[0].labels is None
        else:
            assert (contract.train[0].labels, contract.task) == ("mask", Task.VALUES)

    @pytest.mark.parametrize("name", ["embedding", "hidden", "features"])
    def test_what_an_inner_layer_makes_is_not_the_answer(self, name):
        outputs = {name: ((None, 8), "TANH"), "out": ((None, 4), "SOFTMAX")}
        contract = made({"x": self.X, "y": self.LABEL}, outputs, ("LOG",))
        assert contract.infer.prediction == "out"

    def test_texts_and_pictures_to_match_do_not_train_as_samples_and_targets(self):
        inputs = {"picture": self.X, "text": ("float32", (None, 5))}
        embedding = {"embedding": ((None, 8), "MUL")}
        contract = made(inputs, embedding, ("LOG",), weighed=("picture", "text"))
        assert not contract.trainable
        assert made(inputs, embedding, ("LOG",), weighed=("picture",)).trainable

    def test_labels_as_text_are_not_left_out(self):
        contract = made(
            {"x": self.X, "label": ("string", (None,))}, {"logits": ((None, 3), "ADD")}, ("LOG",)
        )
        assert not contract.trainable
        assert any("as text" in note for note in contract.notes)


@pytest.mark.parametrize(
    ("name", "dtype", "given"),
    [
        ("training", "bool", 1),
        ("apply_update", "bool", 1),
        ("freeze_base", "bool", 0),
        ("resetOptimizer", "bool", 0),
        ("head_only", "bool", 0),
        ("sample_weight", "float32", 1),
        ("keep_prob", "float32", 1),
        ("weight_decay", "float32", 0),
        ("l2_weight", "float32", 0),
        ("noise_scale", "float32", 0),
        ("age", "float32", 0),
        ("local_epochs", "int32", 1),
        ("temperature", "float32", 1),
        ("epoch", "int32", 0),
        ("local_steps", "int32", 1),
        ("gain", "float32", 1),
        ("clip_norm", "float32", 10**6),
        ("max_norm", "float32", 10**6),
        ("beta1", "float32", 0.9),
        ("beta_2", "float32", 0.999),
        ("epsilon", "float32", 1e-7),
        ("is_training", "int32", 1),
        ("learning_phase", "float32", 1),
        ("train_mode", "int32", 1),
        ("num_train_samples", "float32", 1),
    ],
)
def test_what_nobody_gives_is_filled_with_what_changes_least(name, dtype, given):
    assert filling(name, dtype) == given


@pytest.mark.parametrize(
    ("name", "of", "told"),
    [
        ("steps", (), "nothing to give: it is 1."),
        ("temperature", (1,), "nothing to give: it is 1."),
        ("clip_norm", (), "nothing to give: it is so large that it limits nothing."),
        ("is_training", (), None),
        ("beta1", (), "'beta1' (0.9): what optimisers have by default."),
    ],
)
def test_what_is_filled_is_told_unless_it_says_that_this_is_training(name, of, told):
    inputs = {"x": ("float32", (None, 6)), "y": ("int32", (None,)), name: ("float32", of)}
    train = signature("train", inputs, {"loss": ("float32", ())})
    infer = signature("infer", {"x": ("float32", (None, 6))}, {"p": ("float32", (None, 4))})
    notes = [note for note in propose([train, infer]).notes if name in note]
    assert len(notes) == (told is not None)
    assert told is None or notes[0].endswith(told)


@pytest.mark.parametrize("name", ["is_training", "learning_phase", "training"])
def test_switches_are_off_in_predicting(name):
    assert filling(name, "bool" if name == "training" else "int32", training=False) == 0


def test_row_for_each_sample_under_the_name_of_a_number_is_no_such_number():
    """epsilon: also what a variational autoencoder draws."""
    assert filling("epsilon", "float32", (None, 8)) == 0


@pytest.mark.parametrize("name", ["lr", "learningRate", "step_size", "eta"])
def test_learning_rates_go_by_many_names(name):
    assert is_learning_rate(name)
    assert not is_learning_rate(f"{name}x")


def test_reason_why_a_model_is_not_trained_is_given_once():
    inputs = {"x": ("float32", (None, 6)), "y": ("int32", (None,)), "reward": ("float32", (None,))}
    train = signature("advance", inputs, {"loss": ("float32", ())})
    met = tuple(replace(one, weighed=one.name == "x") for one in train.inputs)
    contract = propose([replace(train, inputs=met, ops=("MUL",), assigns=("w",))])
    assert any("needs more of each sample" in note for note in contract.notes)
    assert not any("has no 'train' signature" in note for note in contract.notes)


def test_batch_of_another_input_shows_that_there_is_one():
    inputs = {
        "x": ("float32", (8, 4)),
        "t": ("float32", (8,)),
        "class_weights": ("float32", (3,)),
    }
    contract = made(inputs, {"logits": ((8, 3), "ADD")}, ("LOG_SOFTMAX",), meets=(ENTROPY,))
    assert contract.train == () or contract.train[0].batch == 8
    assert contract.input_shape == (4,)
