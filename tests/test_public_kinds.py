"""What the public functions say to things of another kind than they take."""

from __future__ import annotations

import numpy as np
import pytest

import odt_core as odt
from odt_core.bundled import bundled_models
from odt_core.errors import SampleError, SettingsError, SignatureError

PATH = next(path for path in bundled_models() if path.stem == "digits")


@pytest.fixture(scope="module")
def model() -> odt.Model:
    return odt.load_model(PATH)


@pytest.fixture(scope="module")
def raw(model) -> odt.RawSamples:
    return model.card.load_people()["Writer 1"]


@pytest.fixture(scope="module")
def mine(model, raw) -> odt.Samples:
    return model.prepare(raw)


@pytest.fixture(scope="module")
def session(model) -> odt.Session:
    return model.session()


@pytest.fixture(scope="module")
def checkpoint(session) -> odt.Checkpoint:
    return session.checkpoint()


class TestSamples:
    def test_raw_samples_are_told_to_be_prepared(self, session, mine, raw):
        for call in (
            lambda: odt.fit(session, raw),
            lambda: odt.fit(session, mine, test=raw),
            lambda: odt.fit(session, mine, replay=raw),
            lambda: odt.fit(session, mine, base_test=raw),
            lambda: odt.evaluate(session, raw),
            lambda: odt.split(raw),
        ):
            with pytest.raises(odt.OdtError, match=r"not as RawSamples.*model\.prepare\(raw\)"):
                call()

    @pytest.mark.parametrize("given", [None, "me.zip", 5, (np.zeros(3), np.zeros(3))])
    def test_other_things_are_no_samples(self, session, given):
        for call in (odt.fit, odt.evaluate, lambda _, samples: odt.split(samples)):
            with pytest.raises(odt.OdtError, match=r"come as odt\.Samples, not as"):
                call(session, given)

    def test_what_is_to_be_prepared_is_raw(self, model, mine):
        for given in (mine, mine.x, "me.zip", None):
            with pytest.raises(odt.OdtError, match=r"takes odt\.RawSamples"):
                model.prepare(given)
            with pytest.raises(odt.OdtError, match=r"takes odt\.RawSamples"):
                odt.prepare(given, model.preprocessing, model.labels)

    def test_arrays_of_samples_are_arrays_with_labels(self, session, mine):
        with pytest.raises(odt.OdtError, match=r"come as odt\.Labels"):
            odt.Samples(mine.x, mine.y, mine.labels.names)
        with pytest.raises(odt.OdtError, match="same shape"):
            odt.Samples([[1], [1, 2]], [0, 0], mine.labels)
        for call in (session.infer, lambda x: session.train_step(x, [0, 1])):
            with pytest.raises(odt.OdtError, match="same shape"):
                call([[1], [1, 2]])
        with pytest.raises(odt.OdtError, match=r"come as odt\.Labels"):
            session.predict_proba(mine.x[:1], labels=list(mine.labels.names))
        with pytest.raises(odt.OdtError, match="as a tuple"):
            odt.Labels("abc")

    @pytest.mark.parametrize(
        ("item", "label", "message"),
        [
            ([[0, 1], [1, 0]], "1", "a.png: a sample comes as a NumPy array, not as list"),
            (np.zeros((8, 8), np.uint8), 1, r"a.png: a label comes as text, not as int.*str\("),
            (np.ma.masked_less(np.eye(8), 1), "1", "a.png has 56 masked numbers"),
        ],
    )
    def test_items_and_labels_are_what_they_must_be(self, model, item, label, message):
        with pytest.raises(SampleError, match=message):
            model.prepare(odt.RawSamples((item,), (label,), ("a.png",)))

    @pytest.mark.parametrize(
        ("given", "message"),
        [
            ({"targets": (1.0,)}, r"a.png: a target comes as a NumPy array.*Give np\.array"),
            ({"targets": (np.array(["a"]),)}, "a.png: a target is numbers; this is .*<U1"),
            ({"targets": (np.ma.masked_less(np.eye(2), 1),)}, "The target of a.png has 2 masked"),
            ({"tests": ("yes",)}, "a.png: whether it is a test sample comes as True, False or"),
            ({"tests": np.array(True)}, "The tests of samples come as a tuple, not as a single"),
        ],
    )
    def test_targets_and_marks_are_what_they_must_be(self, model, given, message):
        with pytest.raises(SampleError, match=message):
            model.prepare(
                odt.RawSamples((np.zeros((8, 8), np.uint8),), ("1",), ("a.png",), **given)
            )

    def test_targets_and_marks_may_come_as_arrays(self):
        items = np.zeros((2, 3), np.float32)
        targets, tests = np.array([[1.0], [2.0]]), np.array([True, False])
        raw = odt.RawSamples(items, ["", ""], ["a", "b"], targets, tests)
        together = odt.RawSamples.together([raw, raw.take([1])])
        assert np.ravel(together.targets).tolist() == [1, 2, 2]
        assert (together.labels, together.tests) == (("", "", ""), (True, False, False))

    @pytest.mark.parametrize(
        ("call", "message"),
        [
            (lambda: odt.RawSamples(None, None, None), "The items of samples come as a tuple, not"),
            (
                lambda: odt.Samples(np.float32(3), [0], odt.Labels(("a",))),
                r"Inputs come as \[N, …\]",
            ),
            (lambda: odt.read_samples(b"1,a\n", 3), "name of a source comes as text, not as int"),
            (lambda: odt.read_samples(b"1,a\n", "a.csv", input_shape="ab"), "input_shape is a tup"),
            (
                lambda: odt.read_samples(b"1,a\n", "a.csv", target_shape=1),
                "target_shape is a tuple",
            ),
            (lambda: odt.read_samples(b"1,a\n", "a.csv", subset="tests"), "'training', 'test' or"),
            (lambda: odt.decode_image(b"", "a.png", side=0), "at least one pixel, .* not 0"),
            (lambda: odt.decode_image(b"", "a.png", side=-3), "at least one pixel, .* not -3"),
            (lambda: odt.decode_image(b"", "a.png", side="3"), "at least one pixel, .* not '3'"),
        ],
    )
    def test_arguments_of_another_kind_are_named(self, call, message):
        with pytest.raises(SampleError, match=message):
            call()

    def test_shapes_may_come_as_arrays(self):
        shapes = {"input_shape": np.array([2, 1]), "target_shape": np.array([1])}
        raw = odt.read_samples(b"1,2,3\n", "a.csv", **shapes)
        assert (raw.items[0].tolist(), raw.targets[0].tolist()) == ([[1], [2]], [3])

    def test_masked_numbers_are_no_samples(self, session, mine):
        x, y = np.ma.masked_array(mine.x[:2], mask=True), np.ma.masked_equal(mine.y[:2], mine.y[0])
        with pytest.raises(SampleError, match="Inputs have 1,568 masked numbers"):
            odt.Samples(x, mine.y[:2], mine.labels)
        with pytest.raises(SampleError, match=r"Labels or targets have . masked number"):
            odt.Samples(mine.x[:2], y, mine.labels)
        for call in (
            lambda: session.infer(x),
            lambda: session.train_step(x, mine.y[:2]),
            lambda: session.train_step(mine.x[:2], y),
        ):
            with pytest.raises(SignatureError, match=r"of a call have .* masked number"):
                call()
        unmasked = np.ma.masked_array(mine.x[:2], mask=False)
        assert np.array_equal(session.infer(unmasked), session.infer(mine.x[:2]))


