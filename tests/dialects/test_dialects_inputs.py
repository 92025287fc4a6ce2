"""Further inputs: which belong to each sample, and what is given to those that nobody gives."""

from __future__ import annotations

from dataclasses import replace

import pytest

from odt_core.dialects import Choice, propose
from odt_core.dialects.targets import filling
from odt_core.dialects.vocabulary import is_learning_rate
from tests.dialects.described import signature


class TestShapes:
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


class TestWeights:
    """Of samples, and those of a network, which a server sends with each call."""

    def contract(self, shape, of="weight", batch=None, asked=False, choice=None):
        x, given = ("float32", (batch, 9)), {of: ("float32", shape)}
        rows = {"x": x, "y": ("float32", (batch, 4)), **({} if asked else given)}
        answers = {"p": ("float32", (batch, 4))}
        return propose(
            [
                signature("train", rows, {"loss": ("float32", ())}),
                signature("infer", {"x": x, **(given if asked else {})}, answers),
            ],
            choice,
        )

    @pytest.mark.parametrize(
        ("shape", "batch"),
        [
            *(((), None), ((1,), None), ((None,), None), ((None, 1), None)),
            *(((4,), None), ((1, 4), None), ((20,), 20), ((20, 1), 20), ((20, 4), 20)),
        ],
    )
    def test_weight_of_each_sample_or_label_is_one(self, shape, batch):
        (role,) = self.contract(shape, batch=batch).train
        assert role.blank == ()

    @pytest.mark.parametrize("shape", [(9, 12), (12,), (3, 3, 1, 8), (4, 4)])
    @pytest.mark.parametrize("of", ["w0", "global_weight_0", "global_0"])
    def test_network_weights_are_given_by_nobody_whatever_they_are_called(self, shape, of):
        contract = self.contract(shape, of)
        assert not contract.trainable
        assert contract.notes[0].startswith(
            f"The signature 'train' also learns from '{of}', for which there is nothing to give"
        )

    def test_network_weights_are_a_networks_in_batches_as_large_as_a_layer_too(self):
        contract = self.contract((20, 12), "w0", batch=20)
        assert not contract.trainable
        assert contract.notes[0].startswith("The signature 'train' also learns from 'w0'")

    def test_network_weights_are_zeros_where_somebody_chooses_to_train_all_the_same(self):
        contract = self.contract((9, 12), "w0", choice=Choice(train="train"))
        assert contract.train[0].blank == ("w0",)
        assert [note for note in contract.notes if "'w0'" in note] == [
            "The signature 'train' also uses an input 'w0', for which there is nothing to give: it "
            "is filled with zeros."
        ]

    def test_model_that_predicts_with_weights_from_outside_is_not_tried_out(self):
        contract = self.contract((9, 12), "w0", asked=True)
        assert contract.infer is None
        assert any("also predicts from 'w0'" in note for note in contract.notes)

    def test_weights_as_long_as_an_answer_are_a_networks_beside_others_that_are(self):
        x = ("float32", (None, 9))
        layers = {"w0": ("float32", (9, 4)), "w1": ("float32", (4,))}
        train = {**layers, "x": x, "y": ("float32", (None, 4))}
        found = [
            signature("train", train, {"loss": ("float32", ())}),
            signature("infer", {"x": x}, {"p": ("float32", (None, 4))}),
        ]
        assert propose(found, Choice(train="train")).train[0].blank == ("w0", "w1")

    def test_signature_that_gives_new_weights_back_says_that_odt_wants_variables(self):
        layers = {"w0": ("float32", (9, 4))}
        rows = {**layers, "x": ("float32", (None, 9)), "y": ("float32", (None, 4))}
        train = signature("train", rows, {"loss": ("float32", ()), **layers})
        (note, *_) = propose([replace(train, ops=("MUL",))]).notes
        assert note.startswith(
            "The signature 'train' takes the model's weights as inputs ('w0') and gives new ones "
            "back; it changes no variable. odt keeps what was learnt in variables"
        )


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
