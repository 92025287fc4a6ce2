"""Samples that several inputs take together: tests/runtime/build_dialects.py, ratings."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import odt_core as odt
from odt_core.dialects.contract import Contract, Task
from odt_core.dialects.dialect import propose
from odt_core.errors import SignatureError
from odt_core.graph import SignatureDescription
from odt_core.runtime import Model, load_model
from odt_core.runtime.examples import example_batch

FILE = Path(__file__).parents[1] / "runtime" / "models" / "dialect_ratings.tflite"


@pytest.fixture(scope="module")
def model() -> Model:
    return load_model(FILE)


def samples(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Rows of film, two moods and person, and what these people think of films."""
    draw = np.random.default_rng(seed)
    film, person = draw.integers(0, 30, count), draw.integers(0, 20, count)
    mood = draw.normal(size=(count, 2))
    x = np.column_stack([film, mood, person]).astype(np.float32)
    return x, (np.sin(film) + np.cos(person) + 3).astype(np.float32)


def rated(state: dict[str, np.ndarray], x: np.ndarray) -> np.ndarray:
    """What the model answers, in numpy."""
    film, mood, person = x[:, 0].astype(int), x[:, 1:3], x[:, 3].astype(int)
    taste = state["people"][person] + mood @ state["w"]
    return (state["films"][film] * taste).sum(axis=1) + state["b"]


def described(names: tuple[str, ...], signature: SignatureDescription) -> SignatureDescription:
    """A signature with inputs under other names, in their order."""
    inputs = zip(signature.inputs, names, strict=True)
    return replace(signature, inputs=tuple(replace(one, name=name) for one, name in inputs))


class TestContract:
    def test_parts_are_the_inputs_that_training_and_predicting_share(self, model):
        contract = model.contract
        parts = [(part.name, part.shape, part.dtype) for part in contract.sample_inputs]
        assert parts == [("film", (), "int32"), ("mood", (2,), "float32"), ("person", (), "int32")]
        assert (contract.input_shape, contract.task) == ((4,), Task.VALUES)
        assert contract.whole_numbers.tolist() == [True, False, False, True]
        assert contract.train[0].labels == "rated"
        assert "'film' (1 number), 'mood' (2 numbers), 'person' (1 number)" in contract.notes[0]

    def test_contract_survives_json(self, model):
        document = json.loads(json.dumps(model.contract.to_json()))
        assert Contract.from_json(document) == model.contract

    def test_one_input_may_have_another_name_in_predicting(self, model):
        train, infer = (model.description.signature(name) for name in ("train", "infer"))
        contract = propose([train, described(("movie", "mood", "person"), infer)])
        assert (contract.infer.samples, contract.infer.beside) == ("movie", ("mood", "person"))
        assert contract.train[0].samples == "film"

    def test_inputs_may_be_called_otherwise_by_underscores_and_capitals(self, model):
        train, infer = (model.description.signature(name) for name in ("train", "infer"))
        contract = propose([train, described(("Fi_lm", "mo-od", "PERSON"), infer)])
        assert (contract.infer.samples, contract.infer.beside) == ("Fi_lm", ("mo-od", "PERSON"))
        assert (contract.train[0].samples, contract.train[0].beside) == ("film", ("mood", "person"))

    def test_names_that_differ_by_an_underscore_alone_are_not_taken_for_others(self, model):
        train, infer = (model.description.signature(name) for name in ("train", "infer"))
        contract = propose([train, described(("F_ilm", "fi_lm", "PERSON"), infer)])
        assert not contract.sample_inputs

    def test_predicting_from_more_than_training_takes_is_not_tried(self, model):
        train, infer = (model.description.signature(name) for name in ("train", "infer"))
        more = replace(infer.inputs[1], name="weather")
        contract = propose([train, replace(infer, inputs=(*infer.inputs, more))])
        assert not contract.sample_inputs
        assert not contract.trainable
        assert contract.infer is None

    def test_parts_of_any_size_are_refused_in_words(self, model):
        def opened(one: SignatureDescription) -> SignatureDescription:
            inputs = (
                replace(each, shape=(None, None)) if each.name == "mood" else each
                for each in one.inputs
            )
            return replace(one, inputs=tuple(inputs))

        signatures = [opened(model.description.signature(name)) for name in ("train", "infer")]
        contract = propose(signatures)
        assert not contract.trainable
        assert any("'mood'" in note or "'person'" in note for note in contract.notes)


class TestSession:
    def test_answers_and_loss_are_those_of_numpy(self, model):
        session, (x, y) = model.session(), samples(50)
        expected = rated(session.state(), x)
        assert np.allclose(session.infer(x), expected, atol=1e-6)
        assert session.train_step(x, y) == pytest.approx(np.mean((expected - y) ** 2), rel=1e-5)

    def test_step_moves_only_the_rows_that_were_given(self, model):
        session, (x, y) = model.session(), samples(4)
        before = session.state()
        session.train_step(x, y)
        after = session.state()
        for table, column in (("films", 0), ("people", 3)):
            moved = np.flatnonzero((before[table] != after[table]).any(axis=1))
            assert sorted(moved) == sorted(set(x[:, column].astype(int)))

    def test_fit_learns_them(self, model):
        x, y = samples(400)
        labels = model.labels
        mine = odt.Samples(x[:300], y[:300], labels)
        test = odt.Samples(x[300:], y[300:], labels)
        base, session = model.session(), model.session()
        odt.fit(session, mine, odt.Settings(epochs=40, batch_size=128))
        before, after = odt.evaluate(base, test), odt.evaluate(session, test)
        assert odt.compare(before, after).verdict == "better"

    @pytest.mark.parametrize(("column", "name"), [(0, "film"), (3, "person")])
    def test_fraction_of_an_id_is_named(self, model, column, name):
        x, y = samples(3)
        x[1, column] = 2.5
        with pytest.raises(SignatureError, match=rf"\(int32\) as '{name}', such as ids; got 2.5"):
            model.session().train_step(x, y)

    def test_examples_are_ids_where_the_model_takes_ids(self, model):
        x, y = example_batch(model.contract, 16)
        assert set(np.unique(x[:, [0, 3]])) == {0, 1}
        assert len(np.unique(x[:, 1:3])) > 2
        assert np.isfinite(model.session().train_step(x, y))

    def test_baked_model_answers_from_the_same_rows(self, model):
        session, (x, y) = model.session(), samples(20)
        session.train_step(x, y)
        baked = load_model(session.bake(inference_only=True))
        assert [part.name for part in baked.contract.sample_inputs] == ["film", "mood", "person"]
        assert np.allclose(baked.session().infer(x), session.infer(x), atol=1e-6)