class TestSessions:
    def test_a_model_is_told_to_make_a_session(self, model, mine):
        for call in (odt.fit, odt.evaluate):
            with pytest.raises(odt.OdtError, match=r"model\.session\(\).*Model\."):
                call(model, mine)

    @pytest.mark.parametrize(
        "arguments",
        [
            {"start": 5},
            {"control": 5},
            {"augmentation": 5},
            {"base": PATH},
            {"threads": "2"},
            {"callbacks": odt.Callback()},
            {"callbacks": [print]},
            {"settings": {"epochs": 3}},
        ],
    )
    def test_other_arguments_of_fit_are_of_their_kind(self, session, mine, arguments):
        before = session.state()
        with pytest.raises(odt.OdtError):
            odt.fit(session, mine, **arguments)
        after = session.state()
        assert all(np.array_equal(before[name], after[name]) for name in before)

    def test_numbers_that_are_text_are_refused(self, model, session, mine):
        for call in (
            lambda: model.session(threads="a"),
            lambda: setattr(session, "learning_rate", "a"),
            lambda: session.predict_proba(mine.x[:1], temperature="a"),
        ):
            with pytest.raises(odt.OdtError, match="'a'"):
                call()

    @pytest.mark.parametrize("given", [None, 5, ["epochs"], "epochs"])
    def test_settings_are_read_from_a_mapping(self, given):
        with pytest.raises(SettingsError, match=r"from a mapping of their names.* not as"):
            odt.Settings.from_json(given)

    def test_settings_beyond_all_floats_are_out_of_range(self):
        with pytest.raises(
            SettingsError, match="learning rate must be a number above 0, up to 100"
        ):
            odt.Settings(learning_rate=10**400)

    def test_evaluations_are_compared(self, session, mine):
        for given in (mine, session, None):
            with pytest.raises(odt.OdtError, match=r"comes as odt\.Evaluation"):
                odt.compare(odt.evaluate(session, mine), given)


