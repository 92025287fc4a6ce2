"""What is learnt from labels and targets, where it looks like another task at first sight."""

from __future__ import annotations

from dataclasses import replace

import pytest

from odt_core.dialects import Contract, Task, propose
from odt_core.dialects.contract import Activation, LabelKind, OutputKind
from odt_core.graph import Meeting
from odt_core.graph.loss_facts import CONSTANT
from tests.dialects.described import ENTROPY, FLOATS, WITH_LOGITS, made, met, signature


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

    def test_labels_of_the_samples_shape_are_the_samples_and_that_is_said(self):
        contract = propose(
            [
                signature("train", {"x": FLOATS, "y": FLOATS}, {"loss": ("float32", ())}),
                signature("infer", {"x": FLOATS}, {"output": FLOATS}),
            ]
        )
        assert contract.task is Task.RECONSTRUCTION
        assert any("Choose numbers ('values')" in note for note in contract.notes)

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
