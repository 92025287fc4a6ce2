"""Which signature trains, predicts or is the frozen part, and what is said of the others."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from odt_core.dialects import Choice, Contract, propose
from odt_core.dialects.correction import correct
from odt_core.errors import SignatureError
from odt_core.graph import TensorDescription
from tests.dialects.described import FLOATS, signature


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


class TestText:
    """A model that looks words up by itself takes text, which odt does not give."""

    WORD, LABEL = ("string", (None, 1)), ("float32", (None, 3))

    def signatures(self, **inputs: Any) -> list:
        x = {"x": self.WORD, **inputs}
        train = signature("train", {**x, "y": self.LABEL}, {"loss": ("float32", ())})
        return [train, signature("infer", x, {"logits": self.LABEL})]

    @pytest.mark.parametrize("beside", [{}, {"numbers": FLOATS}])
    def test_that_it_takes_text_is_said_and_no_more(self, beside):
        contract = propose(self.signatures(**beside))
        assert (contract.train, contract.infer) == ((), None)
        train, infer = contract.notes
        assert train.startswith("The signature 'train' takes text ('x')")
        assert "cannot be trained here" in train
        assert infer.startswith("The signature 'infer' takes text ('x')")
        assert "cannot be tried out here" in infer

    @pytest.mark.parametrize("chosen", ["train", "infer"])
    def test_signature_when_chosen_by_hand_is_refused_for_it(self, chosen):
        with pytest.raises(SignatureError, match=rf"'{chosen}' takes text \('x'\)"):
            correct(self.signatures(), Choice(**{chosen: chosen}))


class TestWhatIsLearnt:
    X = ("float32", (None, 6))
    LABEL = ("int32", (None,))

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


class TestShapes:
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

    def test_signature_that_changes_no_variable_does_not_train(self):
        train = signature(
            "train", {"x": FLOATS, "y": ("int32", (None,))}, {"loss": ("float32", ())}
        )
        contract = propose([replace(train, ops=("MEAN",), reads=("w",))])
        assert not contract.trainable
        assert "changes no variable" in contract.notes[0]


def test_reason_why_a_model_is_not_trained_is_given_once():
    inputs = {"x": ("float32", (None, 6)), "y": ("int32", (None,)), "reward": ("float32", (None,))}
    train = signature("advance", inputs, {"loss": ("float32", ())})
    met = tuple(replace(one, weighed=one.name == "x") for one in train.inputs)
    contract = propose([replace(train, inputs=met, ops=("MUL",), assigns=("w",))])
    assert any("needs more of each sample" in note for note in contract.notes)
    assert not any("has no 'train' signature" in note for note in contract.notes)
