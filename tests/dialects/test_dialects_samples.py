"""Which input is the samples, of what shape, and whether they are pictures."""

from __future__ import annotations

from dataclasses import replace

import pytest

from odt_core.dialects import Choice, Contract, propose
from tests.dialects.described import ENTROPY, made, signature


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
        assert any("on different scales" in note for note in contract.notes) is not bool(taken)

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


class TestShapes:
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


def test_batch_of_another_input_shows_that_there_is_one():
    inputs = {
        "x": ("float32", (8, 4)),
        "t": ("float32", (8,)),
        "class_weights": ("float32", (3,)),
    }
    contract = made(inputs, {"logits": ((8, 3), "ADD")}, ("LOG_SOFTMAX",), meets=(ENTROPY,))
    assert contract.train == () or contract.train[0].batch == 8
    assert contract.input_shape == (4,)