class TestModels:
    @pytest.mark.parametrize("given", [5, None, ["digits.tflite"]])
    def test_a_model_is_a_path_or_bytes(self, given):
        with pytest.raises(odt.OdtError, match=r"the path of a \.tflite, or as its bytes, not as"):
            odt.load_model(given)

    def test_bytes_are_wanted_where_a_model_is_edited(self, model, checkpoint):
        for given in (str(PATH), model, 5, None):
            for call in (odt.lower, odt.describe, lambda one: odt.bake(one, checkpoint.state)):
                with pytest.raises(odt.OdtError, match=r"comes as its bytes.*not as"):
                    call(given)
            with pytest.raises(odt.OdtError, match=r"the bytes of a \.tflite"):
                odt.Worker.start(given)

    def test_choices_and_cards_are_of_their_kind(self, model):
        with pytest.raises(odt.OdtError, match=r"comes as odt\.Choice, not as dict"):
            model.with_choice({"task": "values"})
        with pytest.raises(odt.OdtError, match=r"comes as odt\.ModelCard, not as dict"):
            model.with_card({})
        with pytest.raises(SignatureError, match=r"no task 'nope'. Choose one of: classes, "):
            odt.Choice(task="nope")
        assert odt.Choice(task="values", infer="infer").task is odt.Task.VALUES

    @pytest.mark.parametrize("given", [5, None, ["a.png"]])
    def test_files_are_paths_or_bytes(self, given):
        with pytest.raises(odt.OdtError, match="not as"):
            odt.read_samples(given)
        with pytest.raises(odt.OdtError, match="not as"):
            odt.decode_image(given, "a.png")


class TestCheckpoints:
    def test_a_state_is_arrays_by_name(self, model, session, checkpoint):
        for given in (checkpoint, None, "me.safetensors"):
            for call in (session.load_state, lambda one: odt.bake(model.data, one)):
                with pytest.raises(odt.OdtError, match=r"arrays by name.*not as"):
                    call(given)

    def test_a_checkpoint_is_one(self, session, tmp_path):
        for given in (session, session.state(), "me.safetensors", None):
            for call in (
                session.restore,
                odt.save_checkpoint,
                lambda one: odt.save_checkpoint_file(one, tmp_path / "c.safetensors"),
            ):
                with pytest.raises(odt.OdtError, match=r"comes as odt\.Checkpoint.*not as"):
                    call(given)
        assert not list(tmp_path.iterdir())

    def test_bytes_and_paths_of_checkpoints_are_told_apart(self, session, checkpoint):
        data = odt.save_checkpoint(checkpoint)
        with pytest.raises(odt.OdtError, match="load_checkpoint_file takes a path"):
            odt.load_checkpoint("me.safetensors")
        with pytest.raises(odt.OdtError, match="comes as its path, not as bytes"):
            odt.load_checkpoint_file(data)
        with pytest.raises(odt.OdtError, match=r"an odt\.Model.*not Session"):
            odt.load_checkpoint(data, session)
